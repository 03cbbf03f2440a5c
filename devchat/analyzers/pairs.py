"""The changed text files of a diff with both of their sides whole, for analyzers to compare.

One side is read, the other rebuilt from the hunks, so that what is analysed is what the diff
says; a file that does not read as the diff says is not judged.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from devchat.changes import Diff, FileDiff, Hit, Hunk, Line, Side, Source

LARGEST = 1 << 20
"""The most bytes of a file that analyzers look at."""
_TOO_LARGE = "it is larger than 1 MB"
_REMEMBERED = 64 << 20
_ESCAPED = re.compile("[\ud800-\udfff]")
_NO_TEXT = ("120000", "160000")  # Symbolic links and submodules.


@dataclass(frozen=True, slots=True)
class Pair:
    """A changed file: its text at base ("" where it is added) and at head.

    `written` are the 1-based lines of head that the change wrote.
    """

    file: FileDiff
    base: str
    head: str
    written: frozenset[int]

    @property
    def path(self) -> str:
        return self.file.path

    @property
    def added(self) -> bool:
        return self.file.status == "added"


def pairs(diff: Diff, source: Source) -> tuple[Pair, ...]:
    """Return the files that can be judged; deletions, binaries, links and pure renames can't."""
    return tuple(one for one in _read(diff, source) if isinstance(one, Pair))


def unjudged(diff: Diff, source: Source) -> tuple[tuple[str, str], ...]:
    """Return the changed files of text that analyzers can't look at, each with the reason."""
    return tuple(one for one in _read(diff, source) if not isinstance(one, Pair))


def remember(source: Source) -> Source:
    """Wrap a source so that what many analyzers ask for is read once."""
    return _Remembering(source)


def _read(diff: Diff, source: Source) -> Iterator[Pair | tuple[str, str]]:
    times = Counter(file.path for file in diff.files)
    for file in diff.files:
        if not _has_text(file):
            continue
        if times[file.path] > 1:
            yield file.path, "it is changed more than once"
            continue
        sides = _sides(file, source)
        if isinstance(sides, str):
            yield file.path, sides
        elif "\0" in sides[1]:
            yield file.path, "it has a NUL in it, as no text has"
        else:
            written = {line.new for hunk in file.hunks for line in hunk.lines if line.kind == "+"}
            yield Pair(file, *sides, frozenset(number for number in written if number))


def _has_text(file: FileDiff) -> bool:
    link = file.new_mode in _NO_TEXT or file.old_mode in _NO_TEXT
    return bool(file.hunks) and file.status != "deleted" and not file.binary and not link


def _sides(file: FileDiff, source: Source) -> tuple[str, str] | str:
    """Return the texts at base and head, or why they can't be had."""
    if file.status == "added":
        return _checked("", "".join(_raw(line) for hunk in file.hunks for line in hunk.lines))
    side: Side = "RIGHT"
    content = source.read(side, file.path)
    if content is None:
        side = "LEFT"
        content = source.read(side, file.old_path)
    if content is None:
        return "its content is out of reach"
    if len(content) > LARGEST:
        return _TOO_LARGE
    here = content.decode("utf-8", "surrogateescape")
    there = _swapped(here, file.hunks, side)
    if there is None:
        return "its content is not what the diff says"
    other = "".join(there)
    return _checked(other, here) if side == "RIGHT" else _checked(here, other)


def _checked(base: str, head: str) -> tuple[str, str] | str:
    if max(len(base), len(head)) > LARGEST:
        return _TOO_LARGE
    return "it is not UTF-8" if _ESCAPED.search(head) else (base, head)


def _swapped(text: str, hunks: Iterable[Hunk], side: Side) -> list[str] | None:
    """Return the lines at the other side; None where the text is not what the hunks say."""
    here, there = ("-", "+") if side == "RIGHT" else ("+", "-")
    lines, out, at = raw_lines(text), list[str](), 0
    for hunk in hunks:
        seen = [_raw(line) for line in hunk.lines if line.kind != here]
        start = hunk.new_start if side == "RIGHT" else hunk.old_start
        start -= 1 if seen else 0
        if start < at or lines[start : start + len(seen)] != seen:
            return None
        out += lines[at:start]
        out += (_raw(line) for line in hunk.lines if line.kind != there)
        at = start + len(seen)
    return out + lines[at:]


def raw_lines(text: str) -> list[str]:
    """Split at line feeds only, as git does, and keep them."""
    *whole, rest = text.split("\n")
    return [f"{line}\n" for line in whole] + ([rest] if rest else [])


def _raw(line: Line) -> str:
    return f"{line.text}\n" if line.newline else line.text


class _Remembering:
    def __init__(self, source: Source) -> None:
        self.base, self.head, self.complete = source.base, source.head, source.complete
        self._source = source
        self._known: dict[tuple[Side, str], bytes | None] = {}
        self._size = 0

    def read(self, side: Side, path: str) -> bytes | None:
        if (side, path) in self._known:
            return self._known[side, path]
        content = self._source.read(side, path)
        self._size += len(content or b"")
        if self._size <= _REMEMBERED:
            self._known[side, path] = content
        return content

    def search(self, word: str) -> Iterable[Hit]:
        return self._source.search(word)


def text_lines(text: str) -> Sequence[str]:
    """Split at line feeds only, without them; line `n` is at index `n - 1`."""
    return text.split("\n")
