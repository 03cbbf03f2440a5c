"""How long the command line takes to say something, against a bare `python -c pass`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from tests.benchmarks.pairs import Row, compare, interleave, whole_run

ROUNDS = 15
BARS = {"--version": 3.0, "--help": 8.0, "ask --help": 17.0}


def measure(environ: Mapping[str, str]) -> list[Row]:
    """Time `--version`, `--help` and `ask --help`."""
    devchat = str(Path(sys.executable).with_name("devchat"))
    contestants = {"bare": whole_run([sys.executable, "-c", "pass"], environ)}
    for line in BARS:
        contestants[line] = whole_run([devchat, *line.split()], environ)
    seconds = interleave(contestants, ROUNDS)
    return [
        compare(seconds, f"`devchat {line}` against `python -c pass`", line, "bare", bar)
        for line, bar in BARS.items()
    ]
