"""A history of an earlier version is brought to this one whole, however that is disturbed."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from devchat.errors import LockedError, StorageError
from devchat.history import History, open_history
from devchat.history.connection import version_of
from devchat.history.schema import VERSION

HERE = Path(__file__).parent
OPENING = """
import os, signal, sys
from pathlib import Path
from typing import Any
from devchat.history import open_history

path, last = Path(sys.argv[1]), int(sys.argv[2])
lines = 0

def count(frame, event, argument):
    global lines
    if event == "line" and frame.f_code.co_filename.endswith("history/connection.py"):
        lines += 1
        if lines == last:
            os.kill(os.getpid(), signal.SIGKILL)
    return count

sys.settrace(count)
open_history(path).close()
print(lines)
"""


@pytest.fixture
def path(home: Path) -> Path:
    """A file of version 1."""
    path = home / "history.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((HERE / "version1.sql").read_text())
    return path


def opening(path: Path, last: int = 0) -> subprocess.Popen[bytes]:
    """Open it in a process that ends before the `last` line, and prints how many it ran."""
    line = [sys.executable, "-c", OPENING, str(path), str(last)]
    # Without the environment that measures coverage, which traces lines too.
    return subprocess.Popen(line, env={}, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        number: int = connection.execute("PRAGMA user_version").fetchone()[0]
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        return number


def check(history: History) -> None:
    """See that all is there that was written by the code of version 1."""
    assert history.note == ""
    cut_off, commit, rebase = history.list()
    assert [one.title for one in (rebase, commit)] == ["what is a rebase?", "怎样提交代码？"]
    assert [one.id for one in history.unfinished()] == [cut_off.id]
    assert rebase.head is not None and commit.head is not None
    first, answer, *_, last = history.thread(rebase.head)
    assert (first.prompt, first.system, first.pictures) == ("", None, ())
    assert answer.usage is not None and answer.usage.prompt_tokens == 21 and answer.seconds == 1.5
    assert (answer.reasoning, last.status, last.text) == ("hm", "interrupted", "It joins")
    assert [turn.text for turn in history.thread(commit.head)][::3] == [first.text, "先 git add"]
    assert [hit.turn.id for hit in history.search("提交代码")] == [5]
    assert [hit.turn.text for hit in history.search("three")] == ["one two three"]


def test_all_is_there_and_goes_on(path: Path) -> None:
    for _ in range(2):
        with open_history(path) as history:
            check(history)
    assert version(path) == VERSION
    with open_history(path) as history:
        (cut_off,) = history.unfinished()
        history.add(cut_off, cut_off.head, "user", "and then?", prompt="ask", system="Be brief.")
        kept = history.thread(history.find(cut_off.id).head or 0)[-1]
        assert (kept.prompt, kept.system) == ("ask", "Be brief.")


def test_several_at_once(path: Path) -> None:
    running = [opening(path) for _ in range(6)]
    assert [process.communicate()[1] for process in running] == [b""] * 6
    with open_history(path) as history:
        check(history)


def test_killed_at_each_step(path: Path) -> None:
    """Kill it before every line that the code of the connection runs while it migrates."""
    before = path.read_bytes()
    lines = int(opening(path).communicate()[0])
    seen = set()
    for last in range(1, lines + 1, 3):
        for each in path.parent.glob("history.db*"):
            each.unlink()
        path.write_bytes(before)
        with opening(path, last) as process:
            process.communicate()
        assert process.returncode == -9
        seen.add(version(path))
        with open_history(path) as history:
            check(history)
    assert seen == {1, VERSION}


def test_a_lock_is_said_and_the_file_stays_as_it_is(path: Path) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(LockedError, match="locked by another program"):
            open_history(path)
        other.rollback()
    assert version(path) == 1
    with open_history(path) as history:
        check(history)


@pytest.mark.parametrize("in_log", [False, True], ids=["in the file", "in its log"])
def test_a_newer_one_is_refused_and_nothing_beside_it_changes(path: Path, in_log: bool) -> None:
    open_history(path).close()
    with closing(sqlite3.connect(path)) as other:
        other.execute(f"PRAGMA user_version = {VERSION + 1}")
        log = path.with_name("history.db-wal")
        written = {each: each.read_bytes() for each in (path, log)}
    if in_log:
        for each, data in written.items():
            each.write_bytes(data)
    before = {each.name: each.read_bytes() for each in path.parent.iterdir()}
    assert in_log == ("history.db-wal" in before)
    with pytest.raises(StorageError, match="written by a newer devchat"):
        open_history(path)
    after = {each.name: each.read_bytes() for each in path.parent.iterdir()}
    after.pop("history.db-shm", None)  # SQLite's note of where in the log it has read
    assert after == before


class Slow(sqlite3.Connection):
    """A connection that is overtaken by another devchat before it asks for the tables."""

    def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
        if "sqlite_schema" in sql:
            (_, _, file), *_ = super().execute("PRAGMA database_list").fetchall()
            open_history(Path(file)).close()
        return super().execute(sql, *values)


def test_a_file_whose_tables_are_just_being_made_is_ours(home: Path) -> None:
    path = home / "new.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    with closing(sqlite3.connect(path, isolation_level=None, factory=Slow)) as slow:
        assert version_of(slow, path) == 0
    assert version(path) == VERSION
