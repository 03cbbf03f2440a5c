"""Rows in aligned columns, as wide as the terminal is now."""

from __future__ import annotations

import sys
from collections.abc import Sequence

_NARROW = 24


def table(rows: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Align columns and fold the last under itself; where that is narrow, below the others."""
    from rich.cells import cell_len

    from devchat.cli.columns import columns
    from devchat.render.terminal.screen import terminal_size
    from devchat.render.terminal.wrap import Run, wrap
    from devchat.sanitize import single_line

    width = terminal_size(sys.stdout).columns
    heads = columns([row[:-1] for row in rows])
    indent = max(map(cell_len, heads)) + 2
    below = width - indent < _NARROW
    lines: list[str] = []
    for head, (*_, last) in zip(heads, rows, strict=True):
        room = width - (2 if below else indent)
        folded = [
            "".join(run.text for run in row) for row in wrap([Run(single_line(last, 400))], room)
        ]
        first = "" if below or not folded else folded.pop(0)
        lines.append(f"{head}{' ' * (indent - cell_len(head))}{first}".rstrip())
        lines += [" " * (2 if below else indent) + one for one in folded]
    return tuple(lines)
