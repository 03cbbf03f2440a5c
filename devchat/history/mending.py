"""What is done with a damaged file: its index is built again, or it is renamed; nothing is deleted.

Whoever calls these keeps other devchats away meanwhile (`connection.alone`).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from time import strftime
from typing import TYPE_CHECKING

from devchat.errors import StorageError
from devchat.history.connection import (
    BrokenFile,
    connect,
    log_of,
    noticing_damage,
    transaction,
    translated,
)
from devchat.history.schema import WORDS
from devchat.history.words import tokens

if TYPE_CHECKING:
    import sqlite3

_TABLES = ("conversations", "turns", "attached", "pictures")
_PATIENCE = 10.0
_LOG_MAGIC = (b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83")
"""How a log begins. https://sqlite.org/fileformat.html#the_write_ahead_log"""


@dataclass(frozen=True, slots=True)
class Mended:
    """What was done: `note` says it, and `aside` is the new name of a file that was set aside."""

    note: str = ""
    aside: str = ""


def mend(path: Path) -> Mended:
    """Find out what is damaged, and do no more about it than is needed."""
    note = ""
    if has_garbage_log(path):
        aside = _rename(path, ("-wal", "-shm"))
        note = f"the newest turns could not be read: they are kept as `{aside}-wal`"
    if not _holds(path, _tables_are_sound):
        aside = _rename(path, ("-wal", "-shm", ""))
        return Mended(
            f"the history was broken: it is kept as `{aside}`, and a new one begun", aside
        )
    if not _holds(path, _index_is_sound):
        _build_index(path)
        note = "the search index of the history was damaged: it is built again, no turn is lost"
    return Mended(note)


def has_garbage_log(path: Path) -> bool:
    """Say whether SQLite would take the log for an empty one, and overwrite it."""
    try:
        with log_of(path).open("rb") as file:
            begins = file.read(4)
    except OSError:
        return False
    return bool(begins) and begins not in _LOG_MAGIC


def _holds(path: Path, test: Callable[[sqlite3.Connection], bool]) -> bool:
    try:
        with closing(connect(path, _PATIENCE)) as connection, noticing_damage():
            return test(connection)
    except BrokenFile:
        return False


def _tables_are_sound(connection: sqlite3.Connection) -> bool:
    there = {row[0] for row in connection.execute("SELECT name FROM sqlite_schema")}
    checked = (f"PRAGMA integrity_check({name})" for name in _TABLES if name in there)
    return all(connection.execute(check).fetchone()[0] == "ok" for check in checked)


def _index_is_sound(connection: sqlite3.Connection) -> bool:
    # https://sqlite.org/fts5.html#the_integrity_check_command
    connection.execute("INSERT INTO words (words) VALUES ('integrity-check')")
    return bool(connection.execute("PRAGMA integrity_check(1)").fetchone()[0] == "ok")


def _build_index(path: Path) -> None:
    """Forget the index, which may be too damaged to be dropped, and make another one."""
    with closing(connect(path, _PATIENCE)) as connection:
        with transaction(connection, "IMMEDIATE"):
            connection.execute("PRAGMA writable_schema = ON")
            connection.execute("DELETE FROM sqlite_schema WHERE name GLOB 'words*'")
            connection.execute("PRAGMA writable_schema = RESET")
            connection.execute(WORDS)
            connection.create_function("tokens", 1, tokens, deterministic=True)
            fill = "INSERT INTO words (rowid, tokens) SELECT id, tokens(text) FROM turns"
            connection.execute(fill)
        try:
            with translated(path):
                connection.execute("VACUUM")  # gives the pages of the old one back
        except StorageError:
            return  # they are only lost room


def _rename(path: Path, endings: tuple[str, ...]) -> str:
    """Rename the file or what belongs to it, and return the file's new name."""
    stem = f"{path.name}.corrupt-{strftime('%Y-%m-%d')}"
    names = (f"{stem}-{number}" if number > 1 else stem for number in count(1))
    taken = {each.name for each in path.parent.iterdir()}
    name = next(name for name in names if not {name + end for end in ("", "-wal", "-shm")} & taken)
    for ending in endings:
        part = path.with_name(path.name + ending)
        if part.exists():
            part.rename(path.with_name(name + ending))
    return name
