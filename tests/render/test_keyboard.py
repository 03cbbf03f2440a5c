"""Keys pressed while an answer is drawn, in a shell with job control."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

import pexpect
import pytest

Shell: TypeAlias = "pexpect.spawn[str]"
PYTHON = shlex.quote(sys.executable)
ROOT = Path(__file__).parent.parent.parent
REPLY = "The beginning of an answer.\n\nIts **middle** comes later.\n\nAnd its end.\n"


@pytest.fixture
def shell(home: Path, environ: dict[str, str]) -> Iterator[Shell]:
    """Start a shell that has a reply to stream."""
    (home / "reply.md").write_text(REPLY)
    child = pexpect.spawn(
        "bash",
        ["--norc", "--noprofile", "-i"],
        env=environ | {"PS1": "@@ ", "PYTHONPATH": str(ROOT)},
        cwd=str(ROOT),
        timeout=60,
        dimensions=(24, 80),
        encoding="utf-8",
    )
    child.expect_exact("@@ ")
    yield child
    child.close(force=True)


def _stream(shell: Shell, home: Path) -> None:
    shell.sendline(f"{PYTHON} -m tests.render.stream {home}/reply.md --pause 0.08")
    shell.expect_exact("The beginning")


def _echoes(shell: Shell) -> bool:
    shell.sendline("stty -a | grep -o -e '-*echo '")
    return shell.expect([r"[\r\n]-echo ", r"[\r\n]echo "]) == 1


def test_keys_do_not_show_until_the_answer_is_there(shell: Shell, home: Path) -> None:
    _stream(shell, home)
    shell.send("typed")
    shell.expect_exact("And its end.")
    assert "typed" not in (shell.before or "")
    shell.expect_exact("@@ ")
    shell.sendline("")
    assert _echoes(shell)


@pytest.mark.measured
def test_a_stopped_answer_goes_on(shell: Shell, home: Path) -> None:
    _stream(shell, home)
    shell.sendcontrol("z")
    shell.expect_exact("\x1b[?25h")
    shell.expect_exact("Stopped")
    assert _echoes(shell)
    shell.sendline("fg")
    shell.expect_exact("\x1b[?25l")
    shell.expect_exact("And its end.")
    shell.expect_exact("\x1b[?25h")
    shell.expect_exact("@@ ")
    assert _echoes(shell)


def test_in_the_background_the_terminal_is_left_alone(shell: Shell, home: Path) -> None:
    shell.sendline(f"{PYTHON} -m tests.render.stream {home}/reply.md & wait; echo status=$?")
    shell.expect_exact("And its end.")
    shell.expect_exact("status=0")
