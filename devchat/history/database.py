"""The file: opening, bringing it to this version's tables, and what is done when it is broken.

The only file that imports sqlite3, and only when a history is opened.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext, suppress
from itertools import count
from pathlib import Path
from time import strftime
from typing import TYPE_CHECKING, Any

from devchat.errors import StorageError
from devchat.history.schema import MIGRATIONS, VERSION

if TYPE_CHECKING:
    import sqlite3

IN_MEMORY = Path(":memory:")
BUSY_SECONDS = 2.0
"""How long another devchat's write is waited for; its own take milliseconds."""
_APPLICATION = 0x64766368
"""Marks our files: "dvch". https://sqlite.org/pragma.html#pragma_application_id"""
_HINTS = {
    "SQLITE_BUSY": "another program holds it; `--no-save` goes on without it",
    "SQLITE_FULL": "make room on the disk, or point `DEVCHAT_DATA_DIR` to another one",
}
_HINT = "make it writable, or point `DEVCHAT_DATA_DIR` to another folder"


class BrokenFile(Exception):
    """The file is no database, or damaged."""


class Database:
    """A connection. Reads see what is committed; what is written in one `writing` block is, or not.

    `note` says what was done on opening that the user should know, else "".
    """

    def __init__(self, path: Path, connection: sqlite3.Connection, note: str = "") -> None:
        self.path = path
        self.note = note
        self._connection = connection

    def read(self, sql: str, *values: object) -> list[Any]:
        """Return the rows of a query."""
        with self._used():
            return self._connection.execute(sql, values).fetchall()

    @contextmanager
    def writing(self, *, patient: bool = True) -> Iterator[sqlite3.Connection]:
        """Write in one transaction. Who is not patient fails at once when another one writes."""
        connection = self._connection
        with self._used():
            connection.execute(f"PRAGMA busy_timeout = {int(patient * BUSY_SECONDS * 1000)}")
            with _transaction(connection, "IMMEDIATE"):
                yield connection

    def close(self) -> None:
        """Close the file; what is committed stays."""
        with suppress(BrokenFile), _translated(self.path):
            self._connection.close()

    @contextmanager
    def _used(self) -> Iterator[None]:
        try:
            with _translated(self.path):
                yield
        except BrokenFile as error:
            self._connection.close()
            with _translated(self.path), _alone(self.path.parent):
                aside = "" if _is_sound(self.path) else _set_aside(self.path)
            raise StorageError(
                f"`{self.path}` is broken ({error})"
                + (f" and now kept as `{aside}`" * bool(aside)),
                "the next devchat begins a new one" if aside else "try again",
            ) from error


def open_database(path: Path) -> Database:
    """Open the file, making it (0600) and its folder (0700) or bringing them to our tables.

    One that is broken is renamed, and a new one begun. Raises StorageError where it can't be
    used, and for one of a newer devchat, which stays as it is.
    """
    with _translated(path):
        if path == IN_MEMORY:
            connection = _connect(path)
            _migrate(connection, path)
            return Database(path, connection)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            return Database(path, _opened(path))
        except BrokenFile:
            with _alone(path.parent):
                return _begin_again(path)


def _begin_again(path: Path) -> Database:
    """Set a broken file aside, unless another devchat has just done so."""
    try:
        return Database(path, _opened(path, alone=True))
    except BrokenFile:
        aside = _set_aside(path)
    note = f"the history was broken: it is kept as `{aside}`, and a new one begun"
    return Database(path, _opened(path, alone=True), note)


def _opened(path: Path, *, alone: bool = False) -> sqlite3.Connection:
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    connection = _connect(path)
    try:
        with _noticing_damage():
            if _version(connection, path) < VERSION:
                with nullcontext() if alone else _alone(path.parent):
                    # Read again below: another devchat may have made it meanwhile.
                    connection.execute("PRAGMA journal_mode = WAL")
                    _migrate(connection, path)
            _look_through(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _connect(path: Path) -> sqlite3.Connection:
    import sqlite3

    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    connection.row_factory = sqlite3.Row
    try:
        with _noticing_damage():
            connection.execute("PRAGMA foreign_keys = ON")
            # With WAL nothing committed is lost when a process dies, only with the machine's power.
            # https://sqlite.org/pragma.html#pragma_synchronous
            connection.execute("PRAGMA synchronous = NORMAL")
    except BaseException:
        connection.close()
        raise
    return connection


def _version(connection: sqlite3.Connection, path: Path) -> int:
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > VERSION:
        raise StorageError(
            f"`{path}` was written by a newer devchat (its version is {version}, ours {VERSION})",
            "upgrade this devchat; the file stays as it is",
        )
    mark = connection.execute("PRAGMA application_id").fetchone()[0]
    begun = version or connection.execute("SELECT 1 FROM sqlite_schema").fetchone()
    if begun and mark != _APPLICATION:
        raise StorageError(
            f"`{path}` is not a history of devchat",
            "move it away, or point `DEVCHAT_DATA_DIR` to another folder",
        )
    return version


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Take the steps that are missing, each in a transaction of its own."""
    while (version := _version(connection, path)) < VERSION:
        with _transaction(connection, "EXCLUSIVE"):
            if _version(connection, path) == version:
                for statement in MIGRATIONS[version]:
                    connection.execute(statement)
                connection.execute(f"PRAGMA application_id = {_APPLICATION}")
                connection.execute(f"PRAGMA user_version = {version + 1}")


def _look_through(connection: sqlite3.Connection) -> None:
    """Touch every table, so that most of what can break a file is seen on opening."""
    for table in ("conversations", "turns", "words"):
        connection.execute(f"SELECT * FROM {table} ORDER BY rowid DESC LIMIT 1").fetchall()


def _is_sound(path: Path) -> bool:
    try:
        with closing(_connect(path)) as connection, _noticing_damage():
            found: str = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
            # https://sqlite.org/fts5.html#the_integrity_check_command
            connection.execute("INSERT INTO words (words) VALUES ('integrity-check')")
            return found == "ok"
    except BrokenFile:
        return False


def _set_aside(path: Path) -> str:
    """Rename the file with what belongs to it, and return its new name."""
    stem = f"{path.name}.corrupt-{strftime('%Y-%m-%d')}"
    names = (f"{stem}-{number}" if number > 1 else stem for number in count(1))
    name = next(name for name in names if not path.with_name(name).exists())
    for ending in ("-wal", "-shm", ""):
        part = path.with_name(path.name + ending)
        if part.exists():
            part.rename(path.with_name(name + ending))
    return name


@contextmanager
def _transaction(connection: sqlite3.Connection, kind: str) -> Iterator[None]:
    connection.execute(f"BEGIN {kind}")
    try:
        yield
        connection.execute("COMMIT")
    finally:
        # A full disk may have ended it already.
        if connection.in_transaction:
            connection.execute("ROLLBACK")


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep other devchats from making or renaming the file meanwhile."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextmanager
def _noticing_damage() -> Iterator[None]:
    import sqlite3

    try:
        yield
    except sqlite3.DatabaseError as error:
        if _name(error).startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
            raise BrokenFile(str(error)) from error
        raise


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    import sqlite3

    try:
        with _noticing_damage():
            yield
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise StorageError(f"`{path}` can't be used: {reason}", _HINT) from error
    except sqlite3.Error as error:
        hint = next((hint for name, hint in _HINTS.items() if _name(error).startswith(name)), _HINT)
        raise StorageError(f"`{path}` can't be used: {error}", hint) from error


def _name(error: sqlite3.Error) -> str:
    """Return SQLite's name of an error; "" for one of Python's own."""
    return getattr(error, "sqlite_errorname", None) or ""
