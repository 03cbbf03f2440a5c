"""A connection to the file: making it, its version, transactions, and what SQLite's errors mean.

Imports sqlite3 only when a history is opened, as every file here does.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from devchat.errors import LockedError, StorageError
from devchat.history.schema import MIGRATIONS, VERSION

if TYPE_CHECKING:
    import sqlite3

IN_MEMORY = Path(":memory:")
_APPLICATION = 0x64766368
"""Marks our files: "dvch". https://sqlite.org/pragma.html#pragma_application_id"""
_VERSION_PLACE = 60
"""Where a file's header has the version. https://sqlite.org/fileformat.html#the_database_header"""
_DAMAGE = ("SQLITE_CORRUPT", "SQLITE_NOTADB")
_FULL_HINT = "make room on the disk, or point `DEVCHAT_DATA_DIR` to another one"
_HINT = "make it writable, or point `DEVCHAT_DATA_DIR` to another folder"


class BrokenFile(Exception):
    """The file is no database, or damaged."""


def connect(path: Path, patience: float) -> sqlite3.Connection:
    """Open a file or a history in memory; `patience` is how many seconds a lock is waited for."""
    import sqlite3

    connection = sqlite3.connect(path, timeout=patience, isolation_level=None)
    connection.row_factory = sqlite3.Row
    try:
        with noticing_damage():
            connection.execute("PRAGMA foreign_keys = ON")
            # With WAL nothing committed is lost when a process dies, only with the machine's power.
            # https://sqlite.org/pragma.html#pragma_synchronous
            connection.execute("PRAGMA synchronous = NORMAL")
    except BaseException:
        connection.close()
        raise
    return connection


def version_of(connection: sqlite3.Connection, path: Path) -> int:
    """Return the version of the tables, 0 for none. Raises StorageError unless it is ours."""
    # All at one moment: another devchat may just be making the tables.
    with nullcontext() if connection.in_transaction else transaction(connection, "DEFERRED"):
        version: int = connection.execute("PRAGMA user_version").fetchone()[0]
        mark = connection.execute("PRAGMA application_id").fetchone()[0]
        begun = version or connection.execute("SELECT 1 FROM sqlite_schema").fetchone()
    check_version(version, path)
    if begun and mark != _APPLICATION:
        raise StorageError(
            f"`{path}` is not a history of devchat",
            "move it away, or point `DEVCHAT_DATA_DIR` to another folder",
        )
    return version


def refuse_newer(path: Path) -> None:
    """Raise StorageError for a file of a newer devchat without writing beside it either."""
    import sqlite3

    with path.open("rb") as file:
        header = file.read(100)
    if header[:6] == b"SQLite":
        check_version(int.from_bytes(header[_VERSION_PLACE : _VERSION_PLACE + 4]), path)
    if not log_of(path).exists():
        return
    # The newest version may still be in the log: who may only read leaves it there.
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    try:
        check_version(connection.execute("PRAGMA user_version").fetchone()[0], path)
    except sqlite3.DatabaseError:
        return  # opening it will say what is wrong
    finally:
        connection.close()


def check_version(version: int, path: Path) -> None:
    """Raise StorageError for a version that we don't know yet."""
    if version > VERSION:
        raise StorageError(
            f"`{path}` was written by a newer devchat (its version is {version}, ours {VERSION})",
            "upgrade this devchat; the file stays as it is",
        )


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Take the steps that are missing, each in a transaction of its own."""
    while (version := version_of(connection, path)) < VERSION:
        with transaction(connection, "EXCLUSIVE"):
            # Read again: another devchat may have taken this step meanwhile.
            if version_of(connection, path) == version:
                for statement in MIGRATIONS[version]:
                    connection.execute(statement)
                connection.execute(f"PRAGMA application_id = {_APPLICATION}")
                connection.execute(f"PRAGMA user_version = {version + 1}")


def log_of(path: Path) -> Path:
    """Return where SQLite keeps what is committed and not yet in the file itself."""
    return path.with_name(f"{path.name}-wal")


@contextmanager
def transaction(connection: sqlite3.Connection, kind: str) -> Iterator[None]:
    """Have all that is written be kept, or nothing of it."""
    connection.execute(f"BEGIN {kind}")
    try:
        yield
        connection.execute("COMMIT")
    finally:
        # A full disk may have ended it already.
        if connection.in_transaction:
            connection.execute("ROLLBACK")


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keep other devchats from making, mending or renaming the file meanwhile."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextmanager
def noticing_damage() -> Iterator[None]:
    """Raise BrokenFile where SQLite finds a file damaged."""
    import sqlite3

    try:
        yield
    except sqlite3.DatabaseError as error:
        # The constraints of our own tables have longer names: this is the index, out of step.
        if _name(error).startswith(_DAMAGE) or _name(error) == "SQLITE_CONSTRAINT":
            raise BrokenFile(str(error)) from error
        raise


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Raise StorageError for what the system or SQLite says; LockedError for what will pass."""
    import sqlite3

    try:
        with noticing_damage():
            yield
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise StorageError(f"`{path}` can't be used: {reason}", _HINT) from error
    except sqlite3.Error as error:
        if _name(error).startswith("SQLITE_BUSY"):
            hint = "wait for it, or go on without the history: `--no-save`"
            raise LockedError(f"`{path}` is locked by another program", hint) from error
        hint = _FULL_HINT if _name(error).startswith("SQLITE_FULL") else _HINT
        raise StorageError(f"`{path}` can't be used: {error}", hint) from error


def _name(error: sqlite3.Error) -> str:
    """Return SQLite's name of an error; "" for one of Python's own."""
    return getattr(error, "sqlite_errorname", None) or ""
