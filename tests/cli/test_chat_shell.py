"""`!COMMAND` in `devchat chat`: its output is shown, offered for the next message, and harmless."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devchat.cli.chat.excerpt import Kept, excerpt
from tests.cli.chatting import ENTER, ESCAPE, Chat, control, pasted, saved, write_script


@pytest.fixture
def talk(environ: dict[str, str], home: Path) -> Chat:
    """A conversation with a model that says `echo 1`, `echo 2`, ..."""
    model = write_script(home, *(f"echo {number}" for number in range(1, 10)))
    return Chat(environ, home, "-m", model)


def offered(talk: Chat, command: str, *keys: str) -> None:
    talk.say(command)
    talk.wait("? [y/N]")
    talk.send(*keys)


@pytest.mark.parametrize("key", ["y", "Y"])
def test_its_output_is_attached(talk: Chat, key: str) -> None:
    with talk:
        offered(talk, "!printf 'a\\033[31mb'; echo oops >&2; exit 3", key)
        talk.wait("exit code 3\nAttach its output (8 tokens)? [y/N] y")
        talk.wait("· 1 attached")
        assert "a␛[31mboops" in talk.text
        talk.say("why?")
        talk.wait("echo 1")
        assert "boops\n[exit code 3]" in saved(talk)


@pytest.mark.parametrize("key", ["n", "N", ENTER, ESCAPE, control("c"), control("d")])
def test_it_is_refused_by_one_key(talk: Chat, key: str) -> None:
    with talk:
        offered(talk, "!echo hi", key)
        talk.wait("? [y/N] n")
        talk.ready()
        talk.say("/file")
        talk.wait("nothing is attached")
        talk.say("/file !")
        talk.wait("takes along:\n  $ echo hi")


@pytest.mark.parametrize("keys", ["what is it?", pasted("what is it?")])
def test_another_key_refuses_and_begins_the_message(talk: Chat, keys: str) -> None:
    with talk:
        offered(talk, "!echo hi", keys)
        talk.wait("? [y/N] n")
        talk.wait("> what is it?")


@pytest.mark.parametrize(("ends", "offers"), [("echo done", True), ("true", False)])
def test_what_is_typed_meanwhile_answers_nothing(talk: Chat, ends: str, offers: bool) -> None:
    with talk:
        talk.say(f"!touch begun; until test -e go; do sleep 0.05; done; {ends}")
        talk.until((Path(talk.child.cwd) / "begun").exists, "it does not begin")
        talk.send("yes", ENTER, "and", "\x7f", "y")
        talk.wait("yes\nany")
        (Path(talk.child.cwd) / "go").touch()
        if offers:
            talk.wait("? [y/N]")
            talk.send("n")
        talk.wait("> yes\n  any\n")
        talk.send(control("c"))
        talk.say("/file")
        talk.wait("nothing is attached")


@pytest.mark.measured
def test_without_output_nothing_is_offered(talk: Chat) -> None:
    with talk:
        talk.say("!true")
        talk.ready()
        talk.say("!false")
        talk.wait("exit code 1")
        talk.ready()
        talk.say("!kill -9 $$")
        talk.wait("ended by signal 9")
        talk.ready()
        assert "[y/N]" not in talk.text


@pytest.mark.measured
def test_long_output_keeps_its_beginning_and_end(environ: dict[str, str], home: Path) -> None:
    model = write_script(home, "echo 1", context_tokens=1000)
    with Chat(environ, home, "-m", model) as talk:
        offered(talk, "!seq 5000", "y")
        talk.wait_match(r"Attach its beginning and end \(\d{3} tokens\)\? \[y/N\] y")
        talk.say("what are these?")
        talk.wait("echo 1")
        text = saved(talk)
        assert "1\n2\n3\n" in text and "4999\n5000\n[exit code 0]" in text
        assert " lines are not shown]\n" in text and "\n2500\n" not in text


def test_it_is_interrupted_and_may_say_goodbye(talk: Chat) -> None:
    with talk:
        talk.say("!trap 'echo bye; exit 7' INT; echo begun; while :; do sleep 0.1; done")
        talk.wait("\nbegun")
        talk.send(control("c"))
        talk.wait("^C\nbye\ninterrupted")
        talk.ready()
        talk.say("/file !")
        talk.say("why?")
        talk.wait("echo 1")
        assert "begun\nbye\n[interrupted]" in saved(talk)


def test_one_that_is_deaf_is_killed_by_the_second_time(talk: Chat) -> None:
    with talk:
        talk.say("!trap '' INT; echo begun; while :; do sleep 0.1; echo on; done")
        talk.wait("\nbegun")
        talk.send(control("c"))
        talk.wait("^C")
        talk.wait("\non\non")
        talk.send(control("c"))
        talk.wait("interrupted")
        talk.ready()


def test_what_stays_in_the_background_is_not_waited_for(talk: Chat) -> None:
    with talk:
        offered(talk, "!sleep 600 & echo pid $!")
        process = int(talk.wait_match(r"(?<=\npid )\d+"))
        talk.send("n")
        talk.ready()
        os.kill(process, signal.SIGTERM)


def test_a_noisy_one_in_the_background_is_not_waited_for(talk: Chat) -> None:
    with talk:
        offered(talk, "!while echo again; do sleep 0.02; done & echo begun", "n")
        talk.ready()
        assert "begun" in talk.text


def test_what_it_did_to_the_terminal_is_undone(talk: Chat) -> None:
    with talk:
        talk.say("!stty -echo -icrnl")
        talk.ready()
        talk.say("!stty -a")
        talk.wait("[y/N]")
        assert " echo " in talk.text and " icrnl" in talk.text


@pytest.mark.measured
def test_a_shell_that_is_not_there(environ: dict[str, str], home: Path) -> None:
    with Chat(environ | {"SHELL": "/no/shell"}, home, "-m", write_script(home, "x")) as talk:
        talk.say("!ls")
        talk.wait("error: the shell `/no/shell` can't be started")


@given(st.lists(st.text("ab\n", max_size=30)), st.integers(8, 60))
def test_what_is_kept_of_a_stream_is_bounded(pieces: list[str], most: int) -> None:
    kept, whole = Kept(most), "".join(pieces)
    for piece in pieces:
        kept.add(piece)
    if len(whole) <= most:
        assert kept.text == whole
    else:
        beginning, end = most // 4, most - most // 4
        assert kept.missing == len(whole) - most
        assert kept.text.startswith(whole[:beginning]) and kept.text.endswith(whole[-end:])


@given(st.text("ab 字\n", max_size=3_000), st.integers(30, 400))
def test_an_excerpt_fits(text: str, room: int) -> None:
    cut = excerpt(text, room, lambda text: len(text.split(" ")) + len(text) // 3)
    assert cut == text or len(cut.split(" ")) + len(cut) // 3 <= room
    assert cut == text or "are not shown]" in cut
