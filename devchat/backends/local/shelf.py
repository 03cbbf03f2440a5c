"""The folder of evaluated prompts: found, written and removed, by several engines at once.

A file appears whole or not at all, and whatever is gone is simply not there: so no lock is needed.
There is no fsync either: what a power cut left of a file is known by its checksum.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from errno import EACCES, ENOTDIR, EPERM
from pathlib import Path
from typing import BinaryIO, TypeVar

from devchat.backends.local.kept import DamagedError, Head, encode_head, read_head, read_state
from devchat.backends.local.worth import allowed
from devchat.errors import StorageError

FOLDER = "prefixes"
"""Where in the cache folder the files lie."""
SUFFIX, DRAFT = ".kv", ".part"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file of the folder; `used` is when it last served, in seconds since 1970."""

    path: Path
    bytes: int
    used: float
    model: str
    tokens: int


def shelf_in(cache: Path, limit: int) -> Shelf:
    """Give the shelf of a cache folder."""
    return Shelf(cache / FOLDER, limit)


class Shelf:
    """One folder and its limit in bytes."""

    def __init__(self, folder: Path, limit: int) -> None:
        """Name the folder, which need not exist."""
        self.folder, self.limit = folder, limit
        self._heads: dict[str, Head] = {}

    def heads(self, key: str) -> list[Head]:
        """Give what is kept under a key; what is damaged is removed. Never raises `OSError`."""
        names = [name for name, _ in self._files() if name.startswith(f"{key}-")]
        self._heads = {name: head for name, head in self._heads.items() if name in names}
        for name in names:
            if name not in self._heads and (head := self._head(name, key)):
                self._heads[name] = head
        return list(self._heads.values())

    def read(self, head: Head) -> tuple[Head, bytes] | None:
        """Give a state, and note that it was used; `None` where it is gone or damaged.

        With the head that it has now: another engine may have written the same tokens anew.
        """

        def state_in(file: BinaryIO) -> tuple[Head, bytes]:
            found = _named_head(file, head.name, head.key)
            state = read_state(file, found)
            os.utime(file.fileno())
            return found, state

        return _read(self.folder / head.name, state_in)

    def write(self, head: Head, state: bytes) -> bool:
        """Keep a state, and remove what was used least recently to make room.

        Tells whether there was room for it. Raises `OSError`.
        """
        self._make()
        data = encode_head(head)
        if not self._make_room(len(data) + len(state)):
            return False
        draft = self.folder / f".{os.getpid()}-{head.name}{DRAFT}"
        try:
            with _drafted(draft) as number:
                _write_all(number, data)
                _write_all(number, state)
                draft.replace(self.folder / head.name)
        finally:
            draft.unlink(missing_ok=True)
        return True

    def remove(self, head: Head) -> None:
        """Remove what is of no more use."""
        self._drop(self.folder / head.name)

    def files(self) -> list[KeptFile]:
        """List what is there, the latest used first; what is damaged is removed."""
        found = []
        for name, state in self._files():
            if head := self._head(name, name.partition("-")[0]):
                path, size = self.folder / name, state.st_size
                found.append(KeptFile(path, size, state.st_mtime, head.model, len(head.tokens)))
        return sorted(found, key=lambda one: -one.used)

    def clear(self) -> tuple[int, int]:
        """Remove everything; give how many files that were, and their bytes.

        Raises `StorageError`: also of a folder that is not used, for what is in it stays.
        """
        if refused := _refused(self.folder):
            raise StorageError(
                f"nothing of `{self.folder}` was removed: {refused.strerror}",
                "look at what is in it; `chmod 700` it and clear again, or remove it yourself",
            )
        self.sweep()
        found = list(self._files())
        try:
            for name, _ in found:
                (self.folder / name).unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(
                f"`{error.filename}` can't be removed: {error.strerror}",
                "mend its permissions, or set another folder: `DEVCHAT_CACHE_DIR`",
            ) from error
        return len(found), sum(state.st_size for _, state in found)

    def sweep(self) -> None:
        """Remove what writers left that were killed: nobody holds a lock on it."""
        for draft in self.folder.glob(f".*{DRAFT}"):
            with suppress(OSError), draft.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                draft.unlink()

    def room(self) -> int:
        """Tell how many bytes may lie here: never more than are left free. Raises `OSError`."""
        if refused := _refused(self.folder):
            raise refused
        held = sum(state.st_size for _, state in self._files())
        nearest = next(one for one in (self.folder, *self.folder.parents) if one.exists())
        if not nearest.is_dir():
            raise NotADirectoryError(ENOTDIR, os.strerror(ENOTDIR), str(nearest))
        if not os.access(nearest, os.W_OK | os.X_OK):
            raise PermissionError(EACCES, os.strerror(EACCES), str(nearest))
        return allowed(self.limit, held, shutil.disk_usage(nearest).free)

    def _make(self) -> None:
        self.folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder.mkdir(mode=0o700, exist_ok=True)
        if refused := _refused(self.folder):
            raise refused

    def _make_room(self, size: int) -> bool:
        self.sweep()
        room = self.room() - size
        if room < 0:
            return False
        found = sorted(self._files(), key=lambda one: -one[1].st_mtime)
        for name, state in found:
            room -= state.st_size
            if room < 0:
                self._drop(self.folder / name)
        return True

    def _files(self) -> list[tuple[str, os.stat_result]]:
        found = list[tuple[str, os.stat_result]]()
        if not _private(self.folder):
            return found
        with suppress(OSError), os.scandir(self.folder) as entries:
            for entry in entries:
                if entry.name.endswith(SUFFIX) and entry.is_file(follow_symlinks=False):
                    with suppress(OSError):
                        found.append((entry.name, entry.stat()))
        return found

    def _head(self, name: str, key: str) -> Head | None:
        def head_in(file: BinaryIO) -> Head:
            head = _named_head(file, name, key)
            if os.fstat(file.fileno()).st_size != file.tell() + head.size:
                raise DamagedError("truncated")
            return head

        return _read(self.folder / name, head_in)

    def _drop(self, path: Path) -> None:
        with suppress(OSError):
            path.unlink()


def _read(path: Path, read: Callable[[BinaryIO], T]) -> T | None:
    # What can't be read is not there, and what is damaged soon isn't.
    with suppress(OSError):
        try:
            with path.open("rb") as file:
                return read(file)
        except DamagedError:
            path.unlink()
    return None


def _named_head(file: BinaryIO, name: str, key: str) -> Head:
    head = read_head(file)
    if (head.key, head.name) != (key, name):
        raise DamagedError("named as another")
    return head


def _private(folder: Path) -> bool:
    """Tell whether only this user may enter; a link is no folder."""
    try:
        found = folder.lstat()
    except OSError:
        return False
    open_to = found.st_mode & (stat.S_IRWXG | stat.S_IRWXO)
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not open_to


def _refused(folder: Path) -> OSError | None:
    """Say why a folder is not used; `None` where it is, or is still to be made."""
    if _private(folder) or not os.path.lexists(folder):
        return None
    if folder.is_symlink():
        return NotADirectoryError(ENOTDIR, "it is a link", str(folder))
    if not folder.is_dir():
        return NotADirectoryError(ENOTDIR, os.strerror(ENOTDIR), str(folder))
    return PermissionError(EPERM, "it is not yours alone", str(folder))


@contextmanager
def _drafted(draft: Path) -> Iterator[int]:
    # The lock, which ends with its process, tells a draft that grows from one that never will.
    number = _locked(draft)
    try:
        yield number
    finally:
        os.close(number)


def _locked(draft: Path) -> int:
    while True:
        number = os.open(draft, os.O_WRONLY | os.O_CREAT, 0o600)
        with suppress(OSError):
            fcntl.flock(number, fcntl.LOCK_EX)
        # Somebody may have cleared it away before it was locked.
        if draft.exists() and draft.stat().st_ino == os.fstat(number).st_ino:
            # Not before: where two containers share the folder, another may have our number.
            if os.fstat(number).st_size:
                os.ftruncate(number, 0)
            return number
        os.close(number)


def _write_all(number: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(number, view[: 8 << 20]) :]
