"""Plain aligned columns on standard output, whatever is in the cells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Align columns by the cells that they take in a terminal; hidden characters are shown."""
    from rich.cells import cell_len

    from devchat.sanitize import single_line

    shown = [[single_line(cell, 400) for cell in row] for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(*shown, strict=True)]
    return [
        "  ".join(
            cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in shown
    ]


def fitted(lines: Iterable[str]) -> list[str]:
    """Cut lines to the width of the terminal; elsewhere they stay whole."""
    import sys

    from rich.cells import cell_len, set_cell_size

    if not sys.stdout.isatty():
        return list(lines)
    from devchat.render.terminal.screen import terminal_size

    width = terminal_size(sys.stdout).columns
    return [
        one if cell_len(one) <= width else set_cell_size(one, width - 1).rstrip() + "…"
        for one in lines
    ]


def write_lines(lines: Iterable[str]) -> None:
    """Print lines with hidden characters shown."""
    from devchat.sanitize import visible

    print("\n".join(map(visible, lines)))
