"""Every key of `devchat chat`, pressed in a real terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.chatting import (
    ALT_ENTER,
    DOWN,
    ENTER,
    ESCAPE,
    TAB,
    UP,
    Chat,
    control,
    write_script,
)

WORDS = " ".join(f"word{number}" for number in range(1000))


@pytest.fixture
def talk(environ: dict[str, str], home: Path) -> Chat:
    """A conversation with a model that says `echo 1`, `echo 2`, ..."""
    (home / "src").mkdir()
    (home / "src" / "main.py").write_text("print('main')\n")
    model = write_script(home, *(f"echo {number}" for number in range(1, 10)))
    return Chat(environ, home, "-m", model)


@pytest.fixture
def slow(environ: dict[str, str], home: Path) -> Chat:
    """A conversation with a model that takes a long time to say a thousand words."""
    model = write_script(home, WORDS, "and so on", tokens_per_second=50)
    return Chat(environ, home, "-m", model)


def test_enter_sends(talk: Chat) -> None:
    with talk:
        talk.say("hello")
        talk.wait("echo 1")
        talk.ready()


def test_enter_sends_nothing_where_there_is_nothing(talk: Chat) -> None:
    with talk:
        talk.ready()
        talk.send(ENTER, " ", ENTER, control("j"), ENTER)
        talk.send("hello")
        talk.wait("hello")
        assert talk.text.count(">") == 1


@pytest.mark.parametrize("newline", [control("j"), ALT_ENTER, "\\\r"])
def test_a_new_line_within_a_message(talk: Chat, newline: str) -> None:
    with talk:
        talk.ready()
        talk.send("first", newline, "second")
        talk.wait("second")
        assert "> first\n  second" in talk.text
        talk.send(ENTER)
        talk.wait("echo 1")
        talk.say("/save talk.md")
        talk.wait("written to")
        assert "first\nsecond\n" in (Path(talk.child.cwd) / "talk.md").read_text()


@pytest.mark.parametrize("key", [control("c"), ESCAPE])
def test_a_key_interrupts_an_answer_and_keeps_what_came(slow: Chat, key: str) -> None:
    with slow:
        slow.say("count")
        slow.wait("word5")
        slow.send(key)
        slow.wait("interrupted; what came is kept")
        slow.wait_match(r"\b1\d\d of 8,192 tokens \(2%\)")
        slow.say("/save talk.md")
        slow.wait("written to")
        saved = (Path(slow.child.cwd) / "talk.md").read_text()
        assert "(interrupted)" in saved and "word5" in saved and "word999" not in saved
        slow.say("/continue")
        slow.wait("and so on")


def test_pressing_it_twice_is_no_more(slow: Chat) -> None:
    with slow:
        slow.say("count")
        slow.wait("word5")
        slow.send(control("c") + control("c"))
        slow.wait("interrupted; what came is kept")
        slow.ready()


@pytest.mark.measured
def test_what_is_typed_during_an_answer_becomes_the_draft(slow: Chat) -> None:
    with slow:
        slow.say("count")
        slow.wait("word5")
        slow.send("next tehn", "\x7f\x7f\x7f", UP, "hen", "中")
        slow.wait("word20")
        assert "next then" not in slow.text
        slow.send(ESCAPE)
        slow.wait("> next then中")


@pytest.mark.measured
@pytest.mark.parametrize("key", [control("c"), ESCAPE])
def test_a_key_clears_the_draft_then_asks_once_then_leaves(talk: Chat, key: str) -> None:
    with talk:
        talk.ready()
        talk.send("a draft")
        talk.wait("> a draft")
        talk.send(key)
        talk.ready()
        talk.send(key)
        talk.wait("leaves; other keys stay")
        talk.send("x")
        talk.wait_gone("other keys stay")
        talk.send(key)
        talk.ready()
        talk.send(key)
        talk.wait("leaves; other keys stay")
        talk.send(key)
        assert talk.end() == 0


def test_control_d_leaves(talk: Chat) -> None:
    with talk:
        talk.ready()
        talk.send(control("d"))
        assert talk.end() == 0


def test_arrows_bring_back_what_was_entered_even_yesterday(
    talk: Chat, environ: dict[str, str], home: Path
) -> None:
    with talk:
        talk.say("the first one")
        talk.say("the second one")
        talk.ready()
        talk.send(control("d"))
        talk.end()
    inputs = home / "data" / "inputs.jsonl"
    assert inputs.stat().st_mode & 0o777 == 0o600
    with Chat(environ, home, "-m", "scripted:script.json") as again:
        again.ready()
        again.send(UP)
        again.wait("> the second one")
        again.send(UP)
        again.wait("> the first one")
        again.send(DOWN)
        again.wait("> the second one")


def test_arrows_search_by_what_was_begun(talk: Chat) -> None:
    with talk:
        talk.say("apples and pears")
        talk.say("plums")
        talk.say("apricots")
        talk.ready()
        talk.send("ap", UP)
        talk.wait("> apricots", times=2)
        talk.send(UP)
        talk.wait("> apples and pears", times=2)
        talk.send(DOWN)
        talk.wait("> apricots", times=2)


def test_control_r_searches_what_was_entered(talk: Chat) -> None:
    with talk:
        talk.say("apples and pears")
        talk.say("plums")
        talk.ready()
        talk.send(control("r"), "pea")
        talk.wait("I-search backward: pea")
        talk.wait("apples and pears", times=2)
        talk.send(ENTER)
        talk.send(ENTER)
        talk.wait("echo 3")


@pytest.mark.parametrize("chord", [(control("x"), control("e")), (control("g"),)])
def test_the_draft_in_an_editor(
    environ: dict[str, str], home: Path, chord: tuple[str, ...]
) -> None:
    editor = home / "editor.sh"
    editor.write_text("#!/bin/sh\nprintf ' and\\nmore' >> \"$1\"\n")
    editor.chmod(0o755)
    model = write_script(home, "echo 1")
    with Chat(environ | {"EDITOR": str(editor)}, home, "-m", model) as talk:
        talk.ready()
        talk.send("a draft")
        talk.wait("> a draft")
        talk.send(*chord)
        talk.wait("> a draft and\n  more")
        talk.send(ENTER)
        talk.wait("echo 1")


@pytest.mark.measured
def test_an_editor_that_fails_leaves_the_draft(environ: dict[str, str], home: Path) -> None:
    with Chat(environ | {"EDITOR": "false"}, home, "-m", write_script(home, "x")) as talk:
        talk.ready()
        talk.send("a draft")
        talk.wait("> a draft")
        talk.send(control("g"))
        talk.wait("the editor `false` ended with code 1")
        talk.wait("> a draft")


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("/sea", "> /search"),
        ("/drop x", "> /drop x"),
        ("/prompt com", "> /prompt commit"),
        ("what is @sr", "> what is @src/"),
        ("看看，@src/ma", "> 看看，@src/main.py"),
        ("（@src/ma", "> （@src/main.py"),
        ("，看@src/", "> ，看@src/main.py"),
        ("解释@sr", "> 解释@src/"),
        ('@"src/ma', "> @src/main.py"),
        ("/file src/ma", "> /file src/main.py"),
        ("/help con", "> /help con"),
        ("me@sr", "> me@sr"),
    ],
)
def test_tab_completes(talk: Chat, typed: str, completed: str) -> None:
    with talk:
        talk.ready()
        talk.send(typed)
        talk.wait(f"> {typed}")
        talk.send(TAB)
        talk.wait(completed)


@pytest.mark.measured
def test_tab_completes_conversations_and_models(talk: Chat, home: Path) -> None:
    with talk:
        talk.say("how are you?")
        talk.wait("echo 1")
        talk.ready()
        talk.send("/resume ", TAB)
        talk.wait_match(r"> /resume [a-z2-7]{8}")
        talk.send(control("c"))
        talk.ready()
        (home / "data" / "models").mkdir(parents=True)
        talk.send("/model tin", TAB)
        talk.wait("> /model tiny")


@pytest.mark.measured
def test_a_menu_is_closed_before_anything_else(talk: Chat) -> None:
    with talk:
        talk.ready()
        talk.send("/co", TAB)
        talk.wait("/context")
        talk.send(TAB)
        talk.wait("> /continue")
        talk.send(ENTER)
        talk.wait_gone("/context")
        talk.send(ESCAPE)
        talk.ready()
        talk.send("/co", TAB)
        talk.wait("/context")
        talk.send(ESCAPE)
        talk.wait_gone("/context")
        talk.wait("> /co")
