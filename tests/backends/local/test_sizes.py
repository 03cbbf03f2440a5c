"""What a token takes in memory, compared with what llama.cpp copies of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.backends.local.network import HEADS, WIDTH, write_talker

PROGRAM = """
import sys
from pathlib import Path
from devchat.backends.local.batch import Feed
from devchat.backends.local.pool import Pool
from devchat.backends.local.pace import Paces
from devchat.backends.local.shape import Threads
from tests.backends.local.workbench import SHAPE, Workbench

weights = Workbench(Path(sys.argv[1])).weights
pool, sizes = Pool(weights, SHAPE, 512, Paces(Threads(1, 1))), []
for _ in range(2):
    pool.decode([Feed(0, [7] * 32)])
    sizes.append(len(pool.state(0)))
print((sizes[1] - sizes[0]) // 32, weights.kept_bytes(SHAPE))
"""
NOTES = 32
"""Bytes beside each token's numbers that say where it is, at most."""


@pytest.mark.parametrize("head", [WIDTH // HEADS, 64])
def test_a_token_takes_what_its_heads_hold(home: Path, head: int) -> None:
    model = write_talker(home / "it.gguf", head=head)
    program = [sys.executable, "-c", PROGRAM, str(model)]
    done = subprocess.run(program, capture_output=True, text=True, check=True)
    copied, counted = map(int, done.stdout.split())
    assert counted == 2 * 2 * HEADS * head
    assert counted <= copied <= counted + NOTES
