"""Opening the database: what two processes that use one file must not do to each other."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.database import open_engine
from devchat.errors import StorageError

ASK = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
print(connection.execute(sys.argv[2]).fetchone()[0])
connection.close()
"""


def elsewhere(path: Path, query: str) -> str:
    """Ask the file in another process, which closes it then, as `devchat-bot status` does."""
    command = [sys.executable, "-c", ASK, str(path), query]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_what_is_committed_is_never_lost_to_another_process_that_ends(home: Path) -> None:
    path = home / "data" / "bot.db"
    engines = [open_engine(f"sqlite:///{path}") for _ in range(2)]  # as the queue and the ledger do
    with engines[0].begin() as connection:
        connection.execute(sa.text("CREATE TABLE jobs (id TEXT)"))
    open_engine(f"sqlite:///{path}").dispose()
    for number in range(3):
        assert elsewhere(path, "SELECT count(*) FROM jobs") == str(number)
        with engines[number % 2].begin() as connection:
            connection.execute(sa.text("INSERT INTO jobs VALUES ('a')"))
    for engine in engines:
        engine.dispose()
    assert elsewhere(path, "SELECT count(*) FROM jobs") == "3"


@pytest.mark.parametrize("name", ["bot.db", "deep/er/bot.db"])
def test_a_file_is_made_for_its_owner_alone(home: Path, name: str) -> None:
    path = home / "data" / name
    open_engine(f"sqlite:///{path}").dispose()
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_who_opens_a_new_file_while_another_sets_it_up_waits_for_that(home: Path) -> None:
    path = home / "bot.db"
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StorageError, match="locked"):
        open_engine(f"sqlite:///{path}", patience=0.2)
    done = threading.Timer(0.3, other.execute, ["COMMIT"])
    done.start()
    open_engine(f"sqlite:///{path}", patience=60.0).dispose()
    done.join()
    other.close()
