"""A worker's name, held while its process lives: so that two never have the same, and so that
others see at once when it is gone.

The kernel frees the lock of a file with the process; PostgreSQL frees an advisory lock with the
connection. https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from time import sleep
from typing import Protocol

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from bot.database import read_address, translated
from devchat.errors import SettingsError

RETAKES, PROBE_SECONDS = 5, 0.2
"""How often, and how long apart, a name is asked for: a peer that looks for us holds it moments."""


class Lease(Protocol):
    """The name of this worker."""

    name: str

    def keep(self) -> None:
        """See that the name is still ours, or take it again. Raises as `open_lease` does."""

    def gone(self, names: Iterable[str]) -> set[str]:
        """Return those of other workers' names that nobody holds any more."""

    def close(self) -> None:
        """Let the name go."""


def open_lease(database_url: str, name: str) -> Lease:
    """Take a name. Raises SettingsError where another worker has it, StorageError."""
    url = read_address(database_url)
    lease = FileLease(url) if url.drivername == "sqlite" else AdvisoryLease(url, name)
    lease.keep()
    return lease


class FileLease:
    """The one worker on an SQLite file."""

    name = "worker"

    def __init__(self, url: sa.URL) -> None:
        self._url = url
        self._path = Path(f"{url.database}.worker")
        self._handle = -1

    def keep(self) -> None:
        """Lock the file beside the database, once."""
        if self._handle >= 0:
            return
        with translated(self._url):
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(handle)
                raise SettingsError(
                    f"another worker is at work on `{self._url.database}`",
                    "SQLite takes one; `DEVCHAT_DATABASE_URL=postgresql://...` takes many",
                ) from None
        self._handle = handle

    def gone(self, names: Iterable[str]) -> set[str]:
        """Return all: there is no other worker."""
        return set(names)

    def close(self) -> None:
        """Let the name go."""
        os.close(self._handle)


class AdvisoryLease:
    """One of many workers on PostgreSQL: a connection of its own holds a lock on its name."""

    def __init__(self, url: sa.URL, name: str) -> None:
        self.name = name or f"{os.uname().nodename}-{os.getpid()}-{os.urandom(3).hex()}"
        self._url = url
        self._engine = sa.create_engine(
            url, poolclass=NullPool, isolation_level="AUTOCOMMIT", connect_args=_watched()
        )
        self._connection: sa.Connection | None = None
        self._free: set[str] = set()

    def keep(self) -> None:
        """Ask the connection for a sign of life; make a new one, with the lock, where it is dead.

        A peer holds the lock for moments while it looks whether we are gone.
        """
        with translated(self._url):
            if self._connection is not None:
                try:
                    self._connection.execute(sa.text("SELECT 1"))
                except SQLAlchemyError:
                    self._drop()
                    raise
                return
            connection = self._engine.connect()
            if _is_pooled(connection):
                connection.close()
                raise SettingsError(
                    f"`{self._url.host or ''}/{self._url.database}` is reached through a pooler",
                    "lead `DEVCHAT_DATABASE_URL` to PostgreSQL itself: its session holds our name",
                )
            self._take(connection)

    def gone(self, names: Iterable[str]) -> set[str]:
        """Return those found free twice, a beat apart: who lost its connection takes it again."""
        if self._connection is None:
            return set()
        free = {name for name in names if self._is_free(self._connection, name)}
        twice, self._free = free & self._free, free
        return twice

    def close(self) -> None:
        """Let the name go."""
        self._drop()
        self._engine.dispose()

    def _take(self, connection: sa.Connection) -> None:
        for _ in range(RETAKES):
            if self._try(connection, self.name):
                self._connection = connection
                return
            sleep(PROBE_SECONDS)
        connection.close()
        raise SettingsError(
            f"another worker is named `{self.name}`", "give each worker a name of its own"
        )

    def _try(self, connection: sa.Connection, name: str) -> bool:
        query = sa.text("SELECT pg_try_advisory_lock(:key)")
        with translated(self._url):
            return bool(connection.execute(query, {"key": _key(name)}).scalar_one())

    def _is_free(self, connection: sa.Connection, name: str) -> bool:
        if not self._try(connection, name):
            return False
        with translated(self._url):
            query = sa.text("SELECT pg_advisory_unlock(:key)")
            return bool(connection.execute(query, {"key": _key(name)}).scalar_one())

    def _drop(self) -> None:
        if self._connection is not None:
            with suppress(SQLAlchemyError):
                self._connection.close()
            self._connection = None


def _is_pooled(connection: sa.Connection) -> bool:
    """Tell whether another process answers than the one that greeted us.

    PgBouncer greets in its own name, and may give each transaction another session: our lock would
    stay with one that is not ours. https://www.pgbouncer.org/features.html
    """
    greeted = connection.connection.driver_connection
    assert greeted is not None
    answers = connection.execute(sa.text("SELECT pg_backend_pid()")).scalar_one()
    return bool(greeted.info.backend_pid != answers)


def _key(name: str) -> int:
    return int.from_bytes(hashlib.sha256(f"devchat-bot {name}".encode()).digest()[:8], signed=True)


def _watched() -> dict[str, object]:
    """Let both sides notice within seconds that the other's machine is gone."""
    probes = {"keepalives_idle": 2, "keepalives_interval": 1, "keepalives_count": 3}
    served = " ".join(f"-c tcp_{name}={value}" for name, value in probes.items())
    return {"connect_timeout": 3, "tcp_user_timeout": 5000, "options": served, **probes}
