"""The file: opening it, reading, writing in transactions, and going on when it is damaged."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from devchat.errors import LockedError, StorageError
from devchat.history.connection import (
    IN_MEMORY,
    BrokenFile,
    alone,
    connect,
    log_of,
    migrate,
    noticing_damage,
    refuse_newer,
    transaction,
    translated,
    version_of,
)
from devchat.history.mending import has_garbage_log, mend
from devchat.history.schema import VERSION

if TYPE_CHECKING:
    import sqlite3

BUSY_SECONDS = 2.0
"""How long another devchat's write is waited for; its own take milliseconds."""
_FIRST_IN_MEMORY = 1 << 40


class MendedError(LockedError):
    """The file was damaged, and is mended: what was going on has to be tried again."""


class Database:
    """A file, connected to when it is first used; again after it was set aside.

    Reads see what is committed; what is written in one `writing` block is, or not. `patience` is
    how many seconds a lock is waited for, and `note` what was done about damage, else "".
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.patience = BUSY_SECONDS
        self.note = ""
        self._open: sqlite3.Connection | None = None

    def read(self, sql: str, *values: object) -> list[Any]:
        """Return the rows of a query."""
        try:
            return self._read(sql, values)
        except MendedError:
            return self._read(sql, values)

    def _read(self, sql: str, values: tuple[object, ...]) -> list[Any]:
        with self.connected() as connection:
            return connection.execute(sql, values).fetchall()

    @contextmanager
    def writing(self, *, patience: float | None = None) -> Iterator[sqlite3.Connection]:
        """Write in one transaction; with a patience of its own where it is given."""
        seconds = self.patience if patience is None else patience
        with self.connected() as connection:
            connection.execute(f"PRAGMA busy_timeout = {int(seconds * 1000)}")
            with transaction(connection, "IMMEDIATE"):
                yield connection

    def shrink(self) -> None:
        """Give the room of what was deleted back to the disk, unless another one writes now."""
        with suppress(StorageError), self.connected() as connection:
            connection.execute("VACUUM")
        self.empty_log()

    def empty_log(self) -> None:
        """Take what is in the log into the file, unless another one uses it now."""
        with suppress(StorageError), self.connected() as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close the file; what is committed stays."""
        if self._open is not None:
            with suppress(BrokenFile), translated(self.path):
                self._open.close()

    @contextmanager
    def connected(self) -> Iterator[sqlite3.Connection]:
        """Use the file, connecting to it if need be. What is damaged is mended."""
        if self._open is None:
            self._open = self._connect()
        try:
            with translated(self.path):
                yield self._open
        except BrokenFile as error:
            self._open.close()
            self._open = None
            self._mend(error)

    def _mend(self, error: BrokenFile) -> None:
        """Mend the file, and raise MendedError; StorageError where it is lost."""
        with translated(self.path), alone(self.path.parent):
            done = mend(self.path)
        if done.aside:
            raise StorageError(
                f"`{self.path}` is broken ({error}) and now kept as `{done.aside}`",
                "the next devchat begins a new one",
            ) from error
        self.note = done.note
        raise MendedError(f"`{self.path}` was damaged, and is mended", "try again") from error

    def _connect(self) -> sqlite3.Connection:
        path = self.path
        with translated(path):
            if path == IN_MEMORY:
                return _in_memory()
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                return self._opened()
            except BrokenFile:
                with alone(path.parent):
                    return self._opened_mended()

    def _opened_mended(self) -> sqlite3.Connection:
        """Mend a damaged file, unless another devchat has just done so, and open it."""
        try:
            return self._opened(locked=True)
        except BrokenFile:
            self.note = mend(self.path).note
        return self._opened(locked=True)

    def _opened(self, *, locked: bool = False) -> sqlite3.Connection:
        path = self.path
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        if has_garbage_log(path):
            raise BrokenFile(f"{log_of(path).name} is garbage")
        refuse_newer(path)
        connection = connect(path, self.patience)
        try:
            with noticing_damage():
                if version_of(connection, path) < VERSION:
                    with nullcontext() if locked else alone(path.parent):
                        connection.execute("PRAGMA journal_mode = WAL")
                        migrate(connection, path)
                _look_through(connection)
        except BaseException:
            connection.close()
            raise
        return connection


def open_database(path: Path) -> Database:
    """Open the file now, making it (0600) and its folder (0700) or bringing them to our tables.

    One that is broken is mended, or renamed and a new one begun. Raises LockedError where another
    program holds it, StorageError where it can't be used, and for one of a newer devchat, which
    stays as it is.
    """
    database = Database(path)
    with database.connected():
        return database


def _in_memory() -> sqlite3.Connection:
    connection = connect(IN_MEMORY, 0)
    migrate(connection, IN_MEMORY)
    # Its turns are never taken for those of a file.
    connection.execute("INSERT INTO sqlite_sequence VALUES ('turns', ?)", (_FIRST_IN_MEMORY,))
    return connection


def _look_through(connection: sqlite3.Connection) -> None:
    """Touch every table, so that most of what can break a file is seen on opening."""
    for table in ("conversations", "turns", "words"):
        connection.execute(f"SELECT * FROM {table} ORDER BY rowid DESC LIMIT 1").fetchall()
