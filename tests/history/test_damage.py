"""Damage to the index alone, to the log alone, and to the turns: what is whole stays in place."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from devchat.errors import StorageError
from devchat.history import History, open_history
from devchat.types import Completion, Usage

TURNS = 400
REBUILT = "the search index of the history was damaged: it is built again, no turn is lost"
PAGE = 4096


@pytest.fixture
def path(home: Path) -> Path:
    """A history of one conversation, whose index has several levels."""
    path, chance = home / "history.db", random.Random(1)
    with open_history(path) as history:
        one, turn = history.start("old"), None
        for number in range(TURNS):
            words = " ".join(f"w{chance.randrange(5000)}" for _ in range(30))
            turn = history.add(one, turn, "user", f"question{number} 问题 {words}")
    return path


def pages_of(path: Path, tables: str) -> list[int]:
    """The pages of the tables whose names match, all but the first of each."""
    with closing(sqlite3.connect(path)) as connection:
        sql = "SELECT pageno FROM dbstat WHERE name GLOB ?"
        return [row[0] for row in connection.execute(sql, (tables,))]


def zeroed(tables: str) -> Callable[[Path], None]:
    def spoil(path: Path) -> None:
        pages = pages_of(path, tables)
        with path.open("r+b") as file:
            for page in pages:
                file.seek((page - 1) * PAGE)
                file.write(bytes(PAGE))

    return spoil


def changed(sql: str) -> Callable[[Path], None]:
    def spoil(path: Path) -> None:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(sql)
            connection.commit()

    return spoil


INDEX = {
    "all of it": zeroed("words*"),
    "its words": zeroed("words_data"),
    "its copies": zeroed("words_content"),
    "its settings": zeroed("words_config"),
    "segments are missing": changed("DELETE FROM words_data WHERE id > 1000"),
    "leaves are garbage": changed("UPDATE words_data SET block = x'ffffffff' WHERE id > 1000"),
}


@pytest.mark.parametrize("spoil", INDEX.values(), ids=INDEX.keys())
def test_a_damaged_index_is_built_again_in_its_place(
    path: Path, spoil: Callable[[Path], None]
) -> None:
    spoil(path)
    with open_history(path) as history:
        assert len(history.search("问题", TURNS * 2)) == TURNS
        assert [hit.snippet[:10] for hit in history.search("question77")] == ["question77"]
        assert history.note == REBUILT
        go_on(history)
    with open_history(path) as history:
        assert history.note == "" and len(history.thread(TURNS)) == TURNS
    assert not list(path.parent.glob("*corrupt*"))
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        connection.execute("INSERT INTO words (words) VALUES ('integrity-check')")


def go_on(history: History) -> None:
    one = history.list()[0]
    question = history.add(one, one.head, "user", "and then?")
    recorder = history.answer(question, "m", "here")
    recorder.finish(Completion("so", "", Usage(1, 1), "stop", "m"), 1.0)
    assert recorder.failure is None
    assert [hit.turn for hit in history.search("and then")] == [question]


def test_an_index_that_breaks_while_it_is_used_costs_one_try(path: Path) -> None:
    with open_history(path) as history:
        changed("UPDATE words_data SET block = x'ffffffff'")(path)
        one = history.list()[0]
        try:
            turn = history.add(one, one.head, "user", "new")
        except StorageError as error:
            assert "was damaged, and is mended" in error.message
            turn = history.add(one, one.head, "user", "new")
        assert history.thread(turn)[-1].text == "new" and history.note == REBUILT
        assert len(history.search("new")) == 1


@pytest.mark.parametrize("tables", ["turns", "conversations", "turns*"])
def test_damaged_turns_are_set_aside_with_all_that_belongs_to_them(path: Path, tables: str) -> None:
    log = b"\x37\x7f\x06\x82 a log that belongs to it"
    zeroed(tables)(path)
    path.with_name("history.db-wal").write_bytes(log)
    spoiled = path.read_bytes()
    with open_history(path) as history:
        note = history.note
        assert history.list() == ()
        go_on_anew(history)
    (aside,) = [each for each in path.parent.glob("*.corrupt-*") if not each.name.endswith("-wal")]
    assert note == f"the history was broken: it is kept as `{aside.name}`, and a new one begun"
    assert aside.read_bytes() == spoiled


def go_on_anew(history: History) -> None:
    history.add(history.start("new"), None, "user", "q")
    assert len(history.search("q")) == 1


@pytest.mark.parametrize("log", [bytes(40_000), b"garbage " * 5_000], ids=["zeros", "words"])
def test_a_garbage_log_alone_is_set_aside(path: Path, log: bytes) -> None:
    path.with_name("history.db-wal").write_bytes(log)
    with open_history(path) as history:
        (aside,) = path.parent.glob("*.corrupt-*-wal")
        assert (
            history.note == f"the newest turns could not be read: they are kept as `{aside.name}`"
        )
        assert aside.read_bytes() == log
        assert len(history.search("问题", TURNS * 2)) == TURNS
        go_on(history)
    with open_history(path) as history:
        assert history.note == ""
