"""`devchat-bot serve` from one end to the other: a pull is opened, a check stands on it."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.bot.programs import Program, app_environ, run_bot, wait_for
from tests.fakes.github import CheckRun, GitHub, Repository

BROKEN = {"a.py": "def f(x):\n    return x\n"}


@pytest.fixture
def environ(home: Path, tmp_path: Path) -> Iterator[tuple[dict[str, str], GitHub]]:
    with GitHub(tmp_path) as hub:
        yield app_environ(home, hub), hub


def completed(repository: Repository) -> list[CheckRun]:
    return [one for one in repository.checks if one.status == "completed"]


def started(bot: Program, name: str) -> list[int]:
    """List the processes of a part, in the order of their starts."""
    said = [one["message"] for one in bot.lines() if one["logger"] == "bot.serve"]
    return [int(one.rpartition(" ")[2]) for one in said if one.startswith(f"{name} started")]


def is_again(bot: Program, name: str) -> bool:
    return len(started(bot, name)) == 2


def test_a_pull_is_reviewed_whichever_process_is_killed(
    environ: tuple[dict[str, str], GitHub], home: Path
) -> None:
    variables, hub = environ
    repository = hub.repository("octo/app", BROKEN)
    with Program(variables, home, "serve") as bot:
        bot.ready()
        hub.open_pull(repository, {"a.py": "def f(x):\n    return x +\n"})
        wait_for(lambda: len(completed(repository)) == 1)
        for name in ("worker", "web"):
            os.kill(started(bot, name)[-1], signal.SIGKILL)
            wait_for(partial(is_again, bot, name))
        # The killed server's own child goes on for a moment: what it is given then may be lost.
        wait_for(lambda: bot.log.read_text().count("takes deliveries at") == 2)
        bot.ready()
        hub.open_pull(repository, {"b.py": "import os\n"})
        wait_for(lambda: len(completed(repository)) == 2)
        assert bot.metric('devchat_github_requests_total{status="200"}') > 0
        assert bot.stop() == 0
    shown = json.loads(run_bot(variables, "status", "--json").stdout)
    assert [one["number"] for one in shown["reviews"]] == [2, 1]
    assert all(one["outcome"] for one in shown["reviews"])


def test_a_review_can_be_looked_at_without_posting_it(
    environ: tuple[dict[str, str], GitHub],
) -> None:
    variables, hub = environ
    hub.hook = ""
    repository = hub.repository("octo/app", BROKEN)
    hub.open_pull(repository, {"a.py": "def f(x):\n    return x +\n"})
    done = run_bot(variables, "review", "octo/app#1", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "a.py" in done.stdout
    assert repository.checks == []
    assert {one.method for one in hub.requests} <= {"GET", "POST"}
    assert hub.asked("POST /repos/") == []
