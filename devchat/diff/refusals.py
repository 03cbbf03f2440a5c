"""What is said of a text that can't be read as a diff; lines are numbered as in that text."""

from __future__ import annotations

import re
from collections.abc import Sequence

from devchat.errors import InputError

MOST_CHARACTERS = 25 << 20
MOST_LINES = 1_000_000
"""So much is read of a diff; with more it is refused."""

_MOST_HEADERS = 200
_AGAIN = "ask git for it again, for a part of it is missing or was altered on the way"
# As bytes that are no UTF-8; a shell on Windows so writes what it is given.
_UTF16 = ("\udcff\udcfe", "\udcfe\udcff")
_COLOURED = re.compile(r"\x1b\[[0-9;]*m(?:diff --|commit |--- |@@)")
_ENCODED = re.compile(r"Content-Transfer-Encoding:\s*(base64|quoted-printable)\s*$", re.IGNORECASE)


def cut_off(at: int) -> InputError:
    """Say that the text ends too early, before the line at an index."""
    return InputError(f"the diff breaks off after line {at:,}, inside a hunk", _AGAIN)


def no_hunk(at: int) -> InputError:
    """Say that a file's names are there, but nothing that is changed in it."""
    return InputError(f"after line {at:,} of the diff a hunk should follow", _AGAIN)


def damaged(at: int, what: str) -> InputError:
    """Say what is wrong with the line at an index."""
    return InputError(f"line {at + 1:,} of the diff is in {what}", _AGAIN)


def word_diff() -> InputError:
    """Say that words are marked where lines should be."""
    return InputError(
        "a word diff does not say which lines it changes", "make it without `--word-diff`"
    )


def refuse_line(line: str, at: int) -> None:
    """Refuse what stands between the files if it is a change that can't be read."""
    if line.startswith(("@@@", "diff --cc ", "diff --combined ")):
        raise InputError(
            "a combined diff compares a merge with all its parents at once",
            "compare it with one of them: `git diff MERGE^1 MERGE`",
        )
    if line.startswith("* Unmerged path "):
        raise InputError(
            "the diff is of a merge with files that are not resolved",
            "resolve them, `git add` them, then try again",
        )
    if _COLOURED.match(line):
        raise InputError("the diff is in colours", "make it with `--no-color`")
    if line.startswith("@@ -"):
        raise damaged(at, "a hunk that belongs to no file")


def refuse_size(text: str) -> None:
    """Refuse what would take too much time and memory."""
    if len(text) > MOST_CHARACTERS or text.count("\n") > MOST_LINES:
        raise InputError(
            f"the diff is longer than {MOST_CHARACTERS >> 20} MB or {MOST_LINES:,} lines",
            "review it in parts: name a folder after `git diff --`",
        )


def refuse_encoded(lines: Sequence[str], at: int) -> None:
    """Refuse a mail, whose headers begin at an index, if its body is not plain text."""
    for line in lines[at : at + _MOST_HEADERS]:
        if not line.strip():
            return
        if found := _ENCODED.match(line):
            raise InputError(
                f"the diff is in a mail that is encoded as {found[1].lower()}",
                "save the patch itself, or apply it with `git am` and review the commit",
            )


def no_diff(text: str) -> InputError:
    """Say that there is no diff in a text, and what would be one."""
    if "\n***************\n" in text:
        return InputError("a context diff can't be read", "make it with `diff -u`")
    if text.startswith(_UTF16):
        return InputError("the diff is UTF-16", "let git write the file: `git diff --output=FILE`")
    return InputError(
        "there is no diff in what was given",
        "give it what `git diff`, `git show`, `git format-patch --stdout` or `diff -u` prints",
    )
