"""Continuous batching: which requests are answered now, and what each batch evaluates.

Requests are begun in the order in which they came, while cells suffice for their prompts and
longest answers. Each tick evaluates one batch: the newest tokens of all answers, then a part of
the prompts that are still being read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic, perf_counter

from devchat.backends.local.cache import PrefixCache
from devchat.backends.local.library import LoadError
from devchat.backends.local.plan import Plan, Planner
from devchat.backends.local.pool import Pool
from devchat.backends.local.prefixes import STEP, Find, Memory, usable
from devchat.backends.local.request import Asked, Texts
from devchat.backends.local.run import Run
from devchat.backends.local.server import Job
from devchat.backends.local.serving import (
    DRAFTERS,
    FEW,
    Fed,
    Served,
    Waiting,
    next_batch,
    patient,
)
from devchat.backends.local.shape import Shape
from devchat.backends.local.sight import Sight
from devchat.backends.local.space import Space
from devchat.backends.local.weights import Weights
from devchat.backends.local.wire import Frame
from devchat.errors import DevchatError, EngineError, ModelError

NO_MEMORY = EngineError(
    "memory ran out while the pool of the model was made larger", "close other programs, ask again"
)


@dataclass(frozen=True, slots=True)
class Manner:
    """How a model answers: `cap` is the largest window the user allows, 0 = the model's."""

    name: str
    shape: Shape
    cap: int
    lookup: bool
    cache: PrefixCache
    sight: Sight | None = None


class Scheduler:
    """Answers the requests to one model, many at a time. One thread may use it."""

    def __init__(self, weights: Weights, manner: Manner, finished: Callable[[Job], None]) -> None:
        """Serve loaded weights; `finished` is told of each request that has ended."""
        self.space = Space(weights, manner.shape, manner.cache)
        self._weights, self._manner, self._finished = weights, manner, finished
        self._planner = Planner(weights, manner.cap, manner.sight)
        self._lookup = manner.lookup and not weights.recurrent
        self._few = not weights.gpu_layers and manner.shape.threads_batch <= FEW
        self._waiting: list[Waiting] = []
        self._served: list[Served] = []
        self._full = False
        self._loaded_at = monotonic()

    @property
    def busy(self) -> bool:
        """Whether there is anything to do."""
        return bool(self._waiting or self._served)

    @property
    def runs(self) -> list[Run]:
        """The answers that are being made."""
        return [one.run for one in self._served]

    def add(self, job: Job) -> None:
        """Take a request."""
        try:
            plan = self._planner.plan(self._asked(job), self.space.memory())
        except DevchatError as error:
            self._refuse(job, error)
        else:
            self._waiting.append(Waiting(job, plan))
            if not plan.asked.private and not plan.views:
                self.space.cache.learn(plan.prompt)
            self._full = False

    def tick(self) -> None:
        """Evaluate one batch. Raises `LoadError` where no pool can be made for the next request."""
        self._let_go()
        try:
            self._admit()
        except LoadError:
            # Not even the pool that there was could be made again.
            for one in [*self._served]:
                self._fail(one, NO_MEMORY)
            raise
        if self._served:
            self._turn()

    def end(self, error: DevchatError) -> None:
        """End all requests."""
        for one in [*self._served]:
            self._fail(one, error)
        while self._waiting:
            self.refuse_next(error)

    def refuse_next(self, error: DevchatError) -> None:
        """End the request that no pool could be made for, else the one that waits longest."""
        self._refuse(self._waiting.pop(0).job, error)

    def rest(self) -> float | None:
        """Do a piece of what can wait; tell for how long there is no more (`None`: for ever)."""
        return 0.0 if self.busy else self.space.keep()

    def free(self) -> None:
        """Give the memory back, but for the weights."""
        self.space.free()
        if self._manner.sight is not None:
            self._manner.sight.free()

    def close(self, patience: float) -> None:
        """Remember what was found out, and wait so many seconds for what is being written."""
        self.space.close(patience)

    def unbegun(self) -> list[Job]:
        """Give up the requests that wait: another scheduler takes them."""
        jobs = [one.job for one in self._waiting]
        self._waiting.clear()
        return jobs

    def describe(self) -> Frame:
        """Say how full the pool is: of cells, those of requests being answered."""
        space, runs = self.space, self.runs
        used, kept = space.cells(runs)
        return {
            "window": space.size,
            "sequences": len(runs),
            "cells": used,
            "kept": kept,
            "cache_trouble": space.cache.trouble,
        }

    def _asked(self, job: Job) -> Asked:
        if isinstance(job.request, Texts):
            raise ModelError(
                f"`{self._manner.name}` is no model that embeds: it is one to chat with",
                "name the GGUF file of an embedding model",
            )
        return job.request

    def _let_go(self) -> None:
        for one in [one for one in self._served if one.job.client.gone]:
            self._end(one)
        for waiting in [one for one in self._waiting if one.job.client.gone]:
            self._waiting.remove(waiting)
            # There may be room for those behind.
            self._full = False
            self._finished(waiting.job)

    def _admit(self) -> None:
        for waiting in [] if self._full else list(self._waiting):
            if self._follows(waiting) or self._patient(waiting, len(self._served)):
                continue
            try:
                found = self.space.place(waiting.plan, self.runs, self._behind(waiting))
            except LoadError:
                # Whom there is no memory for is refused, not who was passed over.
                self._waiting.remove(waiting)
                self._waiting.insert(0, waiting)
                raise
            if found is None:
                self._full = True
                break
            self._waiting.remove(waiting)
            self._begin(waiting, found)
        if self._full:
            self._tell()

    def _behind(self, first: Waiting) -> list[Plan]:
        behind = list[Plan]()
        for one in self._waiting:
            if one is not first and not self._patient(one, len(self._served) + 1 + len(behind)):
                behind.append(one.plan)
        return behind

    def _patient(self, waiting: Waiting, ahead: int) -> bool:
        return self._few and ahead >= DRAFTERS and patient(waiting.plan)

    def _follows(self, waiting: Waiting) -> bool:
        """Tell whether a prompt that is being read will soon have more to share than now."""
        if not self._served or self._weights.recurrent:
            return False
        shares = [(self._common(waiting, one), one) for one in self._served]
        held = self.space.prefixes.pool.held
        now = max(min(count, len(held[one.run.seq])) for count, one in shares)
        soon = max(count for count, _ in shares)
        return soon >= now + STEP

    def _common(self, waiting: Waiting, served: Served) -> int:
        # Never more than the prompt: an answer that is being made is nobody's beginning.
        if served not in waiting.common:
            waiting.common[served] = usable(served.run.plan.prompt, waiting.plan.prompt)
        return waiting.common[served]

    def _begin(self, waiting: Waiting, found: Find) -> None:
        job, plan = waiting.job, waiting.plan
        seq, cached = self.space.begin(plan, found, self.runs)
        served = Served(job, Run(plan, self._weights, seq, cached, self._lookup))
        self._served.append(served)
        job.client.send({"loaded": max(0.0, self._loaded_at - job.since)})
        for frame in (*plan.frames, *served.run.open()):
            job.client.send(frame)
        if served.run.done:
            self._finish(served)

    def _turn(self) -> None:
        prefixes = self.space.prefixes
        pool, reading = prefixes.pool, self._manner.shape.ubatch
        fed = self._looked(next_batch(self._served, pool, reading))
        if not fed:
            return
        feeds = [feed for _, feed in fed]
        count, started = sum(len(feed.tokens) for feed in feeds), perf_counter()
        prefixes.make_room(count)
        try:
            firsts = pool.decode(feeds)
        except EngineError as error:
            for one, _ in fed:
                self._fail(one, error)
            return
        if count >= STEP and not any(feed.heard for feed in feeds):
            self.space.cache.took(count, perf_counter() - started)
        for (one, feed), first in zip(fed, firsts, strict=True):
            if feed.heard:
                self._hear(one, pool, first)

    def _looked(self, fed: list[Fed]) -> list[Fed]:
        """Look at one picture, if one is next; give what is left for the batch."""
        looks = [(one, feed) for one, feed in fed if feed.view is not None]
        for one, feed in looks[:1]:
            self.space.prefixes.make_room(len(feed.tokens))
            try:
                self.space.prefixes.pool.look(feed)
            except EngineError as error:
                self._fail(one, error)
        return [(one, feed) for one, feed in fed if feed.view is None]

    def _hear(self, one: Served, pool: Pool, first: int) -> None:
        try:
            for frame in one.run.hear(pool, first):
                one.job.client.send(frame)
        except DevchatError as error:
            self._fail(one, error)
            return
        if one.run.done:
            self._finish(one)

    def _finish(self, one: Served) -> None:
        try:
            for frame in one.run.finish():
                one.job.client.send(frame)
        except DevchatError as error:
            self._fail(one, error)
        else:
            self._end(one)

    def _tell(self) -> None:
        for ahead, waiting in enumerate(self._waiting, len(self._served)):
            if not waiting.told:
                many = "request is" if ahead == 1 else "requests are"
                note = f"the model is busy: {ahead} {many} answered first"
                waiting.job.client.send({"note": note})
                waiting.told = True

    def _refuse(self, job: Job, error: DevchatError) -> None:
        job.client.send(failure(error))
        self._finished(job)

    def _fail(self, one: Served, error: DevchatError) -> None:
        one.job.client.send(failure(error))
        self._end(one)

    def _end(self, one: Served) -> None:
        one.run.free()
        self._served.remove(one)
        memory = Memory(len(one.run.plan.prompt), one.run.plan.asked.private)
        self.space.rest(one.run, memory)
        self._full = False
        self._finished(one.job)


def failure(error: DevchatError) -> Frame:
    """Make the frame that raises an error again at the client."""
    return {"error": type(error).__name__, "message": error.message, "hint": error.hint}
