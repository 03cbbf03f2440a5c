"""A history of 100,000 turns: opening it, finding words in it, and what keeping an answer costs."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter

from devchat.history import open_history
from devchat.history.words import tokens
from tests.benchmarks.pairs import Row

TURNS = 100_000
ROUNDS = 15
WORDS = ["git", "rebase", "commit", "branch", "merge", "async", "error", "index", "cache", "lock"]
CHINESE = "数据库的索引怎样加快查询速度并且避免锁住整个文件"
SEARCHES = ("rebase", "rebase async", "查询速度", "锁", "needle", "索引 commit")
OPEN_BAR, SEARCH_BAR, KEEP_BAR = 20.0, 100.0, 10.0


def measure(environ: Mapping[str, str]) -> list[Row]:
    """Time the opening of a large history, the slowest of some searches, and one answer kept."""
    path = Path(environ["DEVCHAT_DATA_DIR"]) / "large" / "history.db"
    fill(path)
    size = f"{path.stat().st_size / 1e6:,.0f} MB"
    opened = milliseconds(lambda: open_history(path).close())
    with open_history(path) as history:
        searched = {one: milliseconds(partial(history.search, one)) for one in SEARCHES}
    kept = median(keep(path) for _ in range(ROUNDS))
    slowest = max(searched, key=lambda one: searched[one])
    return [
        Row(f"open a history of {TURNS:,} turns", opened, OPEN_BAR, " ms", size),
        Row(
            f"search in {TURNS:,} turns, the slowest of {len(SEARCHES)}",
            searched[slowest],
            SEARCH_BAR,
            " ms",
            ", ".join(f"`{one}` {taken:.1f} ms" for one, taken in searched.items()),
        ),
        Row("before the first word: open it, write the question", kept, KEEP_BAR, " ms", size),
    ]


def keep(path: Path) -> float:
    """Do what `ask` does to the history before an answer; it is closed only afterwards."""
    started = perf_counter()
    with open_history(path) as history:
        question = history.add(history.start("a question"), None, "user", "a question " * 50)
        history.answer(question, "model", "this machine")
        return (perf_counter() - started) * 1000


def milliseconds(run: Callable[[], object]) -> float:
    """The median over the rounds, after one that isn't counted."""
    taken = []
    for _ in range(ROUNDS + 1):
        started = perf_counter()
        run()
        taken.append((perf_counter() - started) * 1000)
    return median(taken[1:])


def fill(path: Path) -> None:
    """Write conversations of twenty turns, straight into the tables for speed."""
    chance = random.Random(1)
    open_history(path).close()
    with closing(sqlite3.connect(path)) as connection:
        for number in range(1, TURNS // 20 + 1):
            _conversation(connection, number, chance)
        connection.commit()


def _conversation(connection: sqlite3.Connection, number: int, chance: random.Random) -> None:
    name = f"c{number:07}"
    row = (name, f"title {number}", number, number)
    connection.execute("INSERT INTO conversations VALUES (?, ?, ?, ?, NULL, 'm')", row)
    first = (number - 1) * 20 + 1
    for depth in range(20):
        text = " ".join(chance.choices(WORDS, k=60)) + CHINESE[chance.randrange(20) :]
        text += " needle" if chance.random() < 0.0001 else ""
        turn = first + depth
        values = (turn, turn - 1 if depth else None, name, depth + 1, "user", text, number)
        connection.execute(
            """INSERT INTO turns (id, parent, conversation, depth, role, text, status, created)
            VALUES (?, ?, ?, ?, ?, ?, 'complete', ?)""",
            values,
        )
        connection.execute("INSERT INTO words (rowid, tokens) VALUES (?, ?)", (turn, tokens(text)))
    connection.execute("UPDATE conversations SET head = ? WHERE id = ?", (first + 19, name))
