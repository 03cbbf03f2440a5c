"""A glance at the latest conversations that changes nothing: no file is made, migrated or moved.

For shells, which look while the user types. What can't be read at once is as if there were none.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from devchat.history.schema import VERSION

_HEADER_BYTES = 100
_PATIENCE_SECONDS = 0.1


def glance(path: Path, most: int) -> list[tuple[str, str]]:
    """Return the ids and titles of the latest conversations, the newest first."""
    import sqlite3

    if _version(path) != VERSION:
        return []
    # Even for a reader SQLite makes two files beside one that has a log, unless nobody can write:
    # https://sqlite.org/wal.html#read_only_databases
    logged = path.with_name(f"{path.name}-wal").exists()
    address = f"{path.absolute().as_uri()}?mode=ro&immutable={0 if logged else 1}"
    sql = "SELECT id, title FROM conversations ORDER BY updated DESC, rowid DESC LIMIT ?"
    try:
        with closing(sqlite3.connect(address, uri=True, timeout=_PATIENCE_SECONDS)) as connection:
            return connection.execute(sql, (most,)).fetchall()
    except sqlite3.Error:
        return []


def _version(path: Path) -> int:
    """Read `user_version` from the file's header (https://sqlite.org/fileformat.html); 0 = none."""
    try:
        with path.open("rb") as file:
            return int.from_bytes(file.read(_HEADER_BYTES)[60:64], "big")
    except OSError:
        return 0
