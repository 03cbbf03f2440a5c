"""Reading diffs: beside unidiff on the same text, and then on two and four times as much."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Callable, Mapping
from statistics import median
from time import process_time

from unidiff.patch import PatchSet

from devchat.diff import parse
from tests.benchmarks.pairs import Contestant, Row, compare, interleave, ratio

LINES, FILES = 20_000, 3_000
ROUNDS = 15
GROWTH = 6.0
WORDS = ["def", "return", "self.total", "=", "items", "(price)", "for", "in", "# 说明", "+ 1", ""]


def measure(environ: Mapping[str, str]) -> list[Row]:
    """Parse a long diff and one of many files beside unidiff; then two and four times as much."""
    inputs = {f"{LINES:,} lines": (long_diff, LINES), f"{FILES:,} files": (wide_diff, FILES)}
    return [row for what, (make, size) in inputs.items() for row in _rows(what, make, size)]


def _rows(what: str, make: Callable[[int], str], size: int) -> list[Row]:
    texts = {f"{times}x": make(size * times) for times in (1, 2, 4)}
    contestants = {name: timed(parse, text) for name, text in texts.items()}
    contestants["unidiff"] = timed(PatchSet, texts["1x"])
    seconds = interleave(contestants, ROUNDS)
    took = {name: median(seconds[name]) * 1000 for name in texts}
    weighed = {name: weight(text) for name, text in texts.items()}
    title = f"parse a diff of {what}"
    memory = weighed["4x"] / weighed["1x"]
    return [
        compare(seconds, f"{title}, against `unidiff`", "1x", "unidiff", 1.0),
        Row(f"{title}, then 4x: time", ratio(seconds, "4x", "1x"), GROWTH, "x", _list(took, "ms")),
        Row(f"{title}, then 4x: memory", memory, GROWTH, "x", _list(weighed, "MB")),
    ]


def long_diff(lines: int) -> str:
    """Write a diff of so many lines: 200 in each file, ten in each hunk."""
    chance = random.Random(1)
    return "".join(_file(number, 20, chance) for number in range(lines // 200))


def wide_diff(files: int) -> str:
    """Write a diff of so many files, each with a hunk of ten lines."""
    chance = random.Random(1)
    return "".join(_file(number, 1, chance) for number in range(files))


def _file(number: int, hunks: int, chance: random.Random) -> str:
    name = f"src/room{number % 40}/file{number}.py"
    head = (
        f"diff --git a/{name} b/{name}\nindex 3f1c2aa..9d0b7e1 100644\n--- a/{name}\n+++ b/{name}\n"
    )
    return head + "".join(_hunk(1 + 40 * index, chance) for index in range(hunks))


def _hunk(start: int, chance: random.Random) -> str:
    marks = ["", "", "", "-", "-", "+", "+", "", "", ""]
    lines = "".join(f"{mark or ' '}{' '.join(chance.choices(WORDS, k=9))}\n" for mark in marks)
    return f"@@ -{start},8 +{start},8 @@ def average(prices):\n{lines}"


def timed(run: Callable[[str], object], text: str) -> Contestant:
    """A contestant that reads a text; the processor's time, for it waits for nothing."""

    def once(number: int) -> float:
        started = process_time()
        run(text)
        return process_time() - started

    return once


def weight(text: str) -> float:
    """Return the most memory that parsing a text takes at a time, in MB."""
    tracemalloc.start()
    parse(text)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most / 1e6


def _list(values: Mapping[str, float], unit: str) -> str:
    return ", ".join(f"{name} {value:,.0f} {unit}" for name, value in values.items())
