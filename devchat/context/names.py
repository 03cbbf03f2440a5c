"""How an input is named to people and models, and the error that says it can't be used."""

from __future__ import annotations

import os

from devchat.errors import InputError

STDIN = "stdin"
EMPTY = "is empty"
MEGABYTE = 1 << 20
LARGEST = 32 * MEGABYTE
"""Bytes of one input; no model's window holds more, and it is still read in a blink."""


class Unusable(InputError):
    """One input can't be used; `reason` is the message without the input's name."""

    def __init__(self, name: str, reason: str, hint: str = "") -> None:
        super().__init__(f"{subject(name)} {reason}", hint)
        self.reason = reason


def subject(name: str) -> str:
    """Name an input at the start of a sentence."""
    return "standard input" if name == STDIN else f"`{shown(name)}`"


def shown(name: str) -> str:
    """Make odd bytes and invisible characters of a name visible, on one line."""
    return "".join(char if char.isprintable() else _escape(char) for char in name)


def _escape(char: str) -> str:
    # Python reads bytes of a file name that are not UTF-8 as U+DC80-DCFF (PEP 383).
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    return char.encode("unicode_escape").decode("ascii")


def expanded(path: str) -> str:
    """Put the home folder for `~`, as shells do; that of a user unknown stays as it is."""
    # `Path.expanduser` raises RuntimeError for the latter.
    return os.path.expanduser(path)  # noqa: PTH111


def size(count: int) -> str:
    """Write a number of bytes as people do, in steps of 1024: `2.0 GB`."""
    if count < 1024:
        return f"{count} bytes"
    number = float(count)
    for unit in ("KB", "MB", "GB"):
        number /= 1024
        if number < 1024:
            return f"{number:.1f} {unit}"
    return f"{number / 1024:.1f} TB"
