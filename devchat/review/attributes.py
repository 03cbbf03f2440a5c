"""What `.gitattributes` at the base says of generated and vendored files.

As GitHub reads it: https://github.com/github-linguist/linguist/blob/main/docs/overrides.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import Literal

from devchat.changes import Source
from devchat.policy.paths import Globs, is_glob, is_tame

NAME = ".gitattributes"
LARGEST, MOST_LINES = 100_000, 500
VALUES = {"": True, "true": True, "set": True, "false": False, "unset": False}
Attribute = Literal["linguist-generated", "linguist-vendored"]


@dataclass(frozen=True, slots=True)
class _Line:
    globs: Globs
    values: tuple[tuple[str, bool], ...]


class Attributes:
    """The attributes of files at the base; each folder's file is read when first asked for."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._folders: dict[str, tuple[_Line, ...]] = {}

    def find(self, path: str, attribute: Attribute) -> bool | None:
        """Return an attribute of a file, None where nothing sets it; the nearest file wins."""
        steps = path.split("/")
        for depth in range(len(steps) - 1, -1, -1):
            inner = "/".join(steps[depth:])
            for line in reversed(self._lines("/".join(steps[:depth]))):
                value = dict(line.values).get(attribute)
                if value is not None and line.globs.match_itself(inner):
                    return value
        return None

    def _lines(self, folder: str) -> tuple[_Line, ...]:
        if folder not in self._folders:
            data = self._source.read("LEFT", f"{folder}/{NAME}" if folder else NAME) or b""
            self._folders[folder] = _parse(data[:LARGEST].decode("utf-8", "replace"))
        return self._folders[folder]


def _parse(text: str) -> tuple[_Line, ...]:
    told = (line.strip() for line in text.split("\n") if "linguist-" in line)
    lines = (_line(line) for line in islice(told, MOST_LINES))
    return tuple(line for line in lines if line is not None)


def _line(line: str) -> _Line | None:
    """Read a line; a negative pattern is not allowed there, and `#` begins a comment."""
    glob, *words = line.split()
    if glob.startswith(("#", "!", "[")) or glob.endswith("/"):
        return None
    if not (is_tame(glob) and is_glob(glob)):
        return None
    values = tuple(pair for word in words if (pair := _value(word)) is not None)
    return _Line(Globs([glob]), values)


def _value(word: str) -> tuple[str, bool] | None:
    if word.startswith("-"):
        return word[1:], False
    name, _, value = word.partition("=")
    known = VALUES.get(value.lower())
    return None if known is None else (name, known)
