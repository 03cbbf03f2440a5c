"""A conversation whose file can't be written for a while: memory holds it, then the file has it."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from devchat.history import History, Turn, open_history
from devchat.history.keeper import Keeper
from devchat.types import Completion, Image, Usage

SHOT = Image("shot.png", "image/png", b"\x89PNG")


@pytest.fixture
def path(home: Path) -> Path:
    return home / "history.db"


@pytest.fixture
def history(path: Path) -> Iterator[History]:
    with open_history(path) as history:
        yield history


@pytest.fixture
def lock(path: Path, history: History) -> Iterator[sqlite3.Connection]:
    """Another program; `BEGIN IMMEDIATE` holds the file."""
    history.list()
    with closing(sqlite3.connect(path, check_same_thread=False)) as other:
        yield other


@pytest.fixture
def said() -> list[str]:
    return []


def exchange(keeper: Keeper, number: int) -> Turn:
    keeper.ask(f"question {number}", f"question {number}", [SHOT], "ask", "Be brief.")
    recorder = keeper.answer(keeper.turns, "m", "here")
    recorder.finish(Completion(f"answer {number}", "", Usage(1, 1), "stop", "m"), 1.0)
    keeper.ended(recorder)
    return keeper.turns[-1]


def soon(lock: sqlite3.Connection) -> None:
    """Let go of the file in a moment."""
    threading.Timer(0.3, lock.rollback).start()


def texts(path: Path, id: str) -> list[str]:
    with open_history(path) as history:
        found = history.find(id)
        turns = history.thread(found.head) if found.head is not None else ()
        assert all(history.images(turn) == (SHOT,) for turn in turns if turn.role == "user")
        return [turn.text for turn in turns]


def both(*numbers: int) -> list[str]:
    return [f"{what} {number}" for number in numbers for what in ("question", "answer")]


def went_on(keeper: Keeper) -> list[int]:
    exchange(keeper, 2)
    return [1, 2]


def forked(keeper: Keeper) -> list[int]:
    keeper.fork()
    exchange(keeper, 2)
    return [1, 2]


def went_back(keeper: Keeper) -> list[int]:
    keeper.move(())
    exchange(keeper, 2)
    return [2]


def only_went_back(keeper: Keeper) -> list[int]:
    keeper.move(())
    keeper.settle()
    return []


@pytest.mark.parametrize("what", [went_on, forked, went_back, only_went_back])
def test_what_was_done_while_it_was_locked_comes_home(
    path: Path,
    history: History,
    lock: sqlite3.Connection,
    said: list[str],
    what: Callable[[Keeper], list[int]],
) -> None:
    keeper = Keeper(history, None, said.append)
    exchange(keeper, 1)
    lock.execute("BEGIN IMMEDIATE")
    soon(lock)
    expected = both(*what(keeper))
    assert said == [] and keeper.history is history and keeper.record is not None
    assert [turn.text for turn in keeper.turns] == expected == texts(path, keeper.record.id)
    exchange(keeper, 3)
    assert texts(path, keeper.record.id) == [*expected, *both(3)]
    assert len(history.list()) == (2 if what is forked else 1)


def test_a_conversation_that_begins_while_it_is_locked(
    path: Path, history: History, lock: sqlite3.Connection, said: list[str]
) -> None:
    lock.execute("BEGIN IMMEDIATE")
    keeper = Keeper(history, None, said.append)
    soon(lock)
    first = exchange(keeper, 1)
    assert first.id < 10 and keeper.record is not None
    assert texts(path, keeper.record.id) == both(1) and history.find(keeper.record.id).turns == 2


def test_an_answer_whose_end_is_locked_out(
    path: Path, history: History, lock: sqlite3.Connection, said: list[str]
) -> None:
    keeper = Keeper(history, None, said.append)
    keeper.ask("q", "question 1", [SHOT], "ask", None)
    recorder = keeper.answer(keeper.turns, "m", "here")
    lock.execute("BEGIN IMMEDIATE")
    recorder.finish(Completion("answer 1", "", Usage(1, 1), "stop", "m"), 1.0)
    assert recorder.failure is not None
    soon(lock)
    keeper.ended(recorder)
    assert keeper.record is not None and texts(path, keeper.record.id) == both(1)
    assert said == [] and history.unfinished() == ()


def test_a_conversation_that_is_deleted_while_it_goes_on(
    path: Path, history: History, said: list[str]
) -> None:
    keeper = Keeper(history, None, said.append)
    exchange(keeper, 1)
    keeper.ask("q", "question 2", [SHOT], "ask", None)
    recorder = keeper.answer(keeper.turns, "m", "here")
    assert keeper.record is not None
    with open_history(path) as other:
        other.remove(keeper.record)
    recorder.finish(Completion("answer 2", "", Usage(1, 1), "stop", "m"), 1.0)
    keeper.ended(recorder)
    assert history.list() == () and history.search("answer") == ()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM words").fetchone() == (0,)
    exchange(keeper, 3)
    kept = [turn.text for turn in history.thread(history.find(keeper.record.id).head or 0)]
    assert kept == both(1, 2, 3) and said == []


FULL = """
import json, resource, sys
from pathlib import Path
from devchat.history import open_history
from devchat.history.keeper import Keeper
from tests.history.test_keeper import exchange

def room(limit):
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))

said = []
with open_history(Path(sys.argv[1])) as history:
    keeper = Keeper(history, None, said.append)
    exchange(keeper, 1)
    room(1000)
    exchange(keeper, 2)
    exchange(keeper, 3)
    room(resource.RLIM_INFINITY)
    exchange(keeper, 4)
    keeper.close()
    print(json.dumps([keeper.record.id, said]))
"""


@pytest.mark.measured
def test_a_full_disk_that_has_room_again(path: Path) -> None:
    line = [sys.executable, "-c", FULL, str(path)]
    root = Path(__file__).parent.parent.parent
    done = subprocess.run(line, capture_output=True, cwd=root, text=True, check=True)
    id, said = json.loads(done.stdout)
    assert texts(path, id) == both(1, 2, 3, 4)
    failed, back = said
    assert failed.startswith(f"this answer is not kept: `{path}` can't be used: ")
    assert back == "all of this conversation is kept now"


LATE = """
import json, resource, sys
from pathlib import Path
from devchat.history import open_history
from devchat.history.keeper import Keeper
from devchat.types import Completion, Usage
from tests.history.test_keeper import SHOT

def room(limit):
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))

with open_history(Path(sys.argv[1])) as history:
    keeper, unkept = Keeper(history, None, lambda text: None), []
    for number in (1, 2):
        keeper.ask("q", f"question {number}", [SHOT], "ask", None)
        answer = keeper.answer(keeper.turns, "m", "here")
        room(1000 if number == 1 else resource.RLIM_INFINITY)
        answer.finish(Completion(f"answer {number}", "", Usage(1, 1), "stop", "m"), 1.0)
        keeper.ended(answer)
        unkept.append(keeper.unkept)
        if sys.argv[2] == "between":
            room(resource.RLIM_INFINITY)
    print(json.dumps([keeper.record.id, [turn.text for turn in keeper.turns], unkept]))
"""


@pytest.mark.parametrize("when", ["between", "during the next answer"])
def test_an_answer_that_had_no_room_is_written_with_the_next(path: Path, when: str) -> None:
    line = [sys.executable, "-c", LATE, str(path), when]
    root = Path(__file__).parent.parent.parent
    done = subprocess.run(line, capture_output=True, cwd=root, text=True, check=True)
    id, turns, unkept = json.loads(done.stdout)
    assert texts(path, id) == both(1, 2) == turns
    assert unkept == [True, False]
