"""A scheduler and the real model without an engine around them: ticks can be counted here.

Only for programs that tests run: llama.cpp is never loaded into the process that tests.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path

import numpy as np
import numpy.typing as npt

from devchat.backends.local.batch import Feed
from devchat.backends.local.cache import Origin, open_cache
from devchat.backends.local.connection import Client
from devchat.backends.local.facts import look_at
from devchat.backends.local.library import Library
from devchat.backends.local.pace import Paces
from devchat.backends.local.plan import Plan
from devchat.backends.local.pool import Pool
from devchat.backends.local.request import asked, written
from devchat.backends.local.run import Run
from devchat.backends.local.schedule import Manner, Scheduler
from devchat.backends.local.server import Job
from devchat.backends.local.shape import Shape, Threads
from devchat.backends.local.sight import Eye, Sight
from devchat.backends.local.stand import before_picture
from devchat.backends.local.weights import Weights
from devchat.backends.local.wire import Frame
from devchat.types import Request

Logits = npt.NDArray[np.float32]
SHAPE = Shape("off", "f16", 512, 256, 1, 1)


class Answer(Client):
    """A client without a connection, and what it was sent."""

    def __init__(self) -> None:
        self.gone = False
        self.frames: list[Frame] = []
        self.run: Run | None = None

    def send(self, frame: Frame) -> None:
        """Keep a frame."""
        self.frames.append(frame)

    @property
    def text(self) -> str:
        """What it was answered."""
        return "".join(frame.get("text", "") for frame in self.frames)

    @property
    def done(self) -> bool:
        """Whether it has ended well."""
        return any("done" in frame for frame in self.frames)

    @property
    def prompt(self) -> list[int]:
        """The tokens of what was asked."""
        assert self.run is not None
        return self.run.plan.prompt

    @property
    def error(self) -> str:
        """What it was told instead."""
        return next((frame["message"] for frame in self.frames if "error" in frame), "")

    @property
    def cached(self) -> int:
        """Tokens of its prompt that were not evaluated for it."""
        ((_, _, cached),) = [frame["usage"] for frame in self.frames if "done" in frame]
        return int(cached)

    @property
    def tokens(self) -> list[int]:
        """Its prompt and its answer."""
        assert self.run is not None
        return self.run.tokens


class Workbench:
    """Answers requests, tick by tick."""

    def __init__(self, path: Path, lookup: bool = False, cap: int = 0) -> None:
        self.weights = Weights(Library(), str(path).encode(), 0, lambda: None)
        origin = Origin("bench", look_at(str(path)), (), self.weights.kept_bytes(SHAPE))
        cache = open_cache(Path("/nowhere"), 0, origin)
        self.manner = Manner("bench", SHAPE, cap, lookup, cache)
        self.ticks = self.steps = 0
        self.ended: list[Job] = []
        self._answers: dict[int, Answer] = {}
        self.renew()

    def look_by(self, projector: Path) -> None:
        """See pictures by a projector."""

        def step() -> None:
            self.steps += 1

        eye = Eye("bench", str(projector), step)
        self.manner = replace(self.manner, sight=Sight(self.weights, SHAPE, eye))
        self.renew()

    def renew(self) -> None:
        """Forget everything, as a new engine does."""
        self.scheduler = Scheduler(self.weights, self.manner, self.ended.append)

    def add(self, request: Request, watched: bool = True) -> Answer:
        """Ask; nothing is done before the next tick."""
        answer = Answer()
        job = Job(answer, asked(written(request, False, watched)))
        self._answers[id(job.request)] = answer
        self.scheduler.add(job)
        return answer

    def tick(self, count: int = 1) -> None:
        """Evaluate batches."""
        for _ in range(count):
            self.scheduler.tick()
            self.ticks += 1
            for run in self.scheduler.runs:
                self._answers[id(run.plan.asked)].run = run

    def ask(self, *requests: Request) -> list[Answer]:
        """Answer all, begun at once."""
        answers = [self.add(request) for request in requests]
        while self.scheduler.busy:
            self.tick()
        return answers

    def replay(self, plan: Plan, tokens: list[int], together: bool) -> Logits:
        """Evaluate an answer again, one token at a time or all `together`; a row for each."""
        pool = Pool(
            self.weights, SHAPE, -(-(len(tokens) + 64) // 256) * 256, Paces(Threads(1, 1), None)
        )
        # Behind another sequence, as in a batch of many, where they are evaluated together.
        if together:
            pool.decode([Feed(1, self.weights.tokenize("word " * 37, special=False))])
        for feed in _feeds(plan):
            if feed.view is None:
                pool.decode([feed])
            else:
                pool.look(feed)
        rest = tokens[len(plan.prompt) - 1 :]
        parts = [rest] if together else [[token] for token in rest]
        rows = np.stack([row for part in parts for row in self._heard(pool, part)])
        pool.free()
        return rows

    def _heard(self, pool: Pool, tokens: list[int]) -> list[Logits]:
        (first,) = pool.decode([Feed(0, tokens, len(tokens))])
        places = range(first, first + len(tokens))
        return [pool.logits(place).copy() for place in places]


def _feeds(plan: Plan) -> Iterator[Feed]:
    """Give a prompt, but for its last token, in pieces that no picture is cut by."""
    start, end = 0, len(plan.prompt) - 1
    while start < end:
        view = plan.views.get(plan.prompt[start])
        stop = start + before_picture(plan.prompt[start : min(start + 256, end)])
        tokens = view.tokens if view else plan.prompt[start:stop]
        yield Feed(0, tokens, view=view)
        start += len(tokens)


def check_same(bench: Workbench, one: Answer, other: Answer) -> None:
    """Check that two answers to one question are the same, but where the model was in doubt.

    Where they part, the gap between the two best logits is below the noise of batches: what
    evaluating together, instead of one by one, changes in this very answer.
    """
    assert one.run is not None
    plan, prompt = one.run.plan, one.prompt
    left, right = one.tokens[len(prompt) :], other.tokens[len(prompt) :]
    # One may end where the other goes on: the end is a token too, though it is not kept.
    pairs = zip_longest(left, right)
    parted = next((at for at, (a, b) in enumerate(pairs) if a != b), None)
    if parted is None:
        assert one.text == other.text
        return
    tokens = [*prompt, *left[:parted]]
    alone, noisy = (bench.replay(plan, tokens, together) for together in (False, True))
    noise = np.abs(alone - noisy).max()
    second, best = np.sort(alone[-1])[-2:]
    print(f"parted at {parted}: gap {best - second:.3f}, noise {noise:.3f}", file=sys.stderr)
    assert best - second < noise
