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


def write_lines(lines: Iterable[str]) -> None:
    """Print lines with hidden characters shown."""
    from devchat.sanitize import visible

    print("\n".join(map(visible, lines)))
