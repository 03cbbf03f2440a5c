"""What a diff changes: its files and how many lines of each, as far as it can be read."""

from __future__ import annotations

from dataclasses import dataclass

from devchat.changes import FileDiff
from devchat.diff import counts
from devchat.diff.files import read_files
from devchat.errors import InputError
from devchat.explain.sample import clipped, counted

_MOST_SHOWN = 30
_LONGEST = 120
_NAMELESS = "(no name)"


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
    """All files of a diff, in its order; `unread` says why there are no more."""

    files: tuple[FileStat, ...]
    unread: str = ""

    def text(self) -> tuple[str, ...]:
        """Write totals, then a line for each file."""
        unread = (f"not counted: {self.unread}",) if self.unread else ()
        if not self.files:
            return unread
        added = sum(file.added for file in self.files)
        removed = sum(file.removed for file in self.files)
        files, lines = counted(len(self.files), "file"), counted(added, "line")
        head = f"{files} changed, {lines} added, {removed:,} removed"
        more = len(self.files) - _MOST_SHOWN
        rest = (f"... and {more:,} more files",) if more > 0 else ()
        return (head, *(file.text() for file in self.files[:_MOST_SHOWN]), *rest, *unread)


def read_diff(text: str) -> DiffStat:
    """Count a diff's lines, up to what can't be read; a hunk alone is of a file without name."""
    files: list[FileStat] = []
    headless = text.startswith("@@ -")
    try:
        files.extend(
            map(_stat, read_files(f"--- {_NAMELESS}\n+++ {_NAMELESS}\n" * headless + text))
        )
    except InputError as error:
        return DiffStat(tuple(files), error.message)
    return DiffStat(tuple(files))


def _stat(file: FileDiff) -> FileStat:
    status: str = "changed" if file.status == "modified" else file.status
    if file.status in ("renamed", "copied"):
        status = f"{status} from {clipped(file.old_path, _LONGEST)}"
    status = f"{status}, binary" if file.binary else status
    headers = (hunk.header.split("@@", 2)[2].strip() for hunk in file.hunks)
    where = dict.fromkeys(clipped(one, 60) for one in headers if one)
    return FileStat(clipped(file.path, _LONGEST), status, *counts(file), tuple(where))
