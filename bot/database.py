"""The database of the bot: SQLite in one file, or PostgreSQL; opened with care, errors translated.

Knows no table. What is in it belongs to the ledger and to the durable jobs.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import ArgumentError, OperationalError, SQLAlchemyError

from devchat.errors import SettingsError, StorageError

PATIENCE = 5.0
"""Seconds that a lock or an answer is waited for: GitHub wants its own within 10."""
_MOMENT = 0.05
_HINTS = {
    "locked": "another program holds it; it is tried again",
    "full": "make room on the disk",
}
_HINT = "see that it is up, and that `DEVCHAT_DATABASE_URL` leads to it"


def read_address(database_url: str) -> sa.URL:
    """Return an address with the driver that we ship. Raises SettingsError for what is neither."""
    try:
        url = sa.make_url(database_url)
    except ArgumentError:
        url = sa.URL.create("none")
    if url.drivername.startswith("postgresql") and url.database:
        return url.set(drivername="postgresql+psycopg")
    if url.drivername == "sqlite" and url.database and Path(url.database).is_absolute():
        return url
    raise SettingsError(
        "the database's address is not one of SQLite or PostgreSQL",
        "write `sqlite:////absolute/path.db` or `postgresql://user@host/name`",
    )


def open_engine(database_url: str, *, patience: float = PATIENCE) -> sa.Engine:
    """Open connections that wait at most `patience` seconds for a lock or an answer.

    An SQLite file is made (0600) with its folder (0700), and keeps a write-ahead log, so that
    readers and one writer don't wait for each other. Raises StorageError.
    """
    url = read_address(database_url)
    if url.drivername == "sqlite":
        return _open_file(url, patience)
    return sa.create_engine(
        url, connect_args=_limits(patience), pool_pre_ping=True, hide_parameters=True
    )


def _open_file(url: sa.URL, patience: float) -> sa.Engine:
    path = Path(url.database or "")
    with translated(url):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(FileExistsError):
            # Never where it is there: closing any handle of a file frees the locks that SQLite has
            # on it in this process, and another one would then delete the write-ahead log that we
            # go on writing to. https://sqlite.org/howtocorrupt.html, 2.2
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    engine = sa.create_engine(url, connect_args={"timeout": patience}, hide_parameters=True)
    event.listen(engine, "connect", _prepare)
    try:
        with translated(url):
            _keep_log(engine, time.monotonic() + patience)
    except StorageError:
        engine.dispose()
        raise
    return engine


def _keep_log(engine: sa.Engine, until: float) -> None:
    """Have a write-ahead log kept; of several that want it of a new file SQLite lets none wait."""
    while True:
        try:
            with engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA journal_mode = WAL")
            return
        except OperationalError as error:
            if "locked" not in str(error.orig) or time.monotonic() > until:
                raise
        time.sleep(_MOMENT)


def _prepare(connection: Any, _record: object) -> None:
    # A transaction that reads before it writes could not go on when another one wrote meanwhile.
    connection.isolation_level = "IMMEDIATE"
    connection.execute("PRAGMA foreign_keys = ON")
    # A killed process loses nothing committed. For a power cut DBOS, which takes a job on within
    # a second, syncs the log with all that is in it. https://sqlite.org/pragma.html#pragma_synchronous
    connection.execute("PRAGMA synchronous = NORMAL")


def _limits(patience: float) -> dict[str, object]:
    """Let no connection wait for ever: for a lock, an answer, or a machine that is gone.

    https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS
    """
    milliseconds = int(patience * 1000)
    return {
        "connect_timeout": max(2, int(patience / 2)),
        "tcp_user_timeout": milliseconds,
        "options": f"-c statement_timeout={milliseconds} -c lock_timeout={milliseconds}",
    }


@contextmanager
def translated(url: sa.URL) -> Iterator[None]:
    """Raise StorageError for whatever the database or its file refuses; without its password."""
    name = url.database if url.drivername == "sqlite" else f"{url.host or ''}/{url.database}"
    try:
        yield
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise StorageError(f"`{name}` can't be used: {reason}", _HINT) from error
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).partition("\n")[0].strip()
        hint = next((hint for word, hint in _HINTS.items() if word in reason), _HINT)
        raise StorageError(f"`{name}` can't be used: {reason}", hint) from error
