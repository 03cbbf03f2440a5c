"""Every commit of this repository: each line has the number and the text that git has for it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from devchat.diff import parse
from tests.diff.trees import applied, git, text

ROOT = Path(__file__).parent.parent.parent
LOG = ("log", "-m", "--first-parent", "--full-index", "--find-renames", "--format=commit %H")
STATUSES = {"A": "added", "C": "copied", "D": "deleted", "M": "modified", "R": "renamed"}


@pytest.fixture(scope="module")
def commit() -> str:
    """The newest commit, named once, for others may be added meanwhile."""
    return text(git(ROOT, "rev-parse", "HEAD")).strip()


def test_every_commit_applies_to_the_bytes_that_git_has(commit: str) -> None:
    files = parse(text(git(ROOT, *LOG, "-p", commit))).files
    blobs = contents({blob for file in files for blob in (file.old_blob, file.new_blob) if blob})
    assert files
    for file in files:
        if not file.binary and file.old_blob:
            assert applied(file, blobs[file.old_blob]) == blobs[file.new_blob], file.path


def test_every_commit_names_the_files_and_blobs_that_git_names(commit: str) -> None:
    files = parse(text(git(ROOT, *LOG, "-p", commit))).files
    listed = text(git(ROOT, *LOG, "--raw", "--no-abbrev", "-z", commit))
    for file, row in zip(files, raw(listed), strict=True):
        assert (file.status, file.old_path, file.path) == row[:3]
        assert not file.old_blob or (file.old_blob, file.new_blob) == row[3:]


def raw(output: str) -> list[tuple[str, ...]]:
    """Read `git log --raw -z`: modes, blobs and a status, then one name, or two for a rename."""
    rows: list[tuple[str, ...]] = []
    words = iter(output.split("\0"))
    for word in words:
        if word.startswith(("\n:", ":")):
            *_, old_blob, new_blob, letter = word.split()
            old = next(words)
            new = next(words) if letter[0] in "RC" else old
            # A file that becomes a link is printed as two.
            for status in ("deleted", "added") if letter[0] == "T" else (STATUSES[letter[0]],):
                rows.append((status, old, new, old_blob, new_blob))
    return rows


def contents(blobs: set[str]) -> Mapping[str, bytes]:
    """Read blobs in one process; an absent side is empty."""
    names = sorted(blob for blob in blobs if blob.strip("0"))
    output, at = git(ROOT, "cat-file", "--batch", stdin="\n".join(names).encode()), 0
    found = dict.fromkeys(blobs, b"")
    for name in names:
        end = output.index(b"\n", at)
        size = int(output[at:end].split()[2])
        found[name] = output[end + 1 : end + 1 + size]
        at = end + size + 2
    return found
