"""`devchat history`, and how `ask` keeps its answers and goes on, through the front door."""

from __future__ import annotations

import json
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pexpect
import pytest
from rich.cells import cell_len

from devchat.history import open_history
from tests.cli.conftest import Ask, kept
from tests.conftest import Devchat


def ids(devchat: Devchat) -> list[str]:
    """The ids of all conversations, the newest first."""
    listed = json.loads(devchat("history", "list", "--json").stdout)
    return [one["id"] for one in listed["conversations"]]


def test_ask_keeps_question_files_and_answer(ask: Ask, devchat: Devchat, home: Path) -> None:
    (home / "a.py").write_text("alpha = 1\n")
    assert ask("It is **one**.", "-f", "a.py", "what is alpha?").stderr == ""
    question, answer = kept(home)
    assert "alpha = 1" in question.text and question.role == "user"
    assert (answer.text, answer.status) == ("It is **one**.", "complete")
    assert (answer.model, answer.location) == ("scripted:script.json", "this machine")
    assert answer.usage is not None and answer.seconds is not None
    listed = devchat("history", "list").stdout
    assert "what is alpha?" in listed and "alpha = 1" not in listed
    assert stat.S_IMODE((home / "data" / "history.db").stat().st_mode) == 0o600


def test_going_on_sends_what_was_said(ask: Ask, devchat: Devchat, home: Path) -> None:
    ask("first answer", "first question")
    ask("second answer", "-c", "second question")
    ask("elsewhere", "another matter")
    _, first = ids(devchat)
    done = ask("x", "--session", first[:5], "--dry-run", "--json", "third question")
    sent = [message["content"].strip() for message in json.loads(done.stdout)["messages"][1:]]
    assert sent == [
        "first question",
        "first answer",
        "second question",
        "second answer",
        "third question",
    ]
    ask("third answer", "--session", first[:5], "third question")
    assert [turn.text.strip() for turn in kept(home)] == [*sent, "third answer"]
    assert ids(devchat)[0] == first


def test_earlier_turns_that_do_not_fit_are_left_out_and_that_is_said(ask: Ask, home: Path) -> None:
    for number in range(6):
        ask("word " * 150, "-c" if number else "--plain", f"question {number}")
    done = ask("x", "-c", "--dry-run", "and now?", context_tokens=900, tier="tiny")
    assert "earlier exchanges left out" in done.stderr
    assert "question 5" in done.stdout and "question 1" not in done.stdout
    assert len(kept(home)) == 12


@pytest.mark.parametrize("how", ["--no-save", "--dry-run", "setting"])
def test_what_is_not_to_be_kept_is_not(ask: Ask, home: Path, how: str) -> None:
    env = {"DEVCHAT_HISTORY": "false"} if how == "setting" else {}
    done = ask("x", *([how] if how.startswith("--") else []), "q", env=env)
    assert done.returncode == 0 and not (home / "data").exists()


def test_going_on_without_keeping(ask: Ask, home: Path) -> None:
    ask("first answer", "first question")
    assert ask("second answer", "-c", "--no-save", "q").stdout == "second answer\n"
    assert len(kept(home)) == 2


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["-c"], "there is no conversation to go on with"),
        (["--session", "abc"], "there is no conversation `abc`"),
        (["-c", "--session", "abc"], "name two conversations"),
    ],
)
def test_a_conversation_that_is_not_there(ask: Ask, args: list[str], message: str) -> None:
    done = ask("x", *args, "q")
    assert (done.returncode, done.stdout) == (2, "") and message in done.stderr


def test_an_answer_that_breaks_is_kept_as_far_as_it_came(
    ask: Ask, devchat: Devchat, home: Path
) -> None:
    error = {"kind": "UnreachableError", "message": "the line went dead", "hint": ""}
    assert ask({"text": "half an", "error": error}, "q").returncode == 3
    answer = kept(home)[-1]
    assert (answer.text, answer.status, answer.error) == ("half an", "error", "the line went dead")
    shown = devchat("history", "show")
    assert "half an" in shown.stdout and "(failed: the line went dead)" in shown.stderr
    assert "(failed: the line went dead)" in devchat("history", "export").stdout


@pytest.mark.measured
def test_an_answer_without_the_code_asked_for_is_complete(ask: Ask, home: Path) -> None:
    assert ask("no code", "-x", "q").returncode == 3
    assert kept(home)[-1].status == "complete"


@pytest.mark.parametrize("form", ["--plain", "--json"])
@pytest.mark.parametrize("way", ["interrupt", "reader leaves", "both"])
def test_a_cut_answer_is_kept(home: Path, environ: dict[str, str], way: str, form: str) -> None:
    script = {"answers": ["word " * 120 + "\n"], "tokens_per_second": 60}
    (home / "script.json").write_text(json.dumps(script))
    line = [sys.executable, "-m", "devchat", "ask", "-m", "scripted:script.json", form, "q"]
    process = subprocess.Popen(
        line, env=environ, cwd=home, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None and process.stderr is not None
    until_kept(home, "word word word")
    process.send_signal(signal.SIGSTOP)  # so that both happen at once
    if way != "interrupt":
        process.stdout.close()
    if way != "reader leaves":
        process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGCONT)
    if way == "interrupt":
        assert b"word word word" in process.stdout.read()
        process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait() == (0 if way == "reader leaves" else 130)
    process.stderr.close()
    answer = kept(home)[-1]
    whole = (way, form) == ("reader leaves", "--json")
    assert answer.status == ("complete" if whole else "interrupted")
    assert answer.text.startswith("word word word")


def until_kept(home: Path, text: str) -> None:
    """Wait until an answer in the history begins so."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        if (home / "data" / "history.db").exists():
            with open_history(home / "data" / "history.db") as history:
                found = [history.thread(one.head)[-1] for one in history.list() if one.head]
            if any(turn.text.startswith(text) for turn in found):
                return
        time.sleep(0.02)
    raise AssertionError(f"no answer begins with {text!r}")


@pytest.mark.measured
def test_list_show_search_and_export(ask: Ask, devchat: Devchat, home: Path) -> None:
    ask("用 git commit 提交\x1b[2J", "怎样提交代码？")
    ask("**bold**", "what is bold?")
    second, first = ids(devchat)
    listed = devchat("history", "list").stdout.split("\n")
    assert listed[0].split() == ["ID", "WHEN", "TURNS", "MODEL", "TITLE"]
    assert [line.split()[0] for line in listed[1:3]] == [second, first]
    assert devchat("history", "list", "-n", "1").stdout.count("\n") == 2
    assert devchat("history", "show").stdout.endswith("> what is bold?\n\n**bold**\n")
    shown = devchat("history", "show", first[:4]).stdout
    assert "> 怎样提交代码？" in shown and "提交␛[2J" in shown
    found = devchat("history", "search", "交代").stdout
    assert first in found and "you" in found and second not in found
    hits = json.loads(devchat("history", "search", "--json", "提交").stdout)["hits"]
    assert [(hit["id"], hit["role"]) for hit in hits] == [(first, "assistant"), (first, "user")]
    assert devchat("history", "search", "nowhere").stdout == "Nothing holds all of: nowhere\n"
    told = json.loads(devchat("history", "export", first, "--format", "json").stdout)
    assert (told["id"], told["turns"][1]["text"]) == (first, "用 git commit 提交\x1b[2J")
    assert devchat("history", "export", "-o", "talk.md").stderr == "written to talk.md\n"
    assert "## You\n\nwhat is bold?\n\n## scripted" in (home / "talk.md").read_text()
    again = devchat("history", "export", "-o", "talk.md")
    assert again.returncode == 2 and "is there already" in again.stderr
    assert devchat("history", "export", "-o", "none/talk.md").returncode == 6
    assert json.loads(devchat("history", "show", "--json").stdout)["id"] == second


@pytest.mark.measured
def test_an_empty_history(devchat: Devchat) -> None:
    assert devchat("history", "list").stdout == "No conversation is kept yet.\n"
    assert devchat("history", "show").returncode == 5
    assert devchat("history", "prune", "--keep", "0").stdout == "There is nothing to delete.\n"


def test_deleting_needs_a_yes(ask: Ask, devchat: Devchat) -> None:
    for number in range(4):
        ask("x", f"question {number}")
    names = ids(devchat)
    done = devchat("history", "rm", names[0])
    assert done.returncode == 2 and "add --yes" in done.stderr and ids(devchat) == names
    done = devchat("history", "rm", "--yes", names[0], names[1][:7], names[0][:7])
    assert done.stdout == "Deleted 2 conversations.\n" and ids(devchat) == names[2:]
    assert devchat("history", "prune", "--older-than", "1d", "--yes").stdout.startswith("There is")
    assert devchat("history", "prune", "--keep", "1", "--yes").stdout == "Deleted 1 conversation.\n"
    assert devchat("history", "prune", "--older-than", "0h", "--yes").returncode == 0
    assert ids(devchat) == []


@pytest.mark.measured
@pytest.mark.parametrize("args", [[], ["--older-than", "soon"], ["--keep", "-1"]])
def test_pruning_needs_to_know_what(devchat: Devchat, args: list[str]) -> None:
    assert devchat("history", "prune", *args).returncode == 2


def terminal(home: Path, environ: dict[str, str], columns: int, *args: str) -> pexpect.spawn[bytes]:
    """Run a command in a terminal of a width."""
    line = ["-m", "devchat", "history", *args]
    size = (24, columns)
    return pexpect.spawn(
        sys.executable, line, env=environ, cwd=str(home), timeout=60, dimensions=size
    )


@pytest.mark.measured
@pytest.mark.parametrize(("key", "left"), [("y", 0), ("n", 12)])
def test_in_a_terminal_it_asks(
    devchat: Devchat, home: Path, environ: dict[str, str], key: str, left: int
) -> None:
    with open_history(home / "data" / "history.db") as history:
        for number in range(12):
            history.start(f"title {number}")
    child = terminal(home, environ, 80, "prune", "--keep", "0")
    child.expect_exact("title 11")
    child.expect_exact("and 2 more")
    child.expect_exact("Delete 12 conversations for good?")
    child.sendline(key)
    child.expect(pexpect.EOF)
    assert child.wait() == (0 if key == "y" else 130)
    assert len(ids(devchat)) == left


@pytest.mark.parametrize(("columns", "model"), [(60, False), (80, False), (200, True)])
def test_each_row_fits_a_terminal(
    ask: Ask, home: Path, environ: dict[str, str], columns: int, model: bool
) -> None:
    ask("a long answer " * 20, "怎样用 git 提交代码，并且写一个很好的提交信息，让别人看得懂？")
    for args in (["list"], ["search", "git"], ["show"]):
        child = terminal(home, environ, columns, *args)
        child.expect(pexpect.EOF)
        child.wait()
        first, *rows = (child.before or b"").decode().split("\r\n")
        lists = args != ["show"]
        assert all(cell_len(row) <= columns for row in (first, *(rows if lists else [])))
        if args == ["list"]:
            assert first.split() == ["ID", "WHEN", "TURNS", *["MODEL"] * model, "TITLE"]
            assert rows[0].endswith("看得懂？" if model else "…")
