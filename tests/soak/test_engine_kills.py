"""Questions while engines are killed at random moments: an answer or a clear error, each time."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from devchat.backends.local.control import engines, stop_engines

ROUNDS = 200


@pytest.mark.soak
def test_two_clients_and_a_killer(environ: dict[str, str], home: Path) -> None:
    chance = random.Random(1)
    runtime = home / "run"
    runtime.mkdir(mode=0o700)
    answered = 0
    for number in range(ROUNDS):
        asking = [ask(environ, home, f"what is {number + one}?") for one in (0, 1)]
        time.sleep(chance.uniform(0, 0.6))
        for engine in engines(runtime):
            os.kill(engine.pid, chance.choice([signal.SIGKILL, signal.SIGABRT, signal.SIGTERM]))
        for process in asking:
            out, err = process.communicate(timeout=60)
            assert process.returncode in (0, 3), (number, out, err)
            assert (process.returncode == 0) == bool(b"error: " not in err)
            assert b"Traceback" not in err
            answered += process.returncode == 0
    done = subprocess.run(command("and now?"), env=environ, cwd=home, capture_output=True)
    assert done.returncode == 0, done.stderr
    assert 0 < answered < 2 * ROUNDS
    stop_engines(runtime)
    assert not list(runtime.glob("*.sock"))


def ask(environ: dict[str, str], home: Path, question: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command(question), env=environ, cwd=home, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def command(question: str) -> list[str]:
    return [sys.executable, "-m", "devchat", "ask", "--max-tokens", "40", question]
