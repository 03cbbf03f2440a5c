"""Reviewing: all of it but the model and the analyzers' tools, beside unidiff's mere parsing.

The model is one that answers at once, and whose tokens are a third of the characters: counting
by a real tokenizer is the model's time. Files are read from memory.
"""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable, Iterator, Mapping, Sequence
from statistics import median
from time import perf_counter

from unidiff.patch import PatchSet

from devchat.backends.scripted import Scripted
from devchat.changes import Diff, FileDiff, Hit, Review, Side
from devchat.diff import parse
from devchat.policy import Policy
from devchat.prompts import load_prompt, shipped_folder
from devchat.review import Prompts, Reviewers, Wishes, review
from devchat.types import Completion, Request, Usage
from tests.benchmarks.diffs import FILES, GROWTH, LINES, long_diff, wide_diff
from tests.benchmarks.pairs import Contestant, Row, compare, interleave, ratio

ROUNDS = 9
BAR = 4.0


def measure(environ: Mapping[str, str]) -> list[Row]:
    """Review a long diff and one of many files; then two and four times as much."""
    inputs = {f"{LINES:,} lines": (long_diff, LINES), f"{FILES:,} files": (wide_diff, FILES)}
    return [row for what, (make, size) in inputs.items() for row in _rows(what, make, size)]


def _rows(what: str, make: Callable[[int], str], size: int) -> list[Row]:
    tasks = {f"{times}x": Task(make(size * times)) for times in (1, 2, 4)}
    contestants: dict[str, Contestant] = {name: task.timed for name, task in tasks.items()}
    contestants["unidiff"] = lambda _: _seconds(lambda: PatchSet(tasks["1x"].text))
    seconds = interleave(contestants, ROUNDS)
    took = {name: median(seconds[name]) * 1000 for name in tasks}
    weighed = {name: task.weight() for name, task in tasks.items()}
    memory = weighed["4x"] / weighed["1x"]
    title = f"review a diff of {what}, without model and analyzers"
    return [
        compare(seconds, f"{title}, against parsing it with `unidiff`", "1x", "unidiff", BAR),
        Row(f"{title}, then 4x: time", ratio(seconds, "4x", "1x"), GROWTH, "x", _list(took, "ms")),
        Row(f"{title}, then 4x: memory", memory, GROWTH, "x", _list(weighed, "MB")),
    ]


class Task:
    """A diff's text, and the files at head that it could be of."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._source = Head(parse(text))
        names = ("review", "review-verify", "review-summary")
        prompts = Prompts(*(load_prompt(name, [shipped_folder()]) for name in names))
        self._reviewers = Reviewers((), Instant(), prompts)

    def run(self) -> None:
        """Parse the diff and review it."""
        policy = Policy(max_files=1_000_000, max_file_lines=1_000_000)
        *_, last = review(parse(self.text), self._source, self._reviewers, policy, Wishes())
        assert isinstance(last, Review)
        states = {hunk.state for file in last.receipt.files for hunk in file.hunks}
        assert states == {"reviewed"} and last.findings

    def timed(self, number: int) -> float:
        """Take the time of a run."""
        return _seconds(self.run)

    def weight(self) -> float:
        """Return the most memory that a run takes at a time, in MB."""
        tracemalloc.start()
        self.run()
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most / 1e6


class Head:
    """The files at head as far as a diff shows them; other lines are empty."""

    base = head = ""
    complete = True

    def __init__(self, diff: Diff) -> None:
        self._files = {file.path: _content(file) for file in diff.files}

    def read(self, side: Side, path: str) -> bytes | None:
        return self._files.get(path) if side == "RIGHT" else None

    def search(self, word: str) -> Iterator[Hit]:
        return iter(())

    def close(self) -> None: ...


def _content(file: FileDiff) -> bytes:
    lines = [line for hunk in file.hunks for line in hunk.lines if line.new is not None]
    texts = [""] * max(line.new or 0 for line in lines)
    for line in lines:
        texts[(line.new or 1) - 1] = line.text
    return "\n".join((*texts, "")).encode()


class Instant(Scripted):
    """A model that says at once that the first new line of a chunk is wrong."""

    def __init__(self) -> None:
        super().__init__(())

    def complete_many(self, requests: Sequence[Request]) -> Iterator[tuple[int, Completion]]:
        for index, request in enumerate(requests):
            text = _answer(request) if request.options.schema else "It changes everything."
            yield index, Completion(text, "", Usage(0, 0), "stop", self.name)

    def count(self, text: str) -> int:
        return len(text) // 3 + 1


def _answer(request: Request) -> str:
    text = request.messages[-1].text
    path = text[text.index("=== ") + 4 :].partition(" (")[0]
    number, _, quote = text[text.index("\n+") + 2 :].partition("\n")[0].partition("|")
    finding = {"path": path, "quote": quote, "line": int(number), "title": "It is wrong"}
    finding |= {"body": "For 0.", "severity": "error", "suggestion": f"{quote} + 1"}
    return json.dumps({"summary": "It changes.", "findings": [finding]})


def _seconds(run: Callable[[], object]) -> float:
    started = perf_counter()
    run()
    return perf_counter() - started


def _list(values: Mapping[str, float], unit: str) -> str:
    return ", ".join(f"{name} {value:,.0f} {unit}" for name, value in values.items())
