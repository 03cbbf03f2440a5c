"""A Ctrl-C that Python drops in a callback comes again; other failures there are reported."""

from __future__ import annotations

import subprocess
import sys

import pytest

CODE = """
import time
from devchat.process.interrupts import keep_interrupts

class Fails:
    def __del__(self):
        raise {error}

keep_interrupts()
fails = Fails()
try:
    del fails
    time.sleep(20)
except KeyboardInterrupt:
    print("interrupted")
"""


def run(error: str, sleep: str = "20") -> subprocess.CompletedProcess[str]:
    code = CODE.replace("{error}", error).replace("sleep(20)", f"sleep({sleep})")
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)


@pytest.mark.measured
def test_an_interruption_in_a_destructor_is_raised_again() -> None:
    done = run("KeyboardInterrupt")
    assert (done.stdout, done.stderr) == ("interrupted\n", "")


@pytest.mark.measured
def test_another_failure_is_reported_as_ever() -> None:
    done = run("ValueError('odd')", sleep="0.1")
    assert done.stdout == ""
    assert "Exception ignored in" in done.stderr and "odd" in done.stderr
