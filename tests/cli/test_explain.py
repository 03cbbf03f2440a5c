"""`devchat explain` through its front door: what it takes things for, sends, and prints."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Script
from tests.conftest import Devchat

SAMPLES = Path(__file__).parent.parent / "explain" / "samples"


def sent(devchat: Devchat, model: str, *args: str, stdin: str = "") -> str:
    """Return the user's message that `--dry-run` shows."""
    done = devchat("explain", "-m", model, "--dry-run", "--json", *args, stdin=stdin)
    assert done.returncode == 0, done.stderr
    messages = json.loads(done.stdout)["messages"]
    assert [message["role"] for message in messages] == ["system", "user"]
    return str(messages[-1]["content"])


def test_a_file_is_explained_and_what_it_was_taken_for_is_said(
    devchat: Devchat, scripted: Script, cart: str
) -> None:
    done = devchat("explain", "-m", scripted("It is a **cart**."), cart)
    assert (done.stdout, done.returncode) == ("It is a **cart**.\n", 0)
    assert done.stderr.split("\n") == [
        "taking it for Python source; --as KIND overrides",
        "- 20 lines of Python",
        "- imports: json, pathlib",
        "- class Cart (lines 5-16): What a customer means to buy.",
        "- method __init__(self, items=()) (lines 8-9)",
        "- method add(self, name, price, count=1) (lines 11-13): Put something in.",
        "- and 2 more facts: --dry-run shows all",
        "",
    ]


SENT = [
    ("python.txt", "This is Python source. Explain what this code does", "class Cart (lines 5-16)"),
    ("git.diff.txt", "This is a diff.", "shop/cart.py: changed, +2 -1, in def average(prices):"),
    ("python-traceback.txt", "This is a Python traceback.", "error: ZeroDivisionError"),
    ("gcc.txt", "This is messages of a compiler.", "main.c:5: error: 'x' undeclared"),
    ("pytest.txt", "This is the output of pytest.", "summary: 1 failed, 2 passed in 0.12s"),
    ("app.log", "This is a log.", "4x, lines 2 to 7: # INFO shop.web: GET /cart/# # in # ms"),
    ("data.json.txt", "This is JSON data.", "owner.name: text 'Ann'"),
    ("guide.md", "This is prose.", "9 lines, 8 words"),
]


@pytest.mark.parametrize(("sample", "asked", "fact"), SENT, ids=lambda value: str(value)[:20])
def test_what_is_piped_is_sent_with_its_facts(
    devchat: Devchat, scripted: Script, sample: str, asked: str, fact: str
) -> None:
    text = (SAMPLES / sample).read_text()
    message = sent(devchat, scripted(), stdin=text)
    assert message.startswith("Standard input:\n```") and text in message
    assert asked in message and fact in message


def test_the_source_of_a_traceback_is_sent_only_from_this_repository(
    devchat: Devchat, scripted: Script, home: Path
) -> None:
    (home / "repo" / "shop").mkdir(parents=True)
    (home / "repo" / "shop" / "cart.py").write_text("a\n" * 6 + "return self.sum / 0\n")
    (home / "secret.py").write_text("the secret\n")
    text = (SAMPLES / "python-traceback.txt").read_text()
    hostile = text.replace("/usr/lib/python3.11/runpy.py", "../secret.py").replace("198", "1")
    done = devchat(
        "explain", "-m", "scripted:" + str(home / "script.json"), "--dry-run",
        stdin=hostile, cwd=home / "repo",
    )  # fmt: skip
    assert done.returncode == 3
    scripted()
    done = devchat(
        "explain", "-m", "scripted:" + str(home / "script.json"), "--dry-run",
        stdin=hostile, cwd=home / "repo",
    )  # fmt: skip
    assert "7> return self.sum / 0" in done.stdout
    assert "the secret" not in done.stdout


def test_some_lines_a_folder_and_standard_input_by_name(
    devchat: Devchat, scripted: Script, home: Path, cart: str
) -> None:
    message = sent(devchat, scripted(), f"{cart}:15-16")
    assert "2 lines of Python\nimports: json, pathlib\nclass Cart (lines 5-16)" in message
    assert "method total(self) (lines 15-16)" in message and "method add" not in message
    (home / "docs").mkdir()
    shutil.copy(SAMPLES / "guide.md", home / "docs")
    message = sent(devchat, scripted(), "docs", cart, "-", stdin="a,b\n")
    assert "docs/guide.md is prose.\n9 lines" in message
    assert "cart.py is Python source.\n20 lines" in message
    assert "stdin is prose." in message and "This is prose and Python source." in message


def test_lines_that_begin_inside_a_definition_are_outlined_by_their_file(
    devchat: Devchat, scripted: Script, cart: str
) -> None:
    message = sent(devchat, scripted(), f"{cart}:9-12")
    assert "does not parse" not in message
    assert "4 lines of Python" in message and "method __init__" in message
    assert "method add" in message and "method total" not in message


def test_several_inputs_are_announced_on_a_line(
    devchat: Devchat, scripted: Script, home: Path
) -> None:
    for sample in ("go.txt", "rust.txt", "ruby.txt", "guide.md"):
        shutil.copy(SAMPLES / sample, home)
    line = ("go.txt", "rust.txt", "ruby.txt", "guide.md")
    done = devchat("explain", "-m", scripted("x"), *line)
    assert done.stderr == (
        "taking 4 inputs for Go source, Rust source, Ruby source and 1 more kind;"
        " --as KIND overrides\n"
    )


def test_the_kind_can_be_named(devchat: Devchat, scripted: Script, cart: str) -> None:
    message = sent(devchat, scripted(), "--as", "prose", cart)
    assert "This is prose." in message and "20 lines, " in message
    done = devchat("explain", "-m", scripted("x"), "--as", "prose", cart)
    assert "taking it for" not in done.stderr


@pytest.mark.parametrize(
    ("args", "wish"),
    [
        (("--for", "beginner"), "Write for a beginner in programming"),
        (("--for", "Expert"), "Write for an expert"),
        (("--for", "my\nmanager"), "Write for this reader: my manager."),
        (("--lang", "zh"), "Answer in Chinese (请用简体中文回答)."),
        (("--lang", "zh_TW"), "Answer in traditional Chinese"),
        (("--lang", "Klingon"), "Answer in Klingon."),
    ],
)
def test_audience_and_language_are_wishes_to_the_model(
    devchat: Devchat, scripted: Script, cart: str, args: tuple[str, ...], wish: str
) -> None:
    assert wish in sent(devchat, scripted(), *args, cart)
    assert wish not in sent(devchat, scripted(), cart)


def test_options_reach_the_model(devchat: Devchat, scripted: Script, cart: str) -> None:
    flags = ("--max-tokens", "99", "--temperature", "0.7", "--seed", "5")
    done = devchat("explain", "-m", scripted(), "--dry-run", "--json", *flags, cart)
    options = json.loads(done.stdout)["options"]
    assert options == {"temperature": 0.7, "max_tokens": 99, "seed": 5, "schema": None}


def test_json_holds_kind_facts_and_answer(devchat: Devchat, scripted: Script, cart: str) -> None:
    done = devchat("explain", "-m", scripted("A cart."), "--json", cart)
    reply = json.loads(done.stdout)
    assert reply["version"] == 1 and reply["answer"] == "A cart."
    (about,) = reply["inputs"]
    assert (about["name"], about["kind"], about["family"]) == ("cart.py", "python", "source")
    assert about["facts"]["symbols"][0]["name"] == "Cart"
    assert reply["usage"]["completion_tokens"] == 2
    assert "- 20 lines" not in done.stderr


def test_a_user_may_rewrite_the_prompt(
    devchat: Devchat, scripted: Script, home: Path, cart: str
) -> None:
    prompts = home / "config" / "prompts"
    prompts.mkdir(parents=True)
    text = '+++\ninputs = ["files"]\n+++\n\n# User\n\n$files\n\nIn one word?\n'
    (prompts / "explain-source.md").write_text(text)
    done = devchat("explain", "-m", scripted(), "--dry-run", "--json", cart)
    (message,) = json.loads(done.stdout)["messages"]
    assert message["content"].endswith("In one word?")


BAD: list[tuple[list[str], int, str]] = [
    ([], 2, "nothing to explain"),
    (["--as", "pythn", "a.py"], 2, "did you mean `python`"),
    (["--quiz", "0", "a.py"], 2, "--quiz"),
    (["--quiz", "21", "a.py"], 2, "--quiz"),
    (["--quiz", "2", "--parts", "a.py"], 2, "don't go together"),
    (["missing.py"], 5, "missing.py"),
    (["binary.bin"], 5, "binary"),
    (["empty.txt"], 5, "empty"),
    (["shot.png"], 5, "is a picture"),
    (["a.py:7"], 5, "1 line"),
]


@pytest.mark.parametrize(("args", "code", "said"), BAD, ids=lambda value: str(value)[:40])
def test_bad_input_is_one_clear_line_with_a_hint(
    devchat: Devchat, scripted: Script, home: Path, args: list[str], code: int, said: str
) -> None:
    (home / "a.py").write_text("x = 1\n")
    (home / "binary.bin").write_bytes(bytes(range(256)) * 8)
    (home / "empty.txt").touch()
    (home / "shot.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 64)
    done = devchat("explain", "-m", scripted("never"), *args)
    assert (done.stdout, done.returncode) == ("", code), done.stderr
    error, blank, hint, *rest = done.stderr.split("\n")
    assert error.startswith("error: ") and blank == "" and hint.startswith("hint: ")
    assert rest == [""]
    assert said in done.stderr


def test_a_line_of_a_megabyte_is_no_trouble(devchat: Devchat, scripted: Script) -> None:
    line = "x" * (1 << 20)
    done = devchat("explain", "-m", scripted("Long.", context_tokens=1 << 21), stdin=line)
    assert (done.stdout, done.returncode) == ("Long.\n", 0)
    assert "taking it for prose" in done.stderr


def test_hidden_characters_of_facts_are_shown_not_obeyed(
    devchat: Devchat, scripted: Script, home: Path
) -> None:
    (home / "a.md").write_text("# Title \x1b]52;c;aGk=\x07\n")
    done = devchat("explain", "-m", scripted("x"), "a.md")
    assert "\x1b" not in done.stderr and "␛]52;c;aGk=␇" in done.stderr


def test_without_grammars_the_outline_says_so(
    devchat: Devchat, scripted: Script, home: Path
) -> None:
    (home / "tree_sitter.py").write_text("raise ImportError('not installed')")
    shutil.copy(SAMPLES / "go.txt", home / "main.go")
    done = devchat("explain", "-m", scripted("x"), "main.go", env={"PYTHONPATH": str(home)})
    assert done.returncode == 0
    assert "note: no parser for Go is installed (`pip install 'devchat-cli[analyzers]'`)" in (
        done.stderr
    )
    assert "block type Stack struct { (lines 7-10)" in done.stderr


def test_the_embedded_model_explains_and_asks(devchat: Devchat, cart: str) -> None:
    explained = devchat("explain", "--max-tokens", "24", "--temperature", "0", cart)
    assert explained.returncode == 0, explained.stderr
    assert len(explained.stdout.split()) >= 5
    assert "taking it for Python source" in explained.stderr and "SmolLM2" in explained.stderr
    asked = devchat("explain", "--quiz", "1", cart)
    devchat("models", "stop", "--all")
    assert asked.returncode == 0, asked.stderr
    assert asked.stdout.startswith("1. **")
