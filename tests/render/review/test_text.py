"""A review as text: what a reader sees, at several widths, with and without colours."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from devchat.changes import AnalyzerReceipt, Diff, Finding, Line, Receipt, Review
from devchat.render.review import Look, render_review
from devchat.sanitize import HIDDEN
from tests.render.review.sample import (
    CLEAN,
    DIFF,
    FILES,
    HUNK,
    IDENTITY,
    KEY,
    NOWHERE,
    REMOVED,
    REVIEW,
    one,
    receipt,
)

SGR = re.compile(r"\x1b\[[\d;]*m")


def text(review: Review, look: Look | None = None, diff: Diff = DIFF) -> str:
    return render_review(review, diff, "text", look)


WHOLE = """\
✖ error  Identity is compared, not the value
  shop/cart.py:42 · bug · ruff F632

  40 │ def total(self):
  41 │     for item in self.items:
▸ 42 │         if item.price is 0:
     │
     │ A price of 0 from the database is another object, so `is` lets free items
     │ through.
     │
     │ suggestion: it was applied, and the file still parses
   - │         if item.price is 0:
   + │         if item.price == 0:

✖ error  An AWS access key is in the code
  shop/cart.py:44 · secret · secrets AWS Access Key

▸ 44 │ AWS = "AKIA…"
     │
     │ Revoke it.

▲ warning  The check for free items is gone
  shop/cart.py:40, removed · compatibility · model

  38 │ def total(self):
  39 │     for item in self.items:
▸ 40 │         if item.price == 0:
     │
     │ `web.py` relies on it:
     │
     │ - the cart page divides by the total
     │ - 购物车页面也用到它。

● note  Nothing tests an empty cart
  shop/cart.py · test · model

  │ no line: what it speaks of was not found in the change
  │ It is.

2 more (1 warning, 1 note): --max-findings 6

✖ 2 errors, 2 warnings, 2 notes; part of the review failed (1 of 3 hunks)
  The cart skips free items.
  compared   main to the work tree
  reviewed   1 hunk in 1 file
  skipped    1 hunk in poetry.lock: a lock file
             logo.png: binary
  failed     1 hunk in shop/web.py: no answer came
  analyzers  python-syntax, ruff 0.17.5
  absent     shellcheck, zizmor: pip install 'devchat-cli[analyzers]'
  failed     secrets: it took longer than 20 s
  model      SmolLM2-135M-Instruct on this machine, 1,234 tokens in, 56 out,
             4.2s
  dropped    2 refuted
  note       untracked, so not in it: `new.py`
"""


def test_a_whole_review() -> None:
    assert text(REVIEW) == WHOLE


def test_a_clean_change_is_two_lines() -> None:
    assert text(CLEAN, Look(100)) == (
        "✔ No findings in 1 file\n"
        "  main to the work tree; SmolLM2-135M-Instruct on this machine, 1,234 tokens in, 56 out,"
        " 4.2s\n"
    )


def test_a_summary_does_not_count_again() -> None:
    counts = "1 error in 1 hunk of 1 file."
    for summary, shown in ((counts, ""), (f"{counts} It is wrong.", "  It is wrong.\n")):
        said = text(replace(one(IDENTITY), summary=summary))
        assert f"✖ 1 error\n{shown}  compared " in said


NOT_CLEAN = [
    (receipt("failed"), "✖ Nothing was reviewed: 1 of 1 hunk failed"),
    (receipt("skipped", reason="a lock file"), "○ Nothing was reviewed: 1 file left out"),
    (
        receipt("reviewed", "failed"),
        "✖ No findings in 1 file, but part of the review failed (1 of 2 hunks)",
    ),
    (
        replace(receipt("skipped"), files=FILES),
        "✖ No findings in 1 of 4 files, but part of the review failed (1 of 3 hunks)",
    ),
    (
        replace(receipt("reviewed"), analyzers=(AnalyzerReceipt("zizmor", "failed"),)),
        "✖ No findings in 1 file, but `zizmor` failed",
    ),
    (replace(CLEAN.receipt, files=()), "○ Nothing to review"),
]


@pytest.mark.parametrize(("seen", "headline"), NOT_CLEAN, ids=lambda value: str(value)[:30])
def test_a_review_that_did_not_happen_never_looks_clean(seen: Receipt, headline: str) -> None:
    lines = text(replace(CLEAN, receipt=seen)).split("\n")
    assert lines[0] == headline
    assert "✔" not in "".join(lines)


def test_findings_that_are_only_counted_are_no_clean_change() -> None:
    drawn = text(replace(CLEAN, overflow=(IDENTITY,)))
    assert drawn.startswith("1 more (1 error): --max-findings 1\n\n✖ 1 error\n  compared ")


def test_analyzers_that_all_ran_are_counted() -> None:
    assert "\n  analyzers  all 2 ran\n" in text(replace(CLEAN, findings=(IDENTITY,)))


def test_lines_that_end_with_crlf_look_like_others() -> None:
    lines = tuple(replace(line, text=f"{line.text}\r") for line in HUNK.lines)
    files = (replace(DIFF.files[0], hunks=(replace(HUNK, lines=lines),)),)
    assert text(REVIEW, diff=Diff(files)) == WHOLE


def test_only_analyzers_looked() -> None:
    seen = replace(CLEAN.receipt, model="", location="", tier=None)
    assert "no model spoke, 4.2s" in text(replace(CLEAN, receipt=seen))
    only = receipt("reviewed", "reviewed", reason="analyzers only")
    seen = replace(only, analyzers=(), model="", notes=("a note",))
    assert text(replace(CLEAN, receipt=seen)) == (
        "✔ No findings in 1 file, analyzers only\n"
        "  main to the work tree; no model spoke, 4.2s\n"
        "  a note\n"
    )


def test_nothing_to_review_says_why() -> None:
    seen = replace(CLEAN.receipt, files=(), model="", base="", notes=("nothing differs",))
    assert text(Review("", (), seen)) == "○ Nothing to review\n  nothing differs\n"


@pytest.mark.parametrize("columns", [20, 40, 60, 80, 100, 200])
def test_no_row_is_wider_than_the_terminal(columns: int) -> None:
    for review in (REVIEW, CLEAN):
        rows = text(review, Look(columns)).split("\n")
        assert max(map(cell_len, rows)) <= max(columns, 20)


def test_colours_are_only_added() -> None:
    coloured = text(REVIEW, Look(ink="colour"))
    plain = text(REVIEW, Look(ink="plain"))
    assert SGR.sub("", coloured) == SGR.sub("", plain) == WHOLE
    assert "\x1b[1;31m" in coloured and "\x1b[32m" in coloured
    assert {code for code in SGR.findall(plain) if re.search(r"[\[;][349]\d", code)} == set()


def test_marks_that_an_encoding_lacks_have_letters_instead() -> None:
    shown = text(one(IDENTITY), Look(marks=False))
    assert shown.startswith("x error  Identity")
    assert "> 42 |         if item.price is 0:" in shown
    assert shown.encode("ascii", "replace").count(b"?") == shown.count("·")


def test_a_suggestion_that_deletes_or_is_not_proven() -> None:
    gone = text(one(replace(IDENTITY, suggestion="")))
    assert "   - │         if item.price is 0:" in gone and "   + " not in gone
    assert "suggestion: not proven" in text(one(replace(IDENTITY, proven=False)))


def test_a_line_that_is_not_in_the_diff_is_shown_as_quoted() -> None:
    shown = text(one(replace(IDENTITY, start_line=7, line=8, quote="a\nb")))
    assert "▸ 7 │ a\n▸ 8 │ b\n" in shown


def test_a_file_that_was_renamed_is_known_by_its_old_name_on_the_left() -> None:
    (file,) = DIFF.files
    renamed = Diff((replace(file, path="shop/basket.py", status="renamed"),))
    assert "  39 │     for item" in text(one(REMOVED), diff=renamed)
    assert "  39 │     for item" not in text(one(replace(REMOVED, side="RIGHT")), diff=renamed)


def test_long_lines_and_long_quotes_are_cut_and_counted() -> None:
    line = Line("+", "x" * 5_000_000, None, 42)
    file = replace(DIFF.files[0], hunks=(replace(HUNK, lines=(line,)),))
    long = replace(IDENTITY, quote=line.text, suggestion="y" * 5_000_000)
    shown = text(one(long), diff=Diff((file,)))
    assert shown.count("… 5,000,000 characters") == 3 and len(shown) < 4_000
    many = replace(IDENTITY, start_line=1, line=40, quote="\n".join("abcd" * 10))
    shown = text(one(replace(many, suggestion="\n" * 30)), diff=Diff(()))
    assert "… 26 more lines" in shown and shown.count("more lines") == 3


HOSTILE = "\x1b]52;c;eA==\x07\x1b[2J\u202e<script>\x00\udcff \t\x9b\r\n::error::"


def test_nothing_hostile_reaches_the_terminal() -> None:
    evil = Finding(HOSTILE, "RIGHT", 1, 1, "error", HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE)
    seen = replace(CLEAN.receipt, model=HOSTILE, location=HOSTILE, notes=(HOSTILE,), base=HOSTILE)
    shown = text(Review(HOSTILE, (evil, replace(evil, line=None)), seen, (evil,)))
    assert HIDDEN.findall(shown.replace("\n", "")) == []
    assert "␛]52;c;eA==" in shown


def test_secrets_are_never_shown() -> None:
    shown = text(REVIEW) + text(one(replace(NOWHERE, body=f"the key {KEY}, see")))
    assert KEY not in shown and "AKIA…" in shown


@given(st.text(), st.text(), st.integers(1, 120), st.booleans())
def test_any_words_fit_and_stay(title: str, body: str, columns: int, somewhere: bool) -> None:
    found = replace(IDENTITY if somewhere else NOWHERE, title=title, body=body)
    shown = text(one(found), Look(columns))
    assert HIDDEN.findall(shown) == []
    letters = "".join(char for char in body if char.isascii() and char.isalpha())
    assert set(letters) <= set(shown)
