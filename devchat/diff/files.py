"""The files of a diff, found among whatever else stands there: mails, logs, statistics."""

from __future__ import annotations

import re
from collections.abc import Iterator

from devchat.changes import FileDiff
from devchat.diff.headers import read_git_file, read_other, read_plain_file
from devchat.diff.refusals import no_diff, refuse_encoded, refuse_line, refuse_size

_MAIL = re.compile(r"From [0-9a-f]{40,64} |[A-Z][A-Za-z-]+: ")


def read_files(text: str) -> Iterator[FileDiff]:
    """Yield the files of a diff in order; `InputError` comes where it can't be read further."""
    refuse_size(text)
    lines = text.removeprefix("\ufeff").split("\n")
    if lines[-1] == "":
        lines.pop()
    reading = _Reading(lines)
    yield from reading.files()
    if any(lines) and not reading.found:
        raise no_diff(text)


class _Reading:
    """Goes through the lines once, over each file with its hunks as a whole.

    As git does, it takes for a file only what begins with its header, and passes over the rest.
    """

    def __init__(self, lines: list[str]) -> None:
        self.found = False
        self._lines = lines
        self._unix = False
        # What a mail says above its patch may be anything, even a hunk.
        self._in_mail = False

    def files(self) -> Iterator[FileDiff]:
        """Yield the files in order."""
        at = 0
        while at < len(self._lines):
            file, at = self._next(at)
            if file:
                self.found, self._in_mail = True, False
                yield file

    def _next(self, at: int) -> tuple[FileDiff | None, int]:
        line = self._lines[at]
        if line.startswith("diff --git "):
            self.found = True
            return read_git_file(self._unix_lines(at), at)
        if line.startswith("--- ") and self._is_plain(at):
            return read_plain_file(self._unix_lines(at), at)
        if (at == 0 or line.startswith("From ")) and _MAIL.match(line):
            refuse_encoded(self._lines, at)
            self._in_mail = True
        elif line == "---":
            self._in_mail = False
        elif not self._in_mail:
            refuse_line(line, at)
            return read_other(line), at + 1
        return None, at + 1

    def _is_plain(self, at: int) -> bool:
        new, hunk = (*self._lines[at + 1 : at + 3], "", "")[:2]
        return new.startswith("+++ ") and (hunk.startswith("@@ -") or at + 2 == len(self._lines))

    def _unix_lines(self, at: int) -> list[str]:
        """Return the lines, from here on without CR where even the first header ends in one."""
        if not self._unix and self._lines[at].endswith("\r"):
            self._lines[at:] = [line.removesuffix("\r") for line in self._lines[at:]]
        self._unix = True
        return self._lines
