"""What a diff changes: its files and how many lines of each, by the diff's own headers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from devchat.explain.sample import clipped, counted, lines_of

_GIT = re.compile(r"diff --git (?:\"?a/)(?P<old>.*?)\"? \"?b/(?P<new>.*?)\"?$")
_HUNK = re.compile(r"@@ -\d+(?:,(?P<old>\d{1,9}))? \+\d+(?:,(?P<new>\d{1,9}))? @@ ?(?P<where>.*)")
_MOST_SHOWN = 30
_LONGEST = 120


@dataclass(frozen=True, slots=True)
class FileStat:
    """A file in a diff; `where` are the functions that git names beside its hunks."""

    path: str
    status: str
    added: int
    removed: int
    where: tuple[str, ...] = ()

    def text(self) -> str:
        """Write it on a line."""
        inside = f", in {'; '.join(self.where[:3])}" if self.where else ""
        return f"{self.path}: {self.status}, +{self.added} -{self.removed}{inside}"


@dataclass(frozen=True, slots=True)
class DiffStat:
    """All files of a diff, in its order."""

    files: tuple[FileStat, ...]

    def text(self) -> tuple[str, ...]:
        """Write totals, then a line for each file."""
        added = sum(file.added for file in self.files)
        removed = sum(file.removed for file in self.files)
        files, lines = counted(len(self.files), "file"), counted(added, "line")
        head = f"{files} changed, {lines} added, {removed:,} removed"
        more = len(self.files) - _MOST_SHOWN
        rest = (f"... and {more:,} more files",) if more > 0 else ()
        return (head, *(file.text() for file in self.files[:_MOST_SHOWN]), *rest)


@dataclass(slots=True)
class _Reading:
    """A file while its lines are read; `left` is what its hunk still has to bring."""

    path: str
    status: str = "changed"
    added: int = 0
    removed: int = 0
    where: dict[str, None] = field(default_factory=dict)
    left: list[int] = field(default_factory=lambda: [0, 0])

    def line(self, line: str) -> bool:
        """Count a line of a hunk; False where no hunk is open."""
        if self.left[0] <= 0 and self.left[1] <= 0:
            return False
        mark = line[:1]
        if mark == "\\":
            return True
        self.added += mark == "+"
        self.removed += mark == "-"
        self.left[0] -= mark != "+"
        self.left[1] -= mark != "-"
        return True

    def done(self) -> FileStat:
        """Return it as a value."""
        return FileStat(self.path, self.status, self.added, self.removed, tuple(self.where))


def read_diff(text: str) -> DiffStat:
    """Count a diff's lines; hunks are as long as they say, so `--- x` in one is a removed line."""
    files: list[_Reading] = []
    for line in lines_of(text):
        if not (files and files[-1].line(line)):
            _header(line, files)
    return DiffStat(tuple(file.done() for file in files))


def _header(line: str, files: list[_Reading]) -> None:
    if found := _GIT.match(line[:4096]):
        files.append(_Reading(clipped(found["new"], _LONGEST)))
    elif line.startswith("--- ") and not _awaits_names(files):
        files.append(_Reading(clipped(_bare(line[4:]), _LONGEST)))
        _names(line, files[-1])
    elif hunk := _HUNK.match(line[:4096]):
        if not files:
            files.append(_Reading("(no name)"))
        files[-1].left = [int(hunk["old"] or 1), int(hunk["new"] or 1)]
        if hunk["where"]:
            files[-1].where[clipped(hunk["where"].strip(), 60)] = None
    elif files:
        _names(line, files[-1])


def _awaits_names(files: Sequence[_Reading]) -> bool:
    """Tell whether a file was begun by `diff --git` and has had no line yet."""
    return bool(files) and not (files[-1].added or files[-1].removed or files[-1].where)


def _names(line: str, file: _Reading) -> None:
    """Read what an extended header line says of its file."""
    if line.startswith("new file") or line.startswith("--- /dev/null"):
        file.status = "added"
    elif line.startswith("deleted file") or line.startswith("+++ /dev/null"):
        file.status = "deleted"
    elif line.startswith("rename from "):
        file.status = f"renamed from {clipped(line[12:], _LONGEST)}"
    elif line.startswith(("Binary files ", "GIT binary patch")):
        file.status = f"{file.status}, binary"
    elif line.startswith("+++ "):
        file.path = clipped(_bare(line[4:]), _LONGEST)


def _bare(name: str) -> str:
    """Take a name out of its quotes, prefix and trailing time."""
    name = name.split("\t")[0].strip().strip('"')
    return name[2:] if name[:2] in ("a/", "b/") else name
