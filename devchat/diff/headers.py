"""A file of a diff: git's extended header, or the two lines of `diff -u`, and its hunks."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from devchat.changes import FileDiff, FileStatus, Hunk
from devchat.diff.hunks import read_hunks
from devchat.diff.names import NOWHERE, bare, first_name, safe, split_names, unquoted
from devchat.diff.refusals import damaged, no_hunk

# https://git-scm.com/docs/diff-format#generate_patch_text_with_p
_FIELD = re.compile(
    r"(old mode|new mode|deleted file mode|new file mode|copy from|copy to|rename from|rename to"
    r"|similarity index|dissimilarity index|index|---|\+\+\+|Binary files?|GIT binary patch)"
    r"(?: |$)"
)
_BLOBS = re.compile(r"([0-9a-f]{4,64})\.\.([0-9a-f]{4,64})(?: ([0-7]{6}))?$")
_BINARY = {"Binary files", "Binary file", "GIT binary patch"}
_NAMES = {"---", "+++"}
_MODE = re.compile(r"[0-7]{6}$")
_STATUSES: Mapping[str, FileStatus] = {
    "new file mode": "added",
    "deleted file mode": "deleted",
    "rename from": "renamed",
    "copy from": "copied",
}
# With `--submodule=log` or `=diff`.
_SUBMODULE = re.compile(
    r"Submodule (?P<path>.+) (?P<old>[0-9a-f]{4,64})\.{2,3}(?P<new>[0-9a-f]{4,64})"
    r"(?::| \([a-z ]*\):?)$"
)
_GITLINK = "160000"
# How `diff -N`, hg and svn write the time of a file that is not there.
_ABSENT = re.compile(
    r".*\t(?:19(?:70-01-01|69-12-31) \d\d:\d\d:00|\w{3} Jan [ 0]1 00:00:00 1970"
    r"|\((?:nonexistent|revision 0)\))"
)
_BACKUP = re.compile(r"(?:\.orig|\.old|\.bak|~)$")
_OUTWARDS = re.compile(r"^(?:/|\.\.?/)+")


def read_git_file(lines: Sequence[str], at: int) -> tuple[FileDiff | None, int]:
    """Read the file whose `diff --git` line stands at an index; return it and what follows.

    None where nothing is said of it: git so lists files of which only the time has changed.
    """
    fields: dict[str, str] = {}
    names, at = lines[at].removeprefix("diff --git "), at + 1
    while at < len(lines) and (found := _FIELD.match(lines[at])) and found[1] not in fields:
        fields[found[1]] = lines[at][found.end() :]
        at += 1
    hunks, after = read_hunks(lines, at)
    if not hunks and not _NAMES.isdisjoint(fields):
        raise no_hunk(at)
    if not (fields or hunks):
        return None, after
    return _sound(_file(names, fields, hunks), at), after


def _sound(file: FileDiff, at: int) -> FileDiff:
    """Refuse a new file that was something before, and a deleted one of which something is left."""
    if (
        file.hunks
        and file.status in ("added", "deleted")
        and not _is_whole(file.hunks, file.status)
    ):
        raise damaged(at, f"a hunk that can't be of a file that is {file.status}")
    return file


def _is_whole(hunks: Sequence[Hunk], status: FileStatus) -> bool:
    hunk, *more = hunks
    added = hunk.old_start, hunk.old_count, hunk.new_start
    deleted = hunk.new_start, hunk.new_count, hunk.old_start
    return not more and (added if status == "added" else deleted) == (0, 0, 1)


def _file(names: str, fields: Mapping[str, str], hunks: tuple[Hunk, ...]) -> FileDiff:
    said = next((_STATUSES[field] for field in fields if field in _STATUSES), None)
    status = said or _status(fields.get("---"), fields.get("+++"))
    old_mode = _mode(fields.get("old mode") or fields.get("deleted file mode"))
    new_mode = _mode(fields.get("new mode") or fields.get("new file mode"))
    old_blob = new_blob = ""
    if found := _BLOBS.match(fields.get("index", "")):
        old_blob, new_blob = found[1], found[2]
        old_mode, new_mode = found[3] or old_mode, found[3] or new_mode
    return FileDiff(
        *_named(*_paths(names, fields), status),
        hunks,
        old_mode,
        new_mode,
        old_blob,
        new_blob,
        not _BINARY.isdisjoint(fields),
    )


def _mode(field: str | None) -> str:
    return field if field and _MODE.match(field) else ""


def _status(old: str | None, new: str | None) -> FileStatus | None:
    """Tell by its names whether a file is added or deleted."""
    if old == NOWHERE:
        return "added"
    return "deleted" if new == NOWHERE else None


def _named(
    old_path: str, path: str, status: FileStatus | None = None
) -> tuple[str, str, FileStatus]:
    """Make both names safe, and the same unless the file is renamed or copied."""
    if status == "added":
        old_path = path
    elif status == "deleted":
        path = old_path
    return safe(path), safe(old_path), status or ("modified" if path == old_path else "renamed")


def _paths(names: str, fields: Mapping[str, str]) -> tuple[str, str]:
    source = fields.get("rename from") or fields.get("copy from")
    target = fields.get("rename to") or fields.get("copy to")
    if source and target:
        return unquoted(source), unquoted(target)
    old, new = first_name(fields.get("---", NOWHERE)), first_name(fields.get("+++", NOWHERE))
    if old != NOWHERE != new:
        return bare(unquoted(old), unquoted(new))
    return bare(*split_names(names, old, new))


def read_plain_file(lines: Sequence[str], at: int) -> tuple[FileDiff, int]:
    """Read the file whose lines `--- OLD` and `+++ NEW` stand at an index, with no git header."""
    hunks, after = read_hunks(lines, at + 2)
    if not hunks:
        raise no_hunk(at + 2)
    old, new = (unquoted(first_name(line[4:])) for line in lines[at : at + 2])
    status = _status(old, new)
    if _ABSENT.match(lines[at]) and _is_whole(hunks, "added"):
        status = "added"
    elif _ABSENT.match(lines[at + 1]) and _is_whole(hunks, "deleted"):
        status = "deleted"
    return _sound(FileDiff(*_named(*_plain_paths(old, new), status), hunks), at + 2), after


def read_other(line: str) -> FileDiff | None:
    """Read a line that stands for a file: a binary one, or a submodule; None for any other."""
    if line.startswith("Binary files ") and line.endswith(" differ"):
        names = line[13:-7].rpartition(" and ")
        old, new = unquoted(names[0]), unquoted(names[2])
        return FileDiff(*_named(*_plain_paths(old, new), _status(old, new)), binary=True)
    found = _SUBMODULE.match(line)
    return _submodule(found["path"], found["old"], found["new"]) if found else None


def _submodule(path: str, old: str, new: str) -> FileDiff:
    status: FileStatus = "modified"
    if not old.strip("0"):
        status = "added"
    elif not new.strip("0"):
        status = "deleted"
    modes = ("" if status == "added" else _GITLINK, "" if status == "deleted" else _GITLINK)
    return FileDiff(*_named(path, path, status), (), *modes, old, new)


def _plain_paths(old: str, new: str) -> tuple[str, str]:
    """Return the names as `patch` would take them: within the folder, backups as what they save."""
    if old == NOWHERE:
        old = re.sub("^b/", "a/", new)
    elif new == NOWHERE:
        new = re.sub("^a/", "b/", old)
    old, new = (re.sub(_OUTWARDS, "", one) for one in (old, new))
    return (new, new) if _BACKUP.sub("", old) == new else bare(old, new)
