"""A history that another program holds: the answer comes at once, and is kept afterwards."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from devchat.history import Hit, open_history
from tests.conftest import Devchat


@pytest.fixture
def lock(devchat: Devchat, home: Path) -> Iterator[sqlite3.Connection]:
    """A history with an answer in it, which another program holds."""
    (home / "script.json").write_text(json.dumps({"answers": ["the answer"]}))
    devchat("ask", "-m", "scripted:script.json", "before")
    with closing(sqlite3.connect(home / "data" / "history.db")) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield other


def asking(home: Path, environ: dict[str, str], *args: str) -> subprocess.Popen[bytes]:
    line = [sys.executable, "-m", "devchat", "ask", "-m", "scripted:script.json", *args]
    return subprocess.Popen(
        line, env=environ, cwd=home, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def until_it_waits(process: subprocess.Popen[bytes]) -> None:
    """Read the whole answer, then the note that it is not kept yet."""
    assert process.stdout is not None and process.stderr is not None
    assert process.stdout.readline() == b"the answer\n"
    waiting = b"another program holds the history: waiting to keep this; Ctrl-C gives up"
    assert process.stderr.readline().startswith(waiting)
    assert process.poll() is None


def questions(home: Path) -> list[tuple[str, str]]:
    with open_history(home / "data" / "history.db") as history:
        threads = [history.thread(one.head) for one in history.list() if one.head is not None]
    return [(question.text.strip(), answer.status) for question, answer in threads]


@pytest.mark.parametrize("way", [[], ["-c"]], ids=["a new conversation", "an old one"])
def test_what_is_locked_while_asking_is_kept_once_it_is_free(
    home: Path, environ: dict[str, str], lock: sqlite3.Connection, way: list[str]
) -> None:
    with asking(home, environ, *way, "q") as process:
        until_it_waits(process)
        lock.rollback()
        assert process.wait() == 0
        assert process.stderr is not None and process.stderr.read() == b"this is kept now\n"
    with open_history(home / "data" / "history.db") as history:
        found = history.latest()
        assert found is not None and found.head is not None
        thread = [(turn.text.strip(), turn.status) for turn in history.thread(found.head)]
    assert thread[-2:] == [("q", "complete"), ("the answer", "complete")]
    assert len(thread) == (4 if way else 2)
    assert [hit.turn.text.strip() for hit in history_of(home, "q")] == ["q"]


def history_of(home: Path, words: str) -> tuple[Hit, ...]:
    with open_history(home / "data" / "history.db") as history:
        return history.search(words)


def test_ctrl_c_ends_the_waiting(
    home: Path, environ: dict[str, str], lock: sqlite3.Connection
) -> None:
    with asking(home, environ, "q") as process:
        until_it_waits(process)
        process.send_signal(signal.SIGINT)
        assert process.wait() == 130
        assert process.stderr is not None
        assert process.stderr.read() == b"this answer is not kept: it was not waited for\n"
    lock.rollback()
    assert questions(home) == [("before", "complete")]


def test_a_lock_that_stays_is_said_after_half_a_minute(
    home: Path, environ: dict[str, str], lock: sqlite3.Connection
) -> None:
    with asking(home, environ, "q") as process:
        until_it_waits(process)
        assert process.wait() == 0
        assert process.stderr is not None
        said = process.stderr.read().decode()
    assert said.startswith("this answer is not kept: ") and said.count("\n") == 1
    assert "is locked by another program" in said
    lock.rollback()
    assert questions(home) == [("before", "complete")]


def test_commands_say_that_it_is_locked(devchat: Devchat, lock: sqlite3.Connection) -> None:
    listed = json.loads(devchat("history", "list", "--json").stdout)["conversations"]
    done = devchat("history", "rm", "--yes", listed[0]["id"])
    assert done.returncode == 6 and "is locked by another program" in done.stderr
