"""A history that can't be used, is full, broken or old: the answer comes, and that is said."""

from __future__ import annotations

import json
import resource
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.conftest import Ask, kept
from tests.conftest import Devchat

LIMIT = 2_000_000
HERE = Path(__file__).parent.parent


def test_a_history_that_can_not_be_used_never_costs_the_answer(ask: Ask, home: Path) -> None:
    (home / "data").write_text("a file where the folder should be")
    done = ask("the answer", "q")
    assert (done.stdout, done.returncode) == ("the answer\n", 0)
    assert done.stderr.startswith("this answer is not kept: ") and done.stderr.count("\n") == 1
    assert ask("x", "-c", "q").returncode == 6


def test_a_full_disk_never_costs_the_answer(home: Path, environ: dict[str, str]) -> None:
    text = "x" * 2 * LIMIT  # a single token
    (home / "script.json").write_text(json.dumps({"answers": [text]}))
    done = subprocess.run(
        [sys.executable, "-m", "devchat", "ask", "-m", "scripted:script.json", "q"],
        env=environ,
        cwd=home,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, LIMIT)),
    )
    assert done.returncode == 0 and done.stdout.decode().split() == text.split()
    assert done.stderr.startswith(b"this answer is not kept: ")
    question, _ = kept(home)
    assert question.text.strip() == "q"


@pytest.mark.measured
def test_a_broken_history_is_set_aside_with_a_note(ask: Ask, home: Path) -> None:
    (home / "data").mkdir()
    (home / "data" / "history.db").write_bytes(b"not a database " * 400)
    done = ask("the answer", "q")
    assert done.stdout == "the answer\n" and "the history was broken" in done.stderr
    (aside,) = (home / "data").glob("history.db.corrupt-*")
    assert aside.read_bytes().startswith(b"not a database") and len(kept(home)) == 2


def test_a_damaged_index_is_built_again_with_a_note(ask: Ask, devchat: Devchat, home: Path) -> None:
    ask("用 git commit 提交", "怎样提交代码？")
    with closing(sqlite3.connect(home / "data" / "history.db")) as connection:
        connection.execute("UPDATE words_data SET block = x'ffffffff' WHERE id > 1000")
        connection.commit()
    for note in ("the search index of the history was damaged: it is built again", ""):
        done = devchat("history", "search", "代码")
        assert "怎样提交代码？" in done.stdout and done.stderr.startswith(note)
    assert done.stderr == ""


@pytest.mark.measured
def test_a_history_of_the_first_version_is_brought_up_to_date(devchat: Devchat, home: Path) -> None:
    (home / "data").mkdir()
    with closing(sqlite3.connect(home / "data" / "history.db")) as connection:
        connection.executescript((HERE / "history" / "version1.sql").read_text())
    assert devchat("history", "search", "提交代码").stdout.endswith("怎样用git提交代码？\n")
    assert "It moves commits onto another base." in devchat("history", "show", "4uj").stdout


def test_history_commands_fail_with_six_where_the_file_can_not_be_used(
    devchat: Devchat, home: Path
) -> None:
    (home / "data").write_text("")
    assert devchat("history", "list").returncode == 6
