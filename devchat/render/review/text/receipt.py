"""The receipt under a review: a line where all went well, else one for each fact."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from devchat.changes import Receipt, Review
from devchat.render.review.facts import Fact, facts
from devchat.render.review.text.frame import Pen, words
from devchat.render.terminal import style
from devchat.render.terminal.wrap import Row, Run

_QUIET = {"compared", "reviewed", "analyzers", "model", "note"}
_ALARMING = {"failed": "error", "note": "note"}
_LABEL = 11


def is_plain_sailing(review: Review) -> bool:
    """Tell whether there is nothing to say but who found nothing in what was all reviewed."""
    labels = {fact.label for fact in facts(review.receipt)}
    files = review.receipt.files
    left_out = bool(files) and not any(file.hunks for file in files)
    return not (review.findings or review.overflow or left_out) and labels <= _QUIET


def short_rows(receipt: Receipt, pen: Pen) -> Iterator[Row]:
    """Draw of such a receipt who spoke, and what else the reader should know."""
    told = facts(receipt)
    who = "; ".join(fact.text for fact in told if fact.label in ("compared", "model"))
    for text in (who, *(fact.text for fact in told if fact.label == "note")):
        yield from pen.wrap([Run(text, style.DIM)], indent=2)


def receipt_rows(receipt: Receipt, pen: Pen) -> Iterator[Row]:
    """Draw a receipt: a label, and what it has to say beside it."""
    before = ""
    for fact in map(partial(_shortened, receipt), facts(receipt)):
        yield from _fact_rows(fact, before, pen)
        before = fact.label


def _shortened(receipt: Receipt, fact: Fact) -> Fact:
    """Count the analyzers where all of them ran: each finding names its own."""
    if fact.label == "analyzers" and all(one.state == "ran" for one in receipt.analyzers):
        return Fact(fact.label, f"all {len(receipt.analyzers)} ran")
    return fact


def _fact_rows(fact: Fact, before: str, pen: Pen) -> list[Row]:
    label = "" if fact.label == before != "note" else fact.label
    tint = pen.tint(_ALARMING[fact.label]) if fact.label in _ALARMING else style.DIM
    margin = (Run(f"  {label:<{_LABEL}}", tint),)
    rows = pen.wrap(words(fact.text), margin=margin)
    blank = (Run(" " * (_LABEL + 2)),)
    return [row if not at else (*blank, *row[1:]) for at, row in enumerate(rows)]
