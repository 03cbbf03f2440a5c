"""Two trees of files in a real repository, made without a work tree so that any name and byte goes.

And the one judge of a parsed diff: applied to git's bytes of the base it must give those of head.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from devchat.changes import FileDiff, Hunk


@dataclass(frozen=True, slots=True)
class Blob:
    """A file: its bytes (a submodule's commit) and git's mode."""

    data: bytes
    mode: str = "100644"


Tree = Mapping[str, Blob | bytes]


def git(folder: Path, *args: str, stdin: bytes = b"") -> bytes:
    """Run git with none of the user's own settings, in a language that translates what it can."""
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "LC_ALL": "de_DE.UTF-8",
        "LANGUAGE": "de",
    }
    command = ["git", "-C", str(folder), *args]
    return subprocess.run(
        command, input=stdin, env=environ, check=True, stdout=subprocess.PIPE
    ).stdout


class Repository:
    """An empty repository that trees are written into."""

    def __init__(self, folder: Path) -> None:
        git(folder, "init", "-q")
        self.folder = folder

    def diff(self, base: Tree, head: Tree, *options: str, config: Sequence[str] = ()) -> str:
        """Return what `git diff` prints between two trees."""
        self.write(base, head)
        settings = [word for one in config for word in ("-c", one)]
        return text(git(self.folder, *settings, "diff", *options, "base", "head", "--"))

    def write(self, base: Tree, head: Tree) -> None:
        """Make the branches `base` and `head`, the second on top of the first."""
        commits = _commit("base", "", base) + _commit("head", "from refs/heads/base\n", head)
        git(self.folder, "fast-import", "--quiet", "--force", stdin=commits)


def text(output: bytes) -> str:
    """Decode as those do who hand a diff to `parse`."""
    return output.decode("utf-8", "surrogateescape")


def content(tree: Tree, path: str) -> bytes:
    """Return the bytes of a file, as a diff shows them where it is a submodule."""
    entry = tree.get(path, b"")
    blob = entry if isinstance(entry, Blob) else Blob(entry)
    return b"Subproject commit %s\n" % blob.data if blob.mode == "160000" else blob.data


def _commit(branch: str, parent: str, tree: Tree) -> bytes:
    who = f"commit refs/heads/{branch}\ncommitter A <a@example.com> 0 +0000\ndata 1\nm\n"
    blobs = {path: one if isinstance(one, Blob) else Blob(one) for path, one in tree.items()}
    files = (_modify(path, blob) for path, blob in blobs.items())
    return f"{who}{parent}deleteall\n".encode() + b"".join(files)


def _modify(path: str, blob: Blob) -> bytes:
    name = "".join(f"\\{byte:03o}" for byte in path.encode("utf-8", "surrogateescape")).encode()
    if blob.mode == "160000":
        return b'M 160000 %s "%s"\n' % (blob.data, name)
    size = str(len(blob.data)).encode()
    return b'M %s inline "%s"\ndata %s\n%s\n' % (blob.mode.encode(), name, size, blob.data)


def applied(file: FileDiff, base: bytes) -> bytes:
    """Apply a file's hunks; each line's numbers, text and newline are checked on the way."""
    old, new, at = _lines(base), [], 0
    for hunk in file.hunks:
        start = hunk.old_start - bool(hunk.old_count)
        new += old[at:start]
        assert hunk.new_start == len(new) + bool(hunk.new_count)
        at = _apply(hunk, old, start, new)
        assert at == start + hunk.old_count
    return "".join(new + old[at:]).encode("utf-8", "surrogateescape")


def _apply(hunk: Hunk, old: Sequence[str], at: int, new: list[str]) -> int:
    for line in hunk.lines:
        whole = line.text + "\n" * line.newline
        assert (line.kind == "+") == (line.old is None)
        assert (line.kind == "-") == (line.new is None)
        if line.old is not None:
            assert (line.old, whole) == (at + 1, old[at])
            at += 1
        if line.new is not None:
            new.append(whole)
            assert line.new == len(new)
    return at


def _lines(data: bytes) -> list[str]:
    """Split at newlines, which stay."""
    *lines, last = text(data).split("\n")
    return [f"{line}\n" for line in lines] + ([last] if last else [])
