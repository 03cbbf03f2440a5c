"""What the README says to try, literally: a GitHub here, `devchat-bot serve`, and its model."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.bot.programs import PATIENCE, ROOT, Program, free_port, run_bot, wait_for
from tests.fakes.github import GitHub
from tests.fakes.github.__main__ import begin

PRINT = "import json, os; print(json.dumps(dict(os.environ)))"


@contextmanager
def demo(folder: Path, port: int) -> Iterator[Path]:
    """Run the fake as a command; yield the file that it prints into, and end it by Ctrl-C."""
    said = folder.with_suffix(".out")
    hook = f"http://127.0.0.1:{port}/api/github/webhooks"
    command = [sys.executable, "-m", "tests.fakes.github", str(folder), "--hook", hook]
    with said.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT)
    try:
        wait_for(lambda: "Now, elsewhere:" in said.read_text())
        yield said
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 130
    assert "Traceback" not in said.read_text()


def environ_of(folder: Path, environ: dict[str, str]) -> dict[str, str]:
    """Read FOLDER/env as the README's shell line does."""
    line = f"set -a; . {folder}/env; exec {sys.executable} -c '{PRINT}'"
    done = subprocess.run(["sh", "-c", line], env=environ, capture_output=True, check=True)
    found: dict[str, str] = json.loads(done.stdout)
    return found | {"DEVCHAT_LOCAL_KEEP_ALIVE": "0"}


@pytest.mark.measured
def test_the_readme_s_demo_posts_a_review_completes_the_check_and_counts(
    home: Path, environ: dict[str, str]
) -> None:
    folder, port = home / "hub", free_port()
    with demo(folder, port) as said:
        variables = environ_of(folder, environ)
        with Program(variables, home, "serve") as bot:
            bot.ready()
            wait_for(lambda: "Still here" in said.read_text())
            text = said.read_text()
            assert "delivered: pull_request opened, answered 202" in text
            assert "check: completed · failure · 3 errors, 1 warning" in text
            assert "**devchat** found 3 errors, 1 warning here." in text
            assert "shop/prices.py:10 (RIGHT):" in text
            assert "```suggestion\n        if price == 0:\n```" in text
            assert "- model: SmolLM2-135M-Instruct on this machine, " in text
            # It is noted and logged once the check is completed, a moment after the fake says so.
            wait_for(lambda: [one for one in bot.lines() if one["logger"] == "bot.reviewing"])
            assert bot.metric('devchat_reviews_total{outcome="failure"}') == 1
            assert bot.metric('devchat_findings_total{severity="error"}') == 3
            assert bot.metric('devchat_tokens_total{kind="completion"}') > 0
            shown = json.loads(run_bot(variables, "status", "--json").stdout)
            assert_told(bot.lines(), shown["deliveries"][0]["guid"])
            assert "failure  octo/app#1" in run_bot(variables, "status").stdout
            assert run_bot(variables, "doctor").returncode == 0
            assert bot.stop(signal.SIGINT) == 130


def assert_told(lines: list[dict[str, str]], guid: str) -> None:
    """See that the log has a line for each event, which says what it is about."""
    about = {"delivery": guid, "repository": "octo/app", "pull": "1"}
    told = [(one["logger"], one) for one in lines if about.items() <= one.items()]
    assert [logger for logger, _ in told] == ["bot.web", "bot.reviewing"]
    assert told[1][1]["job"].startswith("review:octo/app#1:")
    assert {one["level"] for one in lines} == {"info"}
    assert len(lines) == 6, lines  # two processes started, each said what it does


def test_the_change_between_two_commits_is_the_pull(tmp_path: Path) -> None:
    for number in (1, 2):
        (tmp_path / "a.py").write_text(f"x = {number}\n")
        for command in (["init", "-q"], ["add", "a.py"], ["commit", "-qm", f"Number {number}"]):
            mona = ["-c", "user.name=Mona", "-c", "user.email=mona@github.example"]
            subprocess.run(["git", *mona, *command], cwd=tmp_path, check=True)
    with GitHub(tmp_path / "hub") as hub:
        pull = begin(hub, "octo/app", ("HEAD~1", "HEAD"), tmp_path)
        assert pull.title == "Number 2"
        diff = pull.repository.git.diff(pull.base, pull.head)
        assert diff.endswith(b"-x = 1\n+x = 2\n")
        with pytest.raises(SystemExit, match="no commits `HEAD~7` and `HEAD`"):
            begin(hub, "octo/other", ("HEAD~7", "HEAD"), tmp_path)
