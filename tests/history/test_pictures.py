"""Pictures and texts that a question was asked with: kept once, found again, forgotten with it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from devchat.history import History, Turn, open_history
from devchat.types import Chunk, Completion, Image, Usage

SHOT = Image("shot.png", "image/png", b"\x89PNG" + bytes(range(256)) * 4000)
OTHER = Image("图.png", "image/png", b"\x89PNG other")


@pytest.fixture
def path(home: Path) -> Path:
    return home / "history.db"


@pytest.fixture
def history(path: Path) -> Iterator[History]:
    with open_history(path) as history:
        yield history


def count(path: Path, table: str) -> int:
    with closing(sqlite3.connect(path)) as connection:
        number: int = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        return number


def on_disk(path: Path) -> bytes:
    return b"".join(each.read_bytes() for each in sorted(path.parent.glob("history.db*")))


def test_they_come_back_in_order_with_the_turn(history: History) -> None:
    turn = history.add(
        history.start(), None, "user", "what?", images=[OTHER, SHOT], prompt="p", system=""
    )
    (kept,) = history.thread(turn)
    assert kept == turn and (kept.prompt, kept.system) == ("p", "")
    assert [one.name for one in kept.pictures] == ["图.png", "shot.png"]
    assert (kept.pictures[1].bytes, len(kept.pictures[1].sha256)) == (len(SHOT.data), 64)
    assert history.images(kept) == (OTHER, SHOT)
    assert history.images(history.add(kept.conversation, kept, "user", "none")) == ()


def test_the_same_picture_is_kept_once_while_a_turn_has_it(history: History, path: Path) -> None:
    one, two = history.start("1"), history.start("2")
    again = replace(SHOT, name="again.png")
    first = history.add(one, None, "user", "a", images=[SHOT, again, OTHER])
    history.add(two, None, "user", "b", images=[SHOT])
    assert (count(path, "pictures"), count(path, "attached")) == (2, 4)
    assert [image.name for image in history.images(first)][:2] == ["shot.png", "again.png"]
    large = len(on_disk(path))
    history.remove(one)
    assert (count(path, "pictures"), count(path, "attached")) == (1, 1)
    history.remove(two)
    assert (count(path, "pictures"), count(path, "attached")) == (0, 0)
    assert len(on_disk(path)) < large - len(SHOT.data)
    assert SHOT.data[:1000] not in on_disk(path)


def test_a_fork_keeps_the_pictures_that_it_shares(history: History) -> None:
    one, two = history.start("1"), history.start("2")
    question = history.add(one, None, "user", "a", images=[SHOT])
    history.set_head(two, question)
    history.remove(one)
    (shared,) = history.thread(question)
    assert history.images(shared) == (SHOT,)


def test_turns_are_copied_between_histories_as_they_are(history: History, home: Path) -> None:
    one = history.start("a title")
    question = history.add(one, None, "user", "q", images=[SHOT], prompt="p", system="s")
    recorder = history.answer(question, "m", "here")
    recorder.feed(Chunk("text", "half"))
    recorder.fail("it broke")
    retold = history.answer(question, "m", "here")
    retold.finish(Completion("whole", "hm", Usage(1, 2, 3), "stop", "m"), 2.5)
    with open_history(home / "other.db") as other:
        for answer in (recorder.turn, retold.turn):
            copied = other.copy(history, (question, answer), one, None)
            assert [plain(turn) for turn in copied] == [plain(question), plain(answer)]
            assert other.images(copied[0]) == (SHOT,)
            assert other.find(one.id).head == copied[-1].id
            assert other.thread(copied[-1]) == copied
        assert len(other.list()) == 1 and len(other.search("whole")) == 1


def plain(turn: Turn) -> Turn:
    """The turn without its place, which is another one there."""
    return replace(turn, id=0, parent=None)
