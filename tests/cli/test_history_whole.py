"""Who goes on with a conversation sees it as it was asked: system text, prompt and pictures."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from devchat.history import Turn, open_history
from tests.cli.chatting import Chat
from tests.cli.conftest import Script
from tests.conftest import Devchat

PNG = bytes.fromhex("89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489")
SHOWN = f"[picture shot.png: image/png, {len(PNG)} bytes]"
PROMPT = """+++
inputs = ["question", "files"]
temperature = 0.5
+++

# System

You are terse.

# User

$question

$files
"""
Sent = Callable[..., list[dict[str, str]]]


@pytest.fixture
def model(home: Path, scripted: Script) -> str:
    """A model that sees pictures, and a picture."""
    (home / "shot.png").write_bytes(PNG)
    return scripted(*(f"answer {number}" for number in range(9)), images=True)


@pytest.fixture
def sent(devchat: Devchat, model: str) -> Sent:
    """What would be sent with a next question: role and content of each message."""

    def look(*args: str) -> list[dict[str, str]]:
        done = devchat("ask", "-m", model, "--dry-run", "--json", *args, "and now?")
        assert done.returncode == 0, done.stderr
        messages: list[dict[str, Any]] = json.loads(done.stdout)["messages"]
        return [{one["role"]: one["content"].strip()} for one in messages]

    return look


def last_question(home: Path) -> Turn:
    with open_history(home / "data" / "history.db") as history:
        latest = history.latest()
        assert latest is not None and latest.head is not None
        return [turn for turn in history.thread(latest.head) if turn.role == "user"][-1]


def test_ask_goes_on_as_it_began(devchat: Devchat, model: str, sent: Sent, home: Path) -> None:
    devchat("ask", "-m", model, "-s", "You are a pirate.", "-f", "shot.png", "what is this?")
    began = [
        {"system": "You are a pirate."},
        {"user": f"what is this?\n\n{SHOWN}"},
        {"assistant": "answer 0"},
    ]
    assert [list(one.values())[0].split() for one in sent("-c")] == [
        list(one.values())[0].split() for one in [*began, {"user": "and now?"}]
    ]
    assert sent("-c", "-s", "Be kind.")[0] == {"system": "Be kind."}
    assert sent()[0]["system"].startswith("You are devchat")
    assert sent("-c", "-p", "ask")[0]["system"].startswith("You are devchat")
    devchat("ask", "-m", model, "-c", "sure?")
    question = last_question(home)
    assert (question.system, question.prompt, question.pictures) == ("You are a pirate.", "ask", ())


def test_a_prompt_of_the_user_goes_on_and_may_be_gone(
    devchat: Devchat, model: str, sent: Sent, home: Path
) -> None:
    folder = home / "config" / "prompts"
    folder.mkdir(parents=True)
    (folder / "terse.md").write_text(PROMPT)
    devchat("ask", "-m", model, "-p", "terse", "one")
    assert sent("-c")[0] == {"system": "You are terse."}
    done = devchat("ask", "-m", model, "-c", "--dry-run", "--json", "two")
    assert json.loads(done.stdout)["options"]["temperature"] == 0.5
    (folder / "terse.md").unlink()
    done = devchat("ask", "-m", model, "-c", "two")
    assert (done.returncode, done.stdout) == (0, "answer 0\n")
    assert "going on with the prompt `ask`: " in done.stderr and "terse" in done.stderr


def test_a_prompt_about_files_goes_on_with_words_alone(
    devchat: Devchat, model: str, sent: Sent, home: Path
) -> None:
    devchat("ask", "-m", model, "-p", "commit", stdin="diff --git a/x b/x\n")
    assert sent("-c")[0]["system"].startswith("You write git commit messages")
    assert devchat("ask", "-m", model, "-c", "shorter").returncode == 0
    assert last_question(home).prompt == "commit"


@pytest.mark.measured
def test_a_prompt_that_wants_more_than_a_question_goes_on_by_its_system_text(
    devchat: Devchat, model: str, sent: Sent, home: Path
) -> None:
    devchat("explain", "-m", model, stdin="def f():\n    return 1\n")
    system = last_question(home).system
    assert system is not None and system.startswith("You explain to software developers")
    assert sent("-c")[0] == {"system": system.strip()}


@pytest.mark.measured
def test_a_model_that_reads_only_text_goes_on_without_the_pictures(
    devchat: Devchat, model: str, scripted: Script
) -> None:
    devchat("ask", "-m", model, "-f", "shot.png", "what is this?")
    done = devchat("ask", "-m", scripted("blind"), "-c", "sure?")
    assert (done.returncode, done.stdout) == (0, "blind\n")
    assert done.stderr == "1 earlier picture left out: this model reads only text\n"


@pytest.mark.measured
def test_chat_resumes_retries_and_forks_with_all_of_it(
    devchat: Devchat, environ: dict[str, str], model: str, sent: Sent, home: Path
) -> None:
    devchat("ask", "-m", model, "-s", "You are a pirate.", "-f", "shot.png", "what is this?")
    with Chat(environ, home, "-m", model, "-c") as talk:
        talk.wait(f"picture: shot.png (png, {len(PNG)} bytes)")
        talk.say("/system")
        talk.wait("You are a pirate.")
        talk.say("/context")
        talk.wait_match(r"sent +1,2\d\d tokens")
        talk.say("/retry")
        talk.wait("answer 0", times=2)
        talk.say("/fork")
        talk.wait("goes on from here")
        talk.say("sure?")
        talk.wait("answer 1")
        talk.say("/new")
        talk.wait("the system text stays")
        talk.say("/system -")
        talk.say("hello")
        talk.wait("answer 2")
        fork = listed(devchat)[1]
        talk.say(f"/resume {fork}")
        talk.wait("answer 1", times=2)
        talk.say("/system")
        talk.wait("You are a pirate.", times=2)
        talk.say("/rewind 2")
        talk.wait("1 attached")
    assert sent("-c")[0]["system"].startswith("You are devchat")


def listed(devchat: Devchat) -> list[str]:
    """The ids of all conversations, the newest first."""
    found = json.loads(devchat("history", "list", "--json").stdout)["conversations"]
    return [one["id"] for one in found]


def test_show_and_export_say_which_pictures_there_were(devchat: Devchat, model: str) -> None:
    devchat("ask", "-m", model, "-s", "You are a pirate.", "-f", "shot.png", "what is this?")
    line = f"picture: shot.png (png, {len(PNG)} bytes)"
    assert line in devchat("history", "show").stdout
    assert f"*{line}*" in devchat("history", "export").stdout
    told = json.loads(devchat("history", "export", "--format", "json").stdout)["turns"][0]
    assert (told["system"], told["prompt"]) == ("You are a pirate.", "ask")
    (picture,) = told["pictures"]
    assert (picture["name"], picture["bytes"]) == ("shot.png", len(PNG))


@pytest.mark.parametrize("how", ["-c", "--session"])
def test_examples_belong_before_a_first_question(devchat: Devchat, model: str, how: str) -> None:
    devchat("ask", "-m", model, "one")
    (name,) = listed(devchat)
    done = devchat("ask", "-m", model, how, *([name] if how == "--session" else []),
                   "--shots", "1", "two")  # fmt: skip
    assert done.returncode == 2 and "`--shots` sends examples before a first" in done.stderr
