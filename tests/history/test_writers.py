"""Who is still there to end an answer: by `/proc`, and by `ps` as on macOS."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from devchat.history.writers import is_alive, started_by_proc, started_by_ps, this_process

WAYS = [started_by_proc, started_by_ps]
Way = Callable[[int], str]


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    """A process that lives until its input ends."""
    line = [sys.executable, "-c", "import sys; sys.stdin.read()"]
    with subprocess.Popen(line, stdin=subprocess.PIPE) as process:
        yield process


@pytest.mark.parametrize("way", WAYS)
def test_a_process_has_one_start_for_as_long_as_it_lives(
    way: Way, child: subprocess.Popen[bytes]
) -> None:
    assert way(child.pid) == way(child.pid) != ""
    assert way(os.getpid()) != ""
    child.kill()
    while way(child.pid):  # until it is a zombie
        time.sleep(0.01)
    child.wait()
    assert way(child.pid) == ""


def test_the_zone_and_language_of_a_user_change_no_start(monkeypatch: pytest.MonkeyPatch) -> None:
    before = started_by_ps(os.getpid())
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert started_by_ps(os.getpid()) == before


def test_another_process_of_the_same_number_is_not_the_writer() -> None:
    writer = this_process()
    assert is_alive(writer)
    for other in (f"{writer}0", writer.partition(":")[0], f"{os.getpid()}:", "", ":"):
        assert not is_alive(other)
