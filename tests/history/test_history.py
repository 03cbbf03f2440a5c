"""The tree of turns, the writing down of answers, and what deleting leaves."""

from __future__ import annotations

import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from devchat.errors import UsageError
from devchat.history import IN_MEMORY, Conversation, History, Turn, open_history
from devchat.types import Chunk, Completion, Usage

USAGE = Usage(10, 2, 4, exact=False)


@pytest.fixture
def history() -> Iterator[History]:
    with open_history(IN_MEMORY) as history:
        yield history


def done(text: str, reasoning: str = "") -> Completion:
    return Completion(text, reasoning, USAGE, "stop", "m")


def exchange(history: History, one: Conversation, parent: Turn | None, number: int) -> Turn:
    question = history.add(one, parent, "user", f"question {number}")
    recorder = history.answer(question, "m", "this machine")
    recorder.finish(done(f"answer {number}"), 0.5)
    return recorder.turn


def texts(turns: tuple[Turn, ...]) -> list[str]:
    return [turn.text for turn in turns]


def test_an_answer_is_kept_with_all_that_is_known_of_it(history: History) -> None:
    one = history.start("a title")
    question = history.add(one, None, "user", "why?")
    recorder = history.answer(question, "m", "this machine")
    recorder.feed(Chunk("reasoning", "hm"))
    recorder.feed(Chunk("note", "a wait"))
    recorder.feed(Chunk("text", "because"))
    recorder.finish(done("because", "hm"), 1.5)
    first, answer = history.thread(recorder.turn.id)
    assert (first, answer) == (question, recorder.turn)
    assert (answer.status, answer.usage, answer.seconds) == ("complete", USAGE, 1.5)
    assert (answer.model, answer.location, answer.reasoning) == ("m", "this machine", "hm")
    latest = history.latest()
    assert latest is not None and latest == history.find(one.id)
    assert (latest.title, latest.head, latest.turns, latest.model) == ("a title", answer.id, 2, "m")
    assert recorder.failure is None


@pytest.mark.parametrize("how", ["interrupted", "error", "streaming", "stopped"])
def test_what_came_of_an_answer_is_kept_however_it_ends(history: History, how: str) -> None:
    one = history.start()
    recorder = history.answer(history.add(one, None, "user", "q"), "m", "here")
    for piece in ("some", "thing"):
        recorder.feed(Chunk("text", piece))
    if how == "interrupted":
        recorder.interrupt()
    elif how == "error":
        recorder.fail("the engine died")
    elif how == "stopped":
        recorder.finish(Completion("something", "", USAGE, "interrupted", "m"), 1.0)
    kept = history.thread(recorder.turn)[-1]
    assert kept.status == ("interrupted" if how == "stopped" else how)
    assert "something".startswith(kept.text) and kept.text.startswith("some")
    assert kept.error == ("the engine died" if how == "error" else "")
    assert history.unfinished() == ()  # this process may still write


def test_going_back_forks_the_tree_and_deletes_nothing(history: History) -> None:
    one = history.start()
    first = exchange(history, one, None, 1)
    before = exchange(history, one, first, 2)
    history.set_head(one, first)
    other = exchange(history, one, first, 3)
    assert texts(history.thread(before)) == ["question 1", "answer 1", "question 2", "answer 2"]
    assert texts(history.thread(other)) == ["question 1", "answer 1", "question 3", "answer 3"]
    assert history.find(one.id).turns == 4
    history.set_head(one, None)
    assert (history.find(one.id).head, history.find(one.id).turns) == (None, 0)


def test_deleting_leaves_what_a_fork_shares(history: History) -> None:
    one, two, three = history.start("1"), history.start("2"), history.start("3")
    first = exchange(history, one, None, 1)
    second = exchange(history, one, first, 2)
    history.set_head(two, first)
    grown = exchange(history, three, second, 3)
    history.remove(one)
    assert [found.title for found in history.list()] == ["3", "2"]
    assert texts(history.thread(first)) == ["question 1", "answer 1"]
    assert len(history.thread(grown)) == 6
    history.remove(two)
    assert len(history.thread(grown)) == 6 and len(history.search("question")) == 3
    history.remove(three)
    assert history.list() == () and history.search("question") == ()


def test_pruning_by_age_and_by_number(history: History) -> None:
    names = [history.start(str(number)).id for number in range(5)]

    def prune(before: float | None = None, keep: int | None = None) -> int:
        stale = history.stale(before=before, keep=keep)
        history.remove(*stale)
        return len(stale)

    assert prune(before=0) == 0
    assert prune(keep=3) == 2
    assert {found.id for found in history.list()} == set(names[2:])
    edge = history.find(names[3]).updated
    assert prune(before=edge) == 1
    assert prune(before=edge + 3600, keep=1) == 1
    assert [found.title for found in history.list()] == ["4"]


def test_an_id_may_be_shortened_while_it_is_clear(history: History) -> None:
    names = sorted(history.start().id for _ in range(33))
    assert all(len(name) == 8 and name.isalnum() and name == name.lower() for name in names)
    assert history.find(f" {names[0].upper()} ").id == names[0]
    alike = next(a[0] for a, b in zip(names, names[1:], strict=False) if a[0] == b[0])
    with pytest.raises(UsageError, match=f"`{alike}` may mean"):
        history.find(alike)
    for nobody in ("", "%", "_", "zzzzzzzzz", "\udc80"):
        with pytest.raises(UsageError, match="there is no conversation"):
            history.find(nobody)


def test_bytes_that_are_no_text_do_not_break_it(history: History) -> None:
    one = history.start("a\udc80")
    turn = history.add(one, None, "user", "b\udc80\x00c")
    assert history.thread(turn)[0].text == turn.text == "b?\x00c"


def test_the_file_and_its_folder_are_private(home: Path) -> None:
    path = home / "new" / "history.db"
    with open_history(path) as history:
        history.start()
        modes = {stat.S_IMODE(each.stat().st_mode) for each in path.parent.iterdir()}
        assert modes == {0o600} and stat.S_IMODE(path.parent.stat().st_mode) == 0o700


ANSWERER = """
import os, sys
from pathlib import Path
from devchat.history import open_history
from devchat.types import Chunk
history = open_history(Path(sys.argv[1]))
one = history.start("cut off")
recorder = history.answer(history.add(one, None, "user", "count"), "m", "here")
recorder.feed(Chunk("text", "one two"))
print(recorder.turn.id, flush=True)
sys.stdin.read()
os._exit(1)
"""


def test_a_crash_is_told_only_while_one_would_go_on_from_there(home: Path) -> None:
    path = home / "history.db"
    line = [sys.executable, "-c", ANSWERER, str(path)]
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as answering:
        assert answering.stdout is not None
        cut = int(answering.stdout.readline())
        with open_history(path) as history:
            (one,) = history.list()
            assert history.unfinished() == ()  # it is being written
            answering.communicate()
            assert history.unfinished() == (one,)
            fork = history.start("a fork")
            history.set_head(fork, cut)
            assert {found.id for found in history.unfinished()} == {one.id, fork.id}
            history.set_head(one, None)
            assert [found.id for found in history.unfinished()] == [fork.id]
            history.set_head(one, cut)
            further = history.add(one, cut, "user", "go on")
            assert history.unfinished() == ()
            history.set_head(one, cut)  # back to where it was gone on from
            assert history.unfinished() == ()
            assert [turn.id for turn in history.thread(further)][-2:] == [cut, further.id]


def test_a_search_makes_no_conversation_the_latest(home: Path) -> None:
    path = home / "history.db"
    line = [sys.executable, "-c", ANSWERER, str(path)]
    subprocess.run(line, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    with open_history(path) as history:
        (cut_off,) = history.list()
        exchange(history, history.start("a later one"), None, 1)
        before = history.list()
        assert [hit.turn.text for hit in history.search("answer")] == ["answer 1"]
        assert history.list() == before and before[1] == cut_off


WRITER = """
import sys
from pathlib import Path
from devchat.history import open_history
with open_history(Path(sys.argv[1])) as history:
    one = history.start(sys.argv[2])
    turn = None
    for number in range(20):
        turn = history.add(one, turn, "user", f"from {sys.argv[2]}: {number}")
"""


def test_several_processes_begin_and_write_at_once(home: Path) -> None:
    path = home / "history.db"
    line = [sys.executable, "-c", WRITER, str(path)]
    running = [subprocess.Popen([*line, f"writer{n}"], stderr=subprocess.PIPE) for n in range(6)]
    assert [process.communicate()[1] for process in running] == [b""] * 6
    with open_history(path) as history:
        assert sorted(found.turns for found in history.list()) == [20] * 6
        assert len(history.search("writer3", 100)) == 20
