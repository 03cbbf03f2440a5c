"""A worker's memory has a limit, which the processes that it starts have too."""

from __future__ import annotations

import subprocess
import sys

import pytest

from bot.command.memory import LEAST
from tests.bot.programs import ROOT

CODE = """
import subprocess, sys
from bot.command.memory import bound_memory
print(bound_memory({most}), bound_memory(), flush=True)
subprocess.run([sys.executable, "-c", "print(len(bytearray({size} << 20)))"])
"""


@pytest.mark.parametrize(
    ("most", "size", "said"), [(1 << 29, 700, "MemoryError"), (1 << 29, 100, str(100 << 20))]
)
def test_a_process_that_a_worker_starts_can_t_grow_beyond_the_limit(
    most: int, size: int, said: str
) -> None:
    code = CODE.format(most=most, size=size)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.splitlines()[0] == f"{most} {most}"  # never loosened again
    assert said in done.stdout + done.stderr


def test_without_a_number_it_is_most_of_the_machine() -> None:
    code = CODE.format(most=0, size=1)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    first, second = map(int, done.stdout.splitlines()[0].split())
    assert first == second >= LEAST // 2
