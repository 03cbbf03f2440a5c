"""Two processes kept running: whatever ends is started again, and told to end all end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from tests.bot.programs import PATIENCE, ROOT, wait_for


@contextmanager
def supervising(
    folder: Path, manner: str, *, grace: float = 1.0
) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.bot.supervised", str(folder), "supervise"]
    command += [manner, str(grace)]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            # Its children end with it.
            process.kill()


def pids(folder: Path, name: str) -> list[int]:
    file = folder / name
    return [int(line) for line in file.read_text().splitlines()] if file.exists() else []


def started(folder: Path, name: str, times: int) -> bool:
    return len(pids(folder, name)) == times


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"


def both(folder: Path) -> list[int]:
    wait_for(lambda: pids(folder, "one") and pids(folder, "two"))
    return [pids(folder, name)[-1] for name in ("one", "two")]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_told_to_end_it_ends_both(tmp_path: Path, number: signal.Signals, code: int) -> None:
    with supervising(tmp_path, "well") as supervisor:
        children = both(tmp_path)
        supervisor.send_signal(number)
        assert supervisor.wait(PATIENCE) == code
        assert [is_running(pid) for pid in children] == [False, False]


def test_what_is_killed_is_started_again_and_the_other_left_alone(tmp_path: Path) -> None:
    with supervising(tmp_path, "well") as supervisor:
        one, two = both(tmp_path)
        for times in (1, 2):
            os.kill(pids(tmp_path, "two")[-1], signal.SIGKILL)
            wait_for(partial(started, tmp_path, "two", times + 1))
        supervisor.terminate()
        said = supervisor.communicate(timeout=PATIENCE)[1]
        assert supervisor.returncode == 0
        assert pids(tmp_path, "one") == [one]
        assert pids(tmp_path, "two")[0] == two
        assert "two ended with -9; starts again in 0.5 s" in said
        assert "two ended with -9; starts again in 1 s" in said


@pytest.mark.measured
def test_what_ends_by_itself_is_started_again(tmp_path: Path) -> None:
    with supervising(tmp_path, "0") as supervisor:
        wait_for(lambda: len(pids(tmp_path, "two")) == 2)
        supervisor.terminate()
        assert supervisor.wait(PATIENCE) == 0


@pytest.mark.measured
def test_a_wrong_configuration_is_not_tried_again(tmp_path: Path) -> None:
    with supervising(tmp_path, "2") as supervisor:
        assert supervisor.wait(PATIENCE) == 2
        assert len(pids(tmp_path, "two")) == 1
        assert not any(map(is_running, pids(tmp_path, "one")))


@pytest.mark.measured
def test_what_does_not_end_is_killed(tmp_path: Path) -> None:
    with supervising(tmp_path, "deaf") as supervisor:
        children = both(tmp_path)
        supervisor.terminate()
        assert "two did not end: killed" in supervisor.communicate(timeout=PATIENCE)[1]
        assert (supervisor.returncode, any(map(is_running, children))) == (0, False)


def test_told_twice_it_waits_no_longer(tmp_path: Path) -> None:
    with supervising(tmp_path, "deaf", grace=PATIENCE) as supervisor:
        children = both(tmp_path)
        supervisor.send_signal(signal.SIGINT)
        wait_for(lambda: not is_running(children[0]))
        supervisor.send_signal(signal.SIGINT)
        assert supervisor.wait(PATIENCE / 2) == 130
        assert not is_running(children[1])


@pytest.mark.measured
def test_nobody_outlives_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    with supervising(tmp_path, "well") as supervisor:
        children = both(tmp_path)
        supervisor.kill()
        wait_for(lambda: not any(map(is_running, children)))
        assert supervisor.wait(PATIENCE) == -signal.SIGKILL
