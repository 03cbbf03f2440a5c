"""What is not the answer: notes and errors, on standard error."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TextIO

from devchat.errors import DevchatError
from devchat.sanitize import visible


def note(stderr: TextIO, text: str) -> None:
    """Write a remark on a line of its own, dim in a terminal and folded between words."""
    line = " ".join(visible(text).split("\n")).strip()
    _write(stderr, _paint(stderr, "2", _folded(stderr, line)))


def show_error(stderr: TextIO, error: DevchatError) -> None:
    """Write what went wrong and, after a blank line, what to do about it."""
    lines = [f"{_paint(stderr, '1;31', 'error:')} {visible(error.message)}"]
    if error.hint:
        lines += ["", f"{_paint(stderr, '1', 'hint:')} {visible(error.hint)}"]
    _write(stderr, "\n".join(lines))


def _folded(stream: TextIO, line: str) -> str:
    columns = os.get_terminal_size(stream.fileno()).columns if stream.isatty() else 0
    if not 0 < columns < len(line):
        return line
    from textwrap import fill

    return fill(line, columns, break_long_words=False, break_on_hyphens=False)


def _write(stderr: TextIO, text: str) -> None:
    # An answer is worth more than a note about it that nobody can read.
    with suppress(OSError):
        print(text, file=stderr, flush=True)


def _paint(stream: TextIO, style: str, text: str) -> str:
    # Standard error outlives any one command's environment, so it is asked here and now.
    if not stream.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return text
    return f"\x1b[{style}m{text}\x1b[0m"
