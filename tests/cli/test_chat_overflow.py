"""`devchat chat` when the window is full, and what of a long conversation is shown again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from devchat.history import History, open_history
from devchat.settings import Paths
from devchat.types import Chunk
from tests.cli.chatting import Chat, write_script
from tests.fakes.service import Service, said


def long_talk(history: History, exchanges: int) -> str:
    """Write a conversation of so many exchanges, the first of which names a zebra."""
    record = history.start("a long talk")
    turn = None
    for number in range(exchanges):
        word = "zebra" if number == 0 else "thing"
        turn = history.add(record, turn, "user", f"question {number} about a {word}")
        recorder = history.answer(turn, "scripted", "this machine")
        recorder.feed(Chunk("text", f"answer {number} " + "filler " * 30))
        recorder.interrupt()
        turn = recorder.turn
    return record.id


def test_resume_prints_the_last_turns_only(
    environ: dict[str, str], home: Path, paths: Paths
) -> None:
    with open_history(paths.history) as history:
        name = long_talk(history, 5)
    with Chat(environ, home, "-m", write_script(home, "x"), "--session", name[:5]) as talk:
        talk.wait("6 earlier turns are not shown")
        talk.wait("it was interrupted here: `/continue` goes on with it")
        talk.ready()
        assert "> question 3 about a thing\n\nanswer 3 filler" in talk.text
        assert "question 2" not in talk.text


@pytest.mark.no_cover
def test_two_hundred_turns(environ: dict[str, str], home: Path, paths: Paths) -> None:
    answers = [f"answer {number} " + "so " * 40 for number in range(100)]
    with Chat(environ, home, "-m", write_script(home, *answers, context_tokens=2000)) as talk:
        for number in range(100):
            talk.say(f"question {number}")
            talk.wait(f"\nanswer {number} ")
        talk.wait_match(r"\d+ of 99 earlier exchanges left out: the window is full")
        talk.ready()
    with open_history(paths.history) as history:
        (record,) = history.list()
        assert record.turns == 200


def test_what_is_relevant_comes_back_when_the_window_is_full(
    environ: dict[str, str], home: Path, paths: Paths
) -> None:
    with open_history(paths.history) as history:
        name = long_talk(history, 60)
    model = write_script(home, "echo 1", context_tokens=1500)
    with Chat(environ, home, "-m", model, "--session", name) as talk:
        talk.say("/context zebra")
        talk.wait_match(r"(?m)^1 +sent ")
        talk.wait_match(r"(?m)^2 +left out ")
        talk.wait_match(r"(?m)^60 +sent ")
        talk.say("what about the zebra?")
        talk.wait("1 came back as")
        talk.wait("echo 1")


def test_the_latest_exchange_stays_before_large_files(environ: dict[str, str], home: Path) -> None:
    for name in ("a.txt", "b.txt"):
        (home / name).write_text("words and more words\n" * 300)
    model = write_script(home, "echo 1", "echo 2", context_tokens=1500)
    with Chat(environ, home, "-m", model) as talk:
        talk.say("first")
        talk.wait("echo 1")
        talk.say("and @a.txt @b.txt")
        talk.wait("echo 2")
        talk.ready()
        assert "cut " in talk.text and "left out" not in talk.text


def sent(body: Any) -> list[str]:
    return [f"{one['role']}: {one['content']}" for one in body["messages"]]


def test_what_is_sent_when_the_window_is_full(
    environ: dict[str, str], home: Path, paths: Paths
) -> None:
    with open_history(paths.history) as history:
        name = long_talk(history, 60)
    (home / "config").mkdir()
    with Service([said("Striped.")]) as service:
        table = {"base_url": service.url, "context_tokens": 1500}
        lines = [f"{key} = {json.dumps(value)}" for key, value in table.items()]
        text = "\n".join(['model = "work:bright-1"', "[providers.work]", *lines])
        (home / "config" / "config.toml").write_text(text)
        keyed = environ | {"WORK_API_KEY": "k"}
        with Chat(keyed, home, "--session", name, "-s", "Be brief.") as talk:
            talk.say("what about the zebra?")
            said_so = talk.wait_match(r"\d+ of 60 earlier exchanges left out: the window is full")
            talk.wait("1 came back as")
            talk.wait("Striped.")
            talk.ready()
        messages = sent(service.bodies[-1])
    assert messages[0] == "system: Be brief."
    assert messages[-1].startswith("user: ") and "what about the zebra?" in messages[-1]
    assert messages[-3] == "user: question 59 about a thing"
    assert messages[1] == "user: question 0 about a zebra"
    left_out = int(said_so.split()[0])
    assert len(messages) == 2 + 2 * (60 - left_out) and 0 < left_out < 60
    with open_history(paths.history) as history:
        assert history.list()[0].turns == 122
