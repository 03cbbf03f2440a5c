"""The files around a change inside a repository: of commits, of the index, of the work tree."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from devchat.changes import Hit, Side
from devchat.source.blob import stored
from devchat.source.git import LARGEST
from devchat.source.repository import Repository
from devchat.source.revisions import State
from devchat.source.worktree import is_plain, read_file

HITS = 200
SECONDS = 10.0
LONGEST_WORD = 200
HIT = re.compile(rb"([^\0]+)\0(\d+)\0([^\n]*)\n")  # a name may hold newlines
KEPT_CRLF = re.compile(rb"i/(crlf|mixed)\s+w/\S*\s+attr/(text=auto.*?)?\s*\t")


class GitSource:
    """Files at two states of a repository; holds a git process until it is closed or dropped."""

    def __init__(self, repository: Repository, base: State, head: State) -> None:
        self._repository = repository
        self._states = {"LEFT": base, "RIGHT": head}
        self.base = base.name
        self.head = head.name
        self.complete = not repository.partial

    def read(self, side: Side, path: str) -> bytes | None:
        """Return a file's content as git stores it, None where there is none."""
        return read_at(self._repository, self._states[side], path)

    def search(self, word: str) -> Iterator[Hit]:
        """Yield places of a whole word in tracked files at head: 200 at most, within 10 s."""
        return search_at(self._repository, self._states["RIGHT"], word)

    def close(self) -> None:
        """End the git process."""
        self._repository.objects.close()


def read_at(repository: Repository, state: State, path: str) -> bytes | None:
    """Return a file's content at a state, as git stores it; None where there is none."""
    if not is_plain(path):
        return None
    if state.kind == "work tree":
        return _read_work_tree(repository, path)
    return _read_blob(repository, f"{state.id}:{path}" if state.id else f":0:{path}")


def _read_blob(repository: Repository, name: str) -> bytes | None:
    found = repository.objects.read(name)
    return found.data if found and found.kind == "blob" else None


def _read_work_tree(repository: Repository, path: str) -> bytes | None:
    assert repository.top is not None
    data = read_file(repository.top, path)
    if data is None:
        return _read_left_out(repository, path)
    if b"\r\n" not in data or _keeps_crlf(repository, path):
        return data
    # What git would store, without storing it; our own reading of its rules would be a guess.
    answer = repository.git.run("hash-object", "--stdin", "--path", path, stdin=data)
    return stored(data, answer.output.decode("ascii").strip(), repository.hash_name) or data


def _keeps_crlf(repository: Repository, path: str) -> bool:
    """Tell whether git leaves CRLF alone since it is there already: automatic conversion does.

    See `text` in gitattributes(5). `git hash-object` does not look into the index.
    """
    return KEPT_CRLF.match(repository.git.run("ls-files", "--eol", "--", path).output) is not None


def _read_left_out(repository: Repository, path: str) -> bytes | None:
    """Return what a sparse checkout left out: for `git diff` it is as in the index."""
    if repository.settings.get("core.sparsecheckout") != "true":
        return None
    listed = repository.git.run("ls-files", "-t", "-z", "--", path).output
    return _read_blob(repository, f":0:{path}") if listed.startswith(b"S ") else None


def search_at(repository: Repository, state: State, word: str) -> Iterator[Hit]:
    """Yield places of a whole word in tracked files at a state, within bounds."""
    if not word.strip() or len(word) > LONGEST_WORD or not word.isprintable():
        return
    where = {"commit": (state.id,), "index": ("--cached",), "work tree": ()}[state.kind]
    answer = repository.git.run(
        *("grep", "--no-color", "--no-textconv", "--no-recurse-submodules", "--full-name"),
        *("-z", "-n", "--no-column", "-I", "-w", "-F", "-e", word, *where, "--"),
        limit=LARGEST // 10,
        seconds=SECONDS,
    )
    start = len(f"{state.id}:") if state.id else 0
    for found in islice(HIT.finditer(answer.output), HITS):
        path, number, text = found.groups()
        name = path[start:].decode("utf-8", "surrogateescape")
        yield Hit(name, int(number), text.decode("utf-8", "replace"))
