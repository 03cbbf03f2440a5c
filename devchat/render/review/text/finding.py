"""One finding: its title, the code it is about, what it says, and what it suggests."""

from __future__ import annotations

from collections.abc import Iterator

from devchat import languages
from devchat.changes import Diff, Finding
from devchat.render.review.code import CodeLine, code_of
from devchat.render.review.facts import origin, place
from devchat.render.review.text.frame import Pen, words
from devchat.render.terminal import style
from devchat.render.terminal.code import Highlighter
from devchat.render.terminal.wrap import Row, Run
from devchat.sanitize import single_line, visible

# Longer lines and suggestions are cut where this many characters or rows are reached.
_LONGEST_LINE = 1_000
_MOST_ROWS = 5
_MOST_LINES = 12
_NOWHERE = "no line: what it speaks of was not found in the change"


def finding_rows(finding: Finding, diff: Diff, pen: Pen) -> Iterator[Row]:
    """Draw a finding; blank rows part it from nothing else."""
    tint = pen.tint(finding.severity)
    head = [Run(f"{pen.mark(finding.severity)}{finding.severity}", tint), Run("  ")]
    yield from pen.wrap([*head, *words(single_line(finding.title), style.BOLD)], hang=2)
    side = ", removed" if finding.side == "LEFT" else ""
    about = [Run(place(finding), style.UNDERLINE), Run(f"{side} · {origin(finding)}", style.DIM)]
    yield from pen.wrap(about, indent=2)
    yield ()
    lines = code_of(diff, finding)
    digits = max((len(str(line.number)) for line in lines), default=0)
    gutter = digits + 3 if lines else 2
    bar = pen.mark("bar")
    yield from _code_rows(finding, lines, pen, digits)
    margin = (Run(" " * gutter), Run(bar, tint), Run(" "))
    if lines:
        yield margin
    else:
        yield from pen.wrap([Run(_NOWHERE, style.DIM)], margin=margin)
    for line in visible(finding.body).strip("\n").split("\n"):
        hang = 2 if line.lstrip().startswith(("- ", "* ")) else 0
        yield from pen.wrap(words(line), margin=margin, hang=hang) or [margin]
    if finding.suggestion is not None:
        yield margin
        yield from _suggestion_rows(finding, pen, gutter, margin)


def _code_rows(finding: Finding, lines: list[CodeLine], pen: Pen, digits: int) -> Iterator[Row]:
    code = "\n".join(line.text[:_LONGEST_LINE].replace("\n", " ") for line in lines)
    coloured = Highlighter().lines(code, languages.of(finding.path)) if lines else []
    tint = pen.tint(finding.severity)
    shown = list(zip(lines, coloured, strict=False))
    for line, row in shown[: _MOST_LINES + 2]:
        here = pen.mark("here") if line.meant else " "
        number = f"{line.number:>{digits}} "
        margin = (
            Run(f"{here} ", tint),
            Run(number, tint if line.meant else style.DIM),
            Run(pen.mark("bar"), tint),
            Run(" "),
        )
        yield from _cut_rows(row, line.text, pen, margin)
    if len(shown) > _MOST_LINES + 2:
        yield (
            Run(f"{' ' * (digits + 3)}… {len(shown) - _MOST_LINES - 2:,} more lines", style.DIM),
        )


def _cut_rows(row: Row, whole: str, pen: Pen, margin: Row) -> Iterator[Row]:
    """Fold a line of code into a few rows; the margin of the later ones has no number."""
    blank = (Run(" " * (len(margin[0].text) + len(margin[1].text))), *margin[2:])
    rows = pen.wrap(row, margin=margin) or [margin]
    for at, one in enumerate(rows[:_MOST_ROWS]):
        yield one if not at else (*blank, *one[len(margin) :])
    if len(rows) > _MOST_ROWS or len(whole) > _LONGEST_LINE:
        yield (*blank, Run(f"… {len(whole):,} characters in all", style.DIM))


def _suggestion_rows(finding: Finding, pen: Pen, gutter: int, margin: Row) -> Iterator[Row]:
    """Draw what goes in red and what comes in green."""
    proof = "it was applied, and the file still parses" if finding.proven else "not proven"
    yield from pen.wrap(
        [Run("suggestion", style.BOLD), Run(f": {proof}", style.DIM)], margin=margin
    )
    new = finding.suggestion or ""
    sides = [("-", finding.quote), ("+", new)] if new else [("-", finding.quote)]
    for sign, text in sides:
        tint = pen.tint(sign)
        lines = text.removesuffix("\n").split("\n")
        side = (Run(f"{' ' * (gutter - 2)}{sign} ", tint), *margin[1:])
        for line in lines[:_MOST_LINES]:
            cut = visible(line[:_LONGEST_LINE]).expandtabs(4)
            yield from _cut_rows((Run(cut, tint),), line, pen, (side[0], Run(""), *side[1:]))
        if len(lines) > _MOST_LINES:
            more = f"… {len(lines) - _MOST_LINES:,} more lines"
            yield (*margin, Run(more, style.DIM))
