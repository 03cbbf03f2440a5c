"""The receipt under a review: two lines where all went well, else a line for each fact."""

from __future__ import annotations

from collections.abc import Iterator

from devchat.changes import Receipt, Review
from devchat.render.review.facts import Fact, facts
from devchat.render.review.text.frame import Pen
from devchat.render.terminal import style
from devchat.render.terminal.wrap import Row, Run

_QUIET = {"reviewed", "analyzers", "model"}
_ALARMING = {"failed": "error", "note": "note"}
_LABEL = 11


def is_plain_sailing(review: Review) -> bool:
    """Tell whether there is nothing to say but who found nothing in what was all reviewed."""
    labels = {fact.label for fact in facts(review.receipt)}
    reasons = {hunk.reason for file in review.receipt.files for hunk in file.hunks}
    return not review.findings and labels <= _QUIET and not any(reasons)


def short_row(receipt: Receipt) -> str:
    """Write such a receipt in one row."""
    return "; ".join(fact.text for fact in facts(receipt) if fact.label == "model")


def receipt_rows(receipt: Receipt, pen: Pen) -> Iterator[Row]:
    """Draw a receipt: a label, and what it has to say beside it."""
    before = ""
    for fact in facts(receipt):
        yield from _fact_rows(fact, before, pen)
        before = fact.label


def _fact_rows(fact: Fact, before: str, pen: Pen) -> list[Row]:
    label = "" if fact.label == before else fact.label
    tint = pen.tint(_ALARMING[fact.label]) if fact.label in _ALARMING else style.DIM
    margin = (Run(f"  {label:<{_LABEL}}", tint),)
    rows = pen.wrap([Run(fact.text)], margin=margin)
    blank = (Run(" " * (_LABEL + 2)),)
    return [row if not at else (*blank, *row[1:]) for at, row in enumerate(rows)]
