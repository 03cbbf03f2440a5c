"""From what was fetched to what is reviewed: a diff and the files around it.

The ladder for a large pull: the patches that GitHub lists, a fetch by git where some are missing,
and where that fails those patches alone, with a receipt for each file that has none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from bot.forge import FilePatch, PullRef, Pulls
from bot.reviewing.cloning import cloned
from bot.reviewing.records import Fetched
from bot.reviewing.sources import ForgeSource
from devchat.changes import Diff, FileDiff, FileReceipt, FileStatus, Source
from devchat.diff import parse
from devchat.errors import InputError
from devchat.source.files import GitSource
from devchat.source.read import read_change

_STATUSES: MappingProxyType[str, FileStatus] = MappingProxyType(
    {"added": "added", "removed": "deleted", "renamed": "renamed", "copied": "copied"}
)
FILES_LISTED = 3_000
"""How many files GitHub lists of a pull: https://docs.github.com/en/rest/pulls/pulls."""
NO_PATCH = "GitHub gives no patch for it"


@dataclass(frozen=True, slots=True)
class Material:
    """What is reviewed. `missing` is what should be in the diff and is not."""

    diff: Diff
    source: Source
    notes: tuple[str, ...] = ()
    missing: tuple[FileReceipt, ...] = ()


@contextmanager
def opened(pulls: Pulls, ref: PullRef, fetched: Fetched, folder: Path) -> Iterator[Material]:
    """Open what is reviewed. Raises `InputError` where the diff can't be read."""

    def around(diff: Diff) -> ForgeSource:
        return ForgeSource(pulls, ref.repository, fetched.base, fetched.head, diff)

    if fetched.text is not None:
        diff = parse(fetched.text)
        yield Material(diff, around(diff))
        return
    diff, missing = read_patches(fetched.files)
    if not missing and len(fetched.files) < FILES_LISTED:
        yield Material(diff, around(diff))
        return
    with ExitStack() as stack:
        try:
            origin = pulls.origin(ref.repository)
            commits = fetched.base, fetched.head
            bare = stack.enter_context(cloned(origin, commits, folder))
            material = _of_git(stack, bare, commits)
        except InputError as error:
            notes = (f"a part of the change is out of reach: {error.message}",)
            material = Material(diff, around(diff), notes, missing)
        yield material


def _of_git(stack: ExitStack, bare: Path, commits: tuple[str, str]) -> Material:
    base, head = commits
    change = read_change(bare, revisions=f"{base}..{head}")
    assert isinstance(change.source, GitSource)
    stack.callback(change.source.close)
    return Material(parse(change.text), change.source)


def read_patches(files: Sequence[FilePatch]) -> tuple[Diff, tuple[FileReceipt, ...]]:
    """Put a diff together from patches, and list what has none.

    A file without a patch may be binary, only renamed, or too large: GitHub does not tell.
    """
    read = [(one, _read(one)) for one in files]
    diff = Diff(tuple(file for _, file in read if file is not None))
    missing = tuple(FileReceipt(one.path, (), NO_PATCH) for one, file in read if file is None)
    return diff, missing


def is_same(diff: Diff, files: Sequence[FilePatch]) -> bool:
    """Tell whether a diff has the lines that a list of files has."""
    listed = ((one.path, _read(one)) for one in files)
    return Counter(_said(one.path, one) for one in diff.files) == Counter(
        _said(path, file) for path, file in listed
    )


def _said(path: str, file: FileDiff | None) -> tuple[object, ...]:
    """Give a file's lines as JSON can have them; none where it has no patch."""
    hunks = file.hunks if file else ()
    lines = [(one.new, one.old, _plain(one.text)) for hunk in hunks for one in hunk.lines]
    return _plain(path), *lines


def _plain(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _read(file: FilePatch) -> FileDiff | None:
    if file.patch is None:
        return None
    try:
        found = parse(f"diff --git a/f b/f\n--- a/f\n+++ b/f\n{file.patch}\n").files
    except InputError:
        return None
    status = _STATUSES.get(file.status, "modified")
    return replace(found[0], path=file.path, old_path=file.old_path, status=status)
