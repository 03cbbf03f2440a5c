"""`devchat explain` in parts and as a quiz, what the history keeps of it, and Ctrl-C."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.conftest import Script
from tests.cli.test_explain import SAMPLES
from tests.conftest import Devchat

PATIENCE_SECONDS = 20


def large(home: Path, functions: int = 60) -> str:
    body = "    total = a + b\n" * 6
    texts = (f"def f{n}(a, b):\n{body}    return {n}\n\n\n" for n in range(functions))
    (home / "large.py").write_text("".join(texts))
    return "large.py"


@pytest.mark.measured
def test_what_is_too_large_is_refused_with_the_way_out(
    devchat: Devchat, scripted: Script, home: Path
) -> None:
    done = devchat("explain", "-m", scripted("x", context_tokens=1_000), large(home))
    assert (done.stdout, done.returncode) == ("", 5)
    assert "hint: `--parts` explains it part by part; or attach a part" in done.stderr


def test_parts_are_explained_and_then_the_whole(
    devchat: Devchat, scripted: Script, home: Path
) -> None:
    name = large(home)
    answers = [f"Part {number}." for number in range(1, 4)] + ["All of it."] * 20
    model = scripted(*answers, context_tokens=1_500)
    done = devchat("explain", "-m", model, "--parts", name)
    assert done.returncode == 0, done.stderr
    headings = [line for line in done.stdout.split("\n") if line.startswith("## ")]
    assert headings[0].startswith("## `large.py:1-") and headings[-1] == "## The whole"
    starts = [int(one.split(":")[1].split("-")[0]) for one in headings[:-1]]
    ends = [int(one.strip("`").split("-")[-1]) for one in headings[:-1]]
    assert starts == [1, *(end + 1 for end in ends[:-1])] and ends[-1] == 600
    assert done.stdout.startswith(f"{headings[0]}\n\nPart 1.\n\n## `large.py")
    assert f"part 1 of {len(ends)}: large.py:1-" in done.stderr


def test_every_part_has_the_facts_of_its_own_lines(
    devchat: Devchat, scripted: Script, home: Path
) -> None:
    model = scripted(context_tokens=1_500)
    done = devchat("explain", "-m", model, "--parts", "--dry-run", "--json", large(home))
    requests = [json.loads(line) for line in done.stdout.strip().split("\n")]
    last = requests[-1]["messages"][-1]["content"]
    assert len(requests) > 1 and "function f0(a, b)" not in last
    assert "function f59(a, b) (lines 591-598)" in last
    for request in requests:
        assert request["prompt_tokens"] + request["options"]["max_tokens"] <= 1_500


@pytest.mark.measured
def test_parts_of_a_log_have_the_facts_of_the_whole(
    devchat: Devchat, scripted: Script, home: Path
) -> None:
    (home / "app.log").write_text((SAMPLES / "app.log").read_text() * 20)
    model = scripted(context_tokens=1_500)
    done = devchat("explain", "-m", model, "--parts", "--dry-run", "--json", "app.log")
    requests = [json.loads(line) for line in done.stdout.strip().split("\n")]
    assert len(requests) > 1
    assert all("80x, lines 2 to 140" in str(request["messages"]) for request in requests)


@pytest.mark.measured
def test_parts_as_json(devchat: Devchat, scripted: Script, home: Path) -> None:
    model = scripted(*["Some."] * 20, context_tokens=1_500)
    reply = json.loads(devchat("explain", "-m", model, "--parts", "--json", large(home)).stdout)
    assert reply["answer"] == "Some." and len(reply["parts"]) > 1
    assert reply["parts"][0]["answer"] == "Some."
    assert reply["parts"][0]["name"].startswith("large.py:1-")


def test_parts_of_what_fits_are_one(devchat: Devchat, scripted: Script, cart: str) -> None:
    done = devchat("explain", "-m", scripted("A cart."), "--parts", cart)
    assert (done.stdout, done.returncode) == ("A cart.\n", 0)


@pytest.mark.measured
def test_parts_spare_several_files_from_being_cut(
    devchat: Devchat, scripted: Script, home: Path, cart: str
) -> None:
    name = large(home)
    cut = devchat("explain", "-m", scripted("x", context_tokens=1_500), cart, name)
    assert "cut" in cut.stderr
    model = scripted(*["Some."] * 20, context_tokens=1_500)
    done = devchat("explain", "-m", model, "--parts", cart, name)
    assert done.returncode == 0, done.stderr
    assert "## `cart.py:1-20`\n" in done.stdout and "## `large.py:1-" in done.stdout
    assert not any(line.startswith("cut") for line in done.stderr.split("\n"))


@pytest.mark.measured
@pytest.mark.parametrize(
    ("text", "answer", "said"),
    [
        ("x = '" + "word " * 3_000 + "'\n", 60, "line 1 of `huge.py` alone does not fit"),
        ("x = 1\n" * 900, 690, "has no room for a part"),
    ],
)
def test_what_has_no_part_that_fits(
    devchat: Devchat, scripted: Script, home: Path, text: str, answer: int, said: str
) -> None:
    (home / "huge.py").write_text(text)
    line = ("--max-tokens", str(answer), "--parts", "huge.py")
    done = devchat("explain", "-m", scripted(context_tokens=1_000), *line)
    assert (done.stdout, done.returncode) == ("", 5)
    assert said in done.stderr


def quiz(count: int) -> str:
    one = {"question": "What does add\ndo?", "answer": "It puts something in."}
    return json.dumps({"questions": [one] * count})


def test_a_quiz_is_printed_as_markdown(devchat: Devchat, scripted: Script, cart: str) -> None:
    done = devchat("explain", "-m", scripted(quiz(2)), "--quiz", "2", cart)
    assert done.stdout == (
        "1. **What does add do?**\n\n   It puts something in.\n\n"
        "2. **What does add do?**\n\n   It puts something in.\n"
    )


def test_a_quiz_is_bound_by_its_schema(devchat: Devchat, scripted: Script, cart: str) -> None:
    line = ("--quiz", "3", cart)
    done = devchat("explain", "-m", scripted(), *line, "--dry-run", "--json")
    options = json.loads(done.stdout)["options"]
    assert options["schema"]["properties"]["questions"]["minItems"] == 3
    assert options["max_tokens"] == 800
    assert "Number of questions to write: 3." in done.stdout
    broken = devchat("explain", "-m", scripted(quiz(2)), *line)
    assert (broken.stdout, broken.returncode) == ("", 3)
    assert "breaks the schema" in broken.stderr
    reply = json.loads(devchat("explain", "-m", scripted(quiz(3)), *line, "--json").stdout)
    assert len(json.loads(reply["answer"])["questions"]) == 3
    assert reply["inputs"][0]["kind"] == "python"


def turns(home: Path) -> list[tuple[str, str, str]]:
    """Return role, status and text of all that the history keeps."""
    sql = "SELECT role, status, text FROM turns ORDER BY id"
    with sqlite3.connect(home / "data" / "history.db") as connection:
        return connection.execute(sql).fetchall()


def test_an_explanation_is_kept_and_asked_about(
    devchat: Devchat, scripted: Script, home: Path, cart: str
) -> None:
    model = scripted("A cart.", "Because of the total.")
    devchat("explain", "-m", model, cart)
    question, answer = turns(home)
    assert "class Cart" in question[2] and "This is Python source." in question[2]
    assert answer == ("assistant", "complete", "A cart.")
    assert "explain cart.py" in devchat("history", "list").stdout
    done = devchat("ask", "-m", model, "-c", "--dry-run", "--json", "why?")
    system, *asked = json.loads(done.stdout)["messages"]
    assert [one["content"] for one in asked[1:]] == ["A cart.", "why?"]
    assert asked[0]["content"] == question[2]
    assert "developer" in system["content"]


@pytest.mark.parametrize("way", ["--no-save", "--dry-run", "setting"])
def test_what_is_not_to_be_kept_is_not(
    devchat: Devchat, scripted: Script, home: Path, cart: str, way: str
) -> None:
    if way == "setting":
        devchat("config", "set", "history", "false")
    done = devchat("explain", "-m", scripted("A cart."), *[way][: way != "setting"], cart)
    assert done.returncode == 0 and not (home / "data" / "history.db").exists()


def test_what_was_piped_in_is_kept_by_its_kind(devchat: Devchat, scripted: Script) -> None:
    text = (SAMPLES / "python-traceback.txt").read_text()
    model = scripted("It divides.", "A recipe.")
    devchat("explain", "-m", model, stdin=text)
    devchat("explain", "-m", model, stdin="\n把鸡蛋打散，\n加一点盐。\n")
    listed = json.loads(devchat("history", "list", "--json").stdout)["conversations"]
    assert [one["title"] for one in listed] == [
        "explain prose: 把鸡蛋打散， 加一点盐。",
        "explain a Python traceback: error: ZeroDivisionError: division by zero",
    ]


def test_parts_are_turns_of_one_conversation(
    devchat: Devchat, scripted: Script, home: Path
) -> None:
    model = scripted(*[f"Part {n}." for n in range(1, 30)], context_tokens=1_500)
    done = devchat("explain", "-m", model, "--parts", large(home))
    count = done.stdout.count("\n## ") + 1
    answers = [text for role, _, text in turns(home) if role == "assistant"]
    assert answers == [f"Part {n}." for n in range(1, count + 1)]
    listed = json.loads(devchat("history", "list", "--json").stdout)["conversations"]
    assert [(one["title"], one["turns"]) for one in listed] == [("explain large.py", 2 * count)]


@pytest.mark.measured
def test_a_quiz_is_kept_as_it_was_shown(
    devchat: Devchat, scripted: Script, home: Path, cart: str
) -> None:
    done = devchat("explain", "-m", scripted(quiz(2)), "--quiz", "2", cart)
    assert turns(home)[1][1:] == ("complete", done.stdout.removesuffix("\n"))


def interrupted(
    environ: dict[str, str], home: Path, *args: str, arrived: str
) -> tuple[str, str, int]:
    """Run `explain` until the answer being written has come so far, and press Ctrl-C."""
    line = [sys.executable, "-m", "devchat", "explain", *args]
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        line, env=environ, cwd=home, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True
    )
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end and not so_far(home, arrived):
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE_SECONDS)
    return out, err, process.returncode


def so_far(home: Path, arrived: str) -> bool:
    if not (home / "data" / "history.db").exists():
        return False
    try:
        return any(status == "streaming" and arrived in text for _, status, text in turns(home))
    except sqlite3.OperationalError:  # it is being made
        return False


def test_an_interruption_among_parts_keeps_what_came(
    environ: dict[str, str], scripted: Script, home: Path
) -> None:
    answers = ["Part one.", "word " * 1_000]
    model = scripted(*answers, context_tokens=1_500, tokens_per_second=40)
    line = ("-m", model, "--parts", large(home))
    out, err, code = interrupted(environ, home, *line, "--json", arrived="word")
    reply = json.loads(out)
    assert (code, reply["finish_reason"], reply["answer"]) == (130, "interrupted", "")
    first, second = reply["parts"]
    assert (first["answer"], first["finish_reason"]) == ("Part one.", "stop")
    assert second["answer"].startswith("word") and second["finish_reason"] == "interrupted"
    assert [status for _, status, _ in turns(home)][1::2] == ["complete", "interrupted"]
    assert "Traceback" not in err
    assert reply["inputs"][0]["name"] == "large.py"


def test_an_interruption_of_the_whole_keeps_the_parts(
    environ: dict[str, str], scripted: Script, home: Path
) -> None:
    (home / "two.py").write_text("x = 1\n" * 250)
    answers = ["Part one.", "Part two.", "whole " * 1_000]
    model = scripted(*answers, context_tokens=1_500, tokens_per_second=40)
    line = ("-m", model, "--parts", "two.py", "--json")
    out, _, code = interrupted(environ, home, *line, arrived="whole")
    reply = json.loads(out)
    assert (code, reply["finish_reason"]) == (130, "interrupted")
    assert reply["answer"].startswith("whole")
    assert [one["answer"] for one in reply["parts"]] == ["Part one.", "Part two."]


def test_an_interruption_shows_the_parts_as_they_came(
    environ: dict[str, str], scripted: Script, home: Path
) -> None:
    answers = ["Part one.", "word " * 1_000]
    model = scripted(*answers, context_tokens=1_500, tokens_per_second=40)
    line = ("-m", model, "--parts", large(home))
    out, _, code = interrupted(environ, home, *line, arrived="word")
    assert code == 130
    assert "Part one.\n\n## `large.py:" in out and "`\n\nword" in out


@pytest.mark.measured
def test_a_quiz_that_broke_off_shows_its_whole_questions(
    devchat: Devchat, scripted: Script, home: Path, cart: str
) -> None:
    error = {"kind": "EngineError", "message": "the engine has died"}
    broken = {"text": quiz(3)[:-70], "error": error}
    done = devchat("explain", "-m", scripted(broken), "--quiz", "3", cart)
    assert done.returncode == 3 and "the engine has died" in done.stderr
    assert done.stdout.count("**What does add do?**") == 2
    assert turns(home)[1][1:] == ("error", done.stdout.removesuffix("\n"))
