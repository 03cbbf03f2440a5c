"""Kill a writing process again and again; nothing that it called finished may be missing."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

from devchat.history import open_history

ROOT = Path(__file__).parent.parent.parent


def kill_often(path: Path, rounds: int) -> int:
    """Kill at random moments, check after each, and return how many turns were finished."""
    chance, finished = random.Random(rounds), 0
    for _ in range(rounds):
        writing = subprocess.Popen(
            [sys.executable, "-m", "tests.history.writing", str(path)],
            stdout=subprocess.PIPE,
            cwd=ROOT,
        )
        time.sleep(chance.uniform(0.05, 0.4))
        writing.kill()
        told = writing.communicate()[0].decode().rpartition("\n")[0].split()
        finished += len(told)
        check(path, [int(number) for number in told])
    return finished


def check(path: Path, finished: list[int]) -> None:
    """See that a history opens, is whole, and holds the finished turns."""
    with open_history(path) as history:
        assert history.note == ""
        for number in finished[-2:]:
            assert history.thread(number)[-1].status == "complete"
        if finished:
            thread = history.thread(finished[-1])
            assert [turn.id for turn in thread] == finished
            assert all(len(history.images(turn)) == 2 for turn in thread[::2])
        history.search("回答", 5)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
