"""Conversations that last: crashes, resuming, several at once, long ones, broken storage."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from devchat.history import open_history
from devchat.settings import Paths
from devchat.types import Chunk
from tests.cli.chatting import ENTER, Chat, control, pasted, saved, write_script
from tests.cli.conftest import kept
from tests.conftest import Devchat

WORDS = " ".join(f"word{number}" for number in range(1000))


def test_killed_while_answering_then_resumed(environ: dict[str, str], home: Path) -> None:
    model = write_script(home, WORDS, tokens_per_second=50)
    with Chat(environ, home, "-m", model) as talk:
        talk.say("count @script.json")
        talk.wait("word30")
        os.kill(talk.child.pid, signal.SIGKILL)
        talk.end()
    model = write_script(home, "and so on")
    with Chat(environ, home, "-m", model) as talk:
        name = talk.wait_match(r"(?<=/resume )[a-z2-7]{8}")
        talk.say(f"/resume {name}")
        talk.wait("it was cut off here: `/continue` goes on with it")
        assert "word10" in talk.text
        talk.say("/continue")
        talk.wait("and so on")
        talk.ready()
    with Chat(environ, home, "-m", model, "-c") as talk:
        talk.wait("and so on")
        talk.ready()
        assert "cut off" not in talk.text


@pytest.mark.measured
def test_killed_before_the_answer_then_continued(
    environ: dict[str, str], home: Path, paths: Paths
) -> None:
    with open_history(paths.history) as history:
        record = history.start("unanswered")
        history.add(record, None, "user", "are you there?")
    with Chat(environ, home, "-m", write_script(home, "Yes."), "--session", record.id) as talk:
        talk.wait("it has no answer: `/continue` asks for one")
        talk.say("/continue")
        talk.wait("Yes.")
        talk.ready()
        assert talk.text.count("are you there?") == 1


@pytest.mark.measured
def test_a_long_question_is_cut_when_it_is_shown_again(environ: dict[str, str], home: Path) -> None:
    with Chat(environ, home, "-m", write_script(home, "echo 1")) as talk:
        talk.ready()
        talk.send(pasted("\n".join(f"line {number}" for number in range(100))), ENTER)
        talk.wait("echo 1")
        talk.ready()
        talk.send(control("d"))
        talk.end()
    with Chat(environ, home, "-m", write_script(home, "x"), "-c") as talk:
        talk.wait("  line 5\n  ... 88 more lines\n  line 94\n")


def test_nothing_to_go_on_with(devchat: Devchat, environ: dict[str, str], home: Path) -> None:
    with Chat(environ, home, "-m", write_script(home, "x"), "-c") as talk:
        assert talk.end() == 2
        assert "there is no conversation to go on with" in talk.text


def test_no_save_keeps_nothing(environ: dict[str, str], home: Path, paths: Paths) -> None:
    with Chat(environ, home, "-m", write_script(home, "echo 1"), "--no-save") as talk:
        talk.say("a secret")
        talk.wait("echo 1")
        talk.ready()
    assert not paths.history.exists()


@pytest.mark.measured
def test_no_save_goes_on_and_keeps_nothing(environ: dict[str, str], home: Path) -> None:
    with Chat(environ, home, "-m", write_script(home, "the answer")) as talk:
        talk.say("the question")
        talk.wait("the answer")
        talk.ready()
    with Chat(environ, home, "-m", write_script(home, "more"), "-c", "--no-save") as talk:
        talk.wait("> the question\n\nthe answer")
        talk.say("and then?")
        talk.wait("more")
        talk.say("/context")
        talk.wait_match(r"1  sent .* the question\n2  sent .* and then")
    assert [turn.text.strip() for turn in kept(home)] == ["the question", "the answer"]


@pytest.mark.measured
def test_two_conversations_can_not_be_gone_on_with(environ: dict[str, str], home: Path) -> None:
    with Chat(environ, home, "-m", write_script(home, "x"), "-c", "--session", "abc") as talk:
        assert talk.end() == 2
        assert "`--continue` and `--session` name two conversations" in talk.text


def test_what_is_mended_meanwhile_is_said(environ: dict[str, str], home: Path) -> None:
    with Chat(environ, home, "-m", write_script(home, "one")) as talk:
        talk.say("怎样提交代码？")
        talk.wait("one")
        talk.ready()
        with closing(sqlite3.connect(home / "data" / "history.db")) as connection:
            connection.execute("UPDATE words_data SET block = x'ffffffff' WHERE id > 1000")
            connection.commit()
        talk.say("/search 代码")
        talk.wait(
            "怎样提交代码？\n\n`/resume ID` goes on with one\nthe search index of the history"
        )
        talk.ready()
        assert talk.text.count("is built again") == 1


def test_two_at_once_on_one_history(environ: dict[str, str], home: Path, paths: Paths) -> None:
    model = write_script(home, *["one"] * 5)
    with Chat(environ, home, "-m", model) as first, Chat(environ, home, "-m", model) as second:
        for number in range(5):
            for name, talk in (("first", first), ("second", second)):
                talk.say(f"{name} {number}")
                talk.wait("\none", times=number + 1)
        first.ready()
        second.ready()
    with open_history(paths.history) as history:
        assert sorted((one.title, one.turns) for one in history.list()) == [
            ("first 0", 10),
            ("second 0", 10),
        ]


@pytest.mark.measured
def test_an_answer_that_another_one_writes_now(
    environ: dict[str, str], home: Path, paths: Paths
) -> None:
    with open_history(paths.history) as history:
        record = history.start("busy")
        recorder = history.answer(history.add(record, None, "user", "hm?"), "m", "here")
        recorder.feed(Chunk("text", "so"))
        with Chat(environ, home, "-m", write_script(home, "x"), "-c") as talk:
            talk.wait("another devchat is writing this answer now")


def test_a_failed_answer_keeps_what_came(environ: dict[str, str], home: Path) -> None:
    broken = {"text": "It beg", "error": {"message": "the line broke", "hint": "ask again"}}
    with Chat(environ, home, "-m", write_script(home, broken, "It begins.")) as talk:
        talk.say("well?")
        talk.wait("error: the line broke")
        talk.say("/retry")
        talk.wait("It begins.")
        talk.ready()
        talk.send(control("d"))
        talk.end()
    with Chat(environ, home, "-m", write_script(home, broken)) as talk:
        talk.say("well?")
        talk.wait("error: the line broke")
        talk.ready()
    with Chat(environ, home, "-m", write_script(home, "x"), "-c") as talk:
        talk.wait("It beg")
        talk.wait("it failed here: `/retry` asks again")


@pytest.mark.measured
def test_without_a_place_to_write_the_conversation_goes_on(
    environ: dict[str, str], home: Path
) -> None:
    (home / "data").write_text("a file where the folder should be")
    with Chat(environ, home, "-m", write_script(home, "echo 1", "echo 2")) as talk:
        talk.wait("this conversation is kept in memory only")
        talk.say("hello")
        talk.wait("echo 1")
        talk.say("/rewind")
        talk.wait("> hello", times=2)


@pytest.mark.measured
@pytest.mark.parametrize("way", ["waited for", "Ctrl-C"])
def test_a_history_that_is_locked_for_a_while_loses_nothing(
    environ: dict[str, str], home: Path, paths: Paths, way: str
) -> None:
    model = write_script(home, "echo 1", "echo 2", "echo 3")
    with Chat(environ, home, "-m", model) as talk:
        talk.say("first")
        talk.wait("echo 1")
        talk.ready()
        blocker = sqlite3.connect(paths.history)
        blocker.execute("BEGIN EXCLUSIVE")
        talk.say("second")
        talk.wait("echo 2")
        talk.wait("waiting to keep this")
        if way == "Ctrl-C":
            talk.send(control("c"))
            talk.wait("this answer is not kept")
            talk.say("/new")
            talk.wait("error: this conversation can't be written to the history yet")
            talk.ready()
        blocker.close()
        talk.say("third")
        talk.wait("echo 3")
        talk.ready()
        assert ("all of this conversation is kept now" in talk.text) == (way == "Ctrl-C")
        with open_history(paths.history) as history:
            latest = history.latest()
            assert latest is not None and latest.head is not None
            kept = [turn.text.strip() for turn in history.thread(latest.head)]
        assert kept == ["first", "echo 1", "second", "echo 2", "third", "echo 3"]
        text = saved(talk)
        assert [text.count(word) for word in ("first", "second", "third", "echo 1")] == [1] * 4


def test_a_picture_stays_in_the_conversation(environ: dict[str, str], home: Path) -> None:
    png = bytes.fromhex("89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489")
    (home / "dot.png").write_bytes(png)
    model = write_script(home, "A dot.", "Still a dot.", images=True)
    with Chat(environ, home, "-m", model) as talk:
        talk.say("what is @dot.png?")
        talk.wait("A dot.")
        talk.say("sure?")
        talk.wait("Still a dot.")
        talk.say("/context")
        talk.wait_match(r"sent +1,2\d\d tokens")


@pytest.mark.parametrize("columns", [30, 120])
def test_resized_while_answering_and_while_typing(
    environ: dict[str, str], home: Path, columns: int
) -> None:
    model = write_script(home, "一二三四五六七八九十" * 20, tokens_per_second=100)
    with Chat(environ, home, "-m", model) as talk:
        talk.say("数一数，好吗？")
        talk.wait("一二三")
        talk.resize(columns, 24)
        talk.ready()
        assert talk.text.count("十") >= 20
        talk.send("宽字符" * 8)
        talk.wait("宽字符")
        talk.resize(60, 24)
        talk.wait("宽字符" * 8)


def test_it_stops_and_goes_on(environ: dict[str, str], home: Path) -> None:
    model = write_script(home, WORDS, tokens_per_second=50)
    with Chat(environ, home, "-m", model) as talk:
        talk.say("count")
        talk.wait("word5")
        os.kill(talk.child.pid, signal.SIGCONT)
        talk.wait("word20")
        talk.send("\x1b")
        talk.wait("interrupted; what came is kept")


@pytest.mark.measured
def test_the_embedded_model_answers(environ: dict[str, str], home: Path, devchat: Devchat) -> None:
    try:
        with Chat(environ, home, "--seed", "1", "--max-tokens", "8") as talk:
            talk.wait("tiny, fluent, often wrong")
            talk.say("Say hello.")
            talk.wait_match(
                r"tiny on this machine · \d+ of 8,192|SmolLM2\S* on this machine · [1-9]"
            )
            talk.say("/compact")
            talk.wait("too small a model to summarise")
    finally:
        devchat("models", "stop", "--all")


def test_inputs_that_are_damaged_are_passed_over(environ: dict[str, str], home: Path) -> None:
    (home / "data").mkdir()
    lines = [b"{not json", json.dumps("kept").encode(), b"42", b"\xff\xfe"]
    (home / "data" / "inputs.jsonl").write_bytes(b"\n".join(lines))
    with Chat(environ, home, "-m", write_script(home, "x")) as talk:
        talk.ready()
        talk.send("\x1b[A")
        talk.wait("> kept")
