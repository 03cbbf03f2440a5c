"""Broken, foreign, newer and locked files: nothing is lost silently, and nothing hangs."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from devchat.errors import StorageError
from devchat.history import History, open_history
from devchat.history.schema import VERSION
from devchat.types import Chunk, Completion, Usage

DONE = Completion("the answer", "", Usage(1, 1), "stop", "m")


@pytest.fixture
def path(home: Path) -> Path:
    """A history with a thousand turns in it."""
    path = home / "history.db"
    with open_history(path) as history:
        one = history.start("old")
        turn = None
        for number in range(300):
            turn = history.add(one, turn, "user", f"question {number} 问题 " + "word " * 20)
    return path


def garbage(path: Path) -> None:
    path.write_bytes(b"this is no database " * 100)


def truncated(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def no_header(path: Path) -> None:
    path.write_bytes(bytes(100) + path.read_bytes()[100:])


def flipped(seed: int) -> Callable[[Path], None]:
    def flip(path: Path) -> None:
        data, chance = bytearray(path.read_bytes()), random.Random(seed)
        for _ in range(6):
            page = chance.randrange(1, len(data) // 4096)
            data[page * 4096 : page * 4096 + 512] = chance.randbytes(512)
        path.write_bytes(data)

    flip.__name__ = f"flipped_{seed}"
    return flip


BREAKS = [garbage, truncated, no_header, *map(flipped, range(12))]


@pytest.mark.parametrize("spoil", BREAKS, ids=lambda spoil: spoil.__name__)
def test_a_broken_file_is_set_aside_and_a_new_one_begun(
    path: Path, spoil: Callable[[Path], None]
) -> None:
    spoil(path)
    spoiled = path.read_bytes()
    try:
        with open_history(path) as history:
            use(history)
            note = history.note
    except StorageError as error:
        note = error.message
    aside = [each for each in path.parent.iterdir() if ".corrupt-" in each.name]
    if note:
        assert any(each.name in note for each in aside)
        assert spoiled in [each.read_bytes() for each in aside] or "flipped" in spoil.__name__
    with open_history(path) as history:
        use(history)
        assert history.note == ""


def use(history: History) -> None:
    """Read everything and write something."""
    for one in history.list():
        if one.head is not None:
            history.thread(one.head)
    history.search("question", 1000)
    question = history.add(history.start("new"), None, "user", "q")
    recorder = history.answer(question, "m", "here")
    recorder.finish(DONE, 1.0)
    if recorder.failure:
        raise recorder.failure
    for one in history.list():
        history.remove(one)


def test_two_broken_files_on_one_day_are_both_kept(path: Path) -> None:
    for number in range(3):
        path.write_bytes(f"broken {number} ".encode() * 400)
        with open_history(path) as history:
            assert "the history was broken" in history.note
    kept = [each.read_bytes()[:8] for each in path.parent.glob("*.corrupt-*")]
    assert sorted(kept) == [b"broken 0", b"broken 1", b"broken 2"]


def test_a_newer_file_is_refused_and_stays_as_it_is(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    before = path.read_bytes()
    with pytest.raises(StorageError, match="written by a newer devchat") as caught:
        open_history(path)
    assert "upgrade" in caught.value.hint and path.read_bytes() == before


def test_a_file_of_another_program_is_refused(home: Path) -> None:
    path = home / "history.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE mine (x)")
    before = path.read_bytes()
    with pytest.raises(StorageError, match="is not a history of devchat"):
        open_history(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("empty", [b"", None], ids=["an empty file", "an empty database"])
def test_an_older_file_is_brought_up_to_date(home: Path, empty: bytes | None) -> None:
    path = home / "history.db"
    if empty is None:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA user_version = 0")
            connection.execute("VACUUM")
    else:
        path.write_bytes(empty)
    with open_history(path) as history:
        use(history)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (VERSION,)


def test_a_folder_that_can_not_be_is_an_error(home: Path) -> None:
    (home / "file").write_text("")
    with pytest.raises(StorageError, match="file/history.db` can't be used"):
        open_history(home / "file" / "history.db")
    (home / "history.db").mkdir()
    with pytest.raises(StorageError, match="can't be used"):
        open_history(home / "history.db")


def test_a_lock_delays_no_piece_of_an_answer_and_a_later_write_makes_up_for_it(path: Path) -> None:
    with open_history(path) as history, closing(sqlite3.connect(path)) as other:
        question = history.add(history.start(), None, "user", "q")
        recorder = history.answer(question, "m", "here")
        other.execute("BEGIN IMMEDIATE")
        recorder.feed(Chunk("text", "the "))
        failure = recorder.failure
        assert failure is not None and "locked" in failure.message
        other.rollback()
        recorder.finish(DONE, 1.0)
        assert recorder.failure is None
        assert history.thread(recorder.turn)[-1].text == "the answer"


def test_a_lock_that_stays_is_one_error_and_the_answer_is_still_there(path: Path) -> None:
    with open_history(path) as history, closing(sqlite3.connect(path)) as other:
        recorder = history.answer(history.add(history.start(), None, "user", "q"), "m", "here")
        other.execute("BEGIN IMMEDIATE")
        recorder.finish(DONE, 1.0)
        assert recorder.failure is not None and "--no-save" in recorder.failure.hint
        assert (recorder.turn.text, recorder.turn.status) == ("the answer", "complete")
        with pytest.raises(StorageError, match="locked"):
            history.start()
        assert history.latest() is not None  # reading goes on
        other.rollback()
        history.start()
