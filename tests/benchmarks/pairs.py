"""Interleaved measurement: every round runs each contestant once, so drift hits all alike."""

from __future__ import annotations

import gc
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter

Contestant = Callable[[int], float]
"""Runs once, given the number of the round, and returns its seconds."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the report: a ratio (or a figure) measured in one run, and its bar."""

    what: str
    measured: float
    bar: float
    unit: str
    detail: str

    @property
    def held(self) -> bool:
        """Whether the bar is held."""
        return self.measured <= self.bar


def interleave(contestants: Mapping[str, Contestant], rounds: int) -> dict[str, list[float]]:
    """Run all contestants in turn, `rounds` times after one round that isn't counted."""
    # What other suites have imported is not searched for garbage in this one's time.
    gc.collect()
    gc.freeze()
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for number in range(rounds + 1):
        for name, run in contestants.items():
            taken = run(number)
            if number:
                seconds[name].append(taken)
    return seconds


def ratio(seconds: Mapping[str, Sequence[float]], one: str, other: str) -> float:
    """The median over the rounds of one contestant's time over the other's."""
    pairs = zip(seconds[one], seconds[other], strict=True)
    return median(mine / theirs for mine, theirs in pairs)


def compare(
    seconds: Mapping[str, Sequence[float]], what: str, one: str, other: str, bar: float
) -> Row:
    """Make a row of two contestants' times."""
    mine, theirs = median(seconds[one]) * 1000, median(seconds[other]) * 1000
    detail = f"{mine:,.0f} ms against {theirs:,.0f} ms, {len(seconds[one])} pairs"
    return Row(what, ratio(seconds, one, other), bar, "x", detail)


def whole_run(command: Sequence[str], environ: Mapping[str, str]) -> Contestant:
    """A contestant that runs a command to its end."""

    def run(number: int) -> float:
        started = perf_counter()
        subprocess.run(
            command,
            check=True,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        return perf_counter() - started

    return run


def until_characters(
    command: Callable[[int], Sequence[str]], environ: Mapping[str, str], wanted: int = 8
) -> Contestant:
    """A contestant that runs a command until it has written so many non-blank characters."""

    def run(number: int) -> float:
        started = perf_counter()
        process = subprocess.Popen(
            command(number),
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
        )
        assert process.stdout is not None
        seen = 0
        while seen < wanted:
            piece = process.stdout.read(4096)
            assert piece, f"{command(number)} ended after {seen} characters"
            seen += len("".join(piece.decode("utf-8", "replace").split()))
        taken = perf_counter() - started
        process.kill()
        process.stdout.close()
        process.wait()
        return taken

    return run
