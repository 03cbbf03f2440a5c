"""A review for a terminal: the code, the finding under it, the suggestion as a coloured diff.

Where there is no terminal the same text comes without escapes. Made of rich's cell widths and
Pygments' colours, so it is imported only when text is wanted.
"""

from __future__ import annotations

from collections.abc import Iterator

from devchat.render.review import Shown
from devchat.render.review.facts import headline, overflow_line, summary
from devchat.render.review.text.finding import finding_rows
from devchat.render.review.text.frame import Pen
from devchat.render.review.text.receipt import is_plain_sailing, receipt_rows, short_rows
from devchat.render.terminal import style
from devchat.render.terminal.wrap import Row, Run
from devchat.sanitize import single_line


def render(shown: Shown) -> str:
    """Write the whole review; a clean change is two lines."""
    pen = Pen(shown.look)
    return pen.paint(_rows(shown, pen))


def _rows(shown: Shown, pen: Pen) -> Iterator[Row]:
    review = shown.review
    for finding in review.findings:
        yield from finding_rows(finding, shown.diff, pen)
        yield ()
    if more := overflow_line(review):
        yield from pen.wrap([Run(more, style.DIM)])
        yield ()
    yield from pen.wrap([Run(*_mark(shown, pen)), Run(headline(review), style.BOLD)], hang=2)
    yield from pen.wrap([Run(single_line(summary(review), 2_000))], indent=2)
    if is_plain_sailing(review):
        yield from short_rows(review.receipt, pen)
    else:
        yield from receipt_rows(review.receipt, pen)


def _mark(shown: Shown, pen: Pen) -> tuple[str, str]:
    """Choose the mark of the whole review: no check mark where something was not reviewed."""
    review = shown.review
    states = {hunk.state for file in review.receipt.files for hunk in file.hunks}
    if review.receipt.failed:
        return pen.mark("failed"), pen.tint("error")
    if findings := review.findings or review.overflow:
        worst = findings[0].severity
        return pen.mark(worst), pen.tint(worst)
    if "reviewed" in states:
        return pen.mark("clean"), pen.tint("clean")
    return pen.mark("nothing"), style.DIM
