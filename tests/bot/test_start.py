"""What `devchat-bot` imports to answer: nothing that only its services need."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bot.durable import open_jobs, read_backlog
from bot.jobs import Backlog, Job
from tests.bot.programs import ROOT, bot_environ

SERVICES = {"dbos", "flask", "gunicorn", "github", "requests", "jwt", "prometheus_client"}
DATABASE = {"sqlalchemy", "psycopg"}


def imported(home: Path, *argv: str) -> set[str]:
    """Run a command, and return the packages that it imported."""
    command = [sys.executable, "-X", "importtime", "-m", "bot", *argv]
    environ = {key: text for key, text in bot_environ(home).items() if not key.startswith("COV")}
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environ)
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}


@pytest.mark.parametrize("argv", [("--version",), ("--help",), ("serve", "--help"), ("-h",)])
def test_help_needs_no_service_and_no_database(home: Path, argv: tuple[str, ...]) -> None:
    assert imported(home, *argv) & (SERVICES | DATABASE) == set()


def test_status_needs_the_database_alone(home: Path) -> None:
    assert imported(home, "status") & SERVICES == set()


def test_the_backlog_is_read_before_and_after_there_is_a_queue(database_url: str) -> None:
    assert read_backlog(database_url) == Backlog(0, 0, 0.0)
    jobs = open_jobs(database_url)
    try:
        jobs.enqueue(Job("intake", "one", {}))
        found = read_backlog(database_url)
        assert (found.waiting, found.running) == (1, 0)
    finally:
        jobs.close()
