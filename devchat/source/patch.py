"""The files around a patch: what it holds itself, and what of a repository is surely the same."""

from __future__ import annotations

from collections.abc import Iterator

from devchat.changes import Diff, FileDiff, Hit, Hunk, Side
from devchat.source.blob import HEXADECIMAL, stored
from devchat.source.files import read_at, search_at
from devchat.source.repository import Repository
from devchat.source.revisions import WORK_TREE, State, last_commit
from devchat.source.worktree import is_plain, read_file

PATCH = "the patch"
SUBMODULE = "160000"


class PatchSource:
    """Files at both sides of a patch, as far as they can be known.

    A file that the patch adds stands in it whole. What was there before is never taken from it:
    the policy is read there, and a stranger may have made it up. Of the others, blobs that the
    index lines name are looked up in the repository; the work tree counts where its file has
    that id. Where all of it agrees with the patch, it counts as head as a whole.
    """

    def __init__(self, diff: Diff, repository: Repository | None = None) -> None:
        self._repository = repository
        last = {file.path: file for file in diff.files}
        self._new = {path: file for path, file in last.items() if file.status != "deleted"}
        first = {file.old_path: file for file in reversed(diff.files)}
        self._old = {path: file for path, file in first.items() if file.status != "added"}
        self._touched = last.keys() | first.keys()
        self._agrees = self._agree()
        self.base = ""
        self.head = WORK_TREE if self._agrees else PATCH
        self.complete = self._agrees and repository is not None and not repository.partial

    @property
    def unknown(self) -> tuple[str, ...]:
        """The changed files whose content at head is out of reach."""
        return tuple(
            path for path, file in self._new.items() if file.hunks and self._read_new(file) is None
        )

    def read(self, side: Side, path: str) -> bytes | None:
        """Return a file's content, None where it is not there or can't be known."""
        if not is_plain(path):
            return None
        if side == "LEFT":
            return self._read_old(path)
        if path in self._new:
            return self._read_new(self._new[path])
        if path in self._touched or not self._agrees or self._repository is None:
            return None
        return read_at(self._repository, State("work tree", WORK_TREE), path)

    def search(self, word: str) -> Iterator[Hit]:
        """Yield places of a whole word in the work tree, where that is the patch's head."""
        if self._agrees and self._repository is not None:
            yield from search_at(self._repository, State("work tree", WORK_TREE), word)

    def close(self) -> None:
        """End the git process, where there is one."""
        if self._repository is not None:
            self._repository.objects.close()

    def _agree(self) -> bool:
        """Tell whether every file is in the work tree as the patch leaves it."""
        if self._repository is None or self._repository.top is None:
            return False
        told = [file for file in self._new.values() if file.hunks or file.new_blob]
        files = [file for file in told if file.new_mode != SUBMODULE]
        gone = self._touched - self._new.keys()
        return (
            bool(files or gone)
            and all(self._in_work_tree(file) is not None for file in files)
            and not any(read_file(self._repository.top, path) is not None for path in gone)
        )

    def _read_new(self, file: FileDiff) -> bytes | None:
        whole = _whole(file) if file.status == "added" else None
        if whole is not None:
            return whole
        found = self._in_work_tree(file)
        return self._blob(file.new_blob, file, "RIGHT") if found is None else found

    def _read_old(self, path: str) -> bytes | None:
        file = self._old.get(path)
        if file is not None:
            return self._blob(file.old_blob, file, "LEFT")
        if path in self._touched or self._repository is None:
            return None
        # A file that the patch leaves alone: what is committed stands for its base.
        return read_at(self._repository, last_commit(self._repository), path)

    def _in_work_tree(self, file: FileDiff) -> bytes | None:
        repository = self._repository
        if repository is None or repository.top is None:
            return None
        data = read_file(repository.top, file.path) or b""
        form = stored(data, file.new_blob, repository.hash_name)
        return form if form is not None and _fits(form, file, "RIGHT") else None

    def _blob(self, blob: str, file: FileDiff, side: Side) -> bytes | None:
        if self._repository is None or not HEXADECIMAL.fullmatch(blob):
            return None
        found = self._repository.objects.read(blob)
        good = found is not None and found.kind == "blob" and _fits(found.data, file, side)
        return found.data if found is not None and good else None


def _fits(data: bytes, file: FileDiff, side: Side) -> bool:
    """Tell whether a content has the lines that a patch shows: ids may be short, or invented."""
    lines = data.split(b"\n")
    shown = (line for hunk in file.hunks for line in hunk.lines)
    told = ((line.old if side == "LEFT" else line.new, line.text) for line in shown)
    return all(
        number <= len(lines) and lines[number - 1] == text.encode("utf-8", "surrogateescape")
        for number, text in told
        if number is not None
    )


def _whole(file: FileDiff) -> bytes | None:
    """Return the content of an added file, None where it is not in the patch."""
    match file.hunks:
        case (Hunk(lines=lines),) if all(line.kind == "+" for line in lines):
            text = "".join(line.text + ("\n" if line.newline else "") for line in lines)
            return text.encode("utf-8", "surrogateescape")
    return None
