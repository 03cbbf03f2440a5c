"""Which texts are embedded now: those of all requests share batches, and none waits for long.

What `schedule.py` is for a model that answers.
"""

from __future__ import annotations

from base64 import b64encode
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from time import monotonic

from devchat.backends.local.fit import SPARE, free_memory
from devchat.backends.local.pooled import SEQUENCES, Pooled
from devchat.backends.local.request import Texts
from devchat.backends.local.schedule import failure
from devchat.backends.local.server import Job
from devchat.backends.local.shape import Shape
from devchat.backends.local.weights import Weights
from devchat.backends.local.wire import Frame
from devchat.errors import ContextError, DevchatError, EngineError, InputError, ModelError

TOKENS = 512
"""Tokens evaluated at once, unless one text alone has more."""


@dataclass(slots=True, eq=False)
class Work:
    """A request: the tokens of its texts, of which the first `done` are embedded."""

    job: Job
    texts: list[list[int]]
    done: int = 0


@dataclass(frozen=True, slots=True)
class Portion:
    """What one batch evaluates of a request."""

    work: Work
    texts: list[list[int]]


class Embeddings:
    """Embeds for all requests to one model. One thread may use it."""

    def __init__(
        self, name: str, weights: Weights, shape: Shape, cap: int, finished: Callable[[Job], None]
    ) -> None:
        """Serve loaded weights; `cap` is the longest text the user allows, 0 = the model's."""
        self._name, self._weights, self._shape = name, weights, shape
        self._window = min(cap or weights.trained_window, weights.trained_window)
        self._finished = finished
        self._works: deque[Work] = deque()
        self._pooled: Pooled | None = None
        self._loaded_at = monotonic()

    @property
    def busy(self) -> bool:
        """Whether there is anything to do."""
        return bool(self._works)

    def add(self, job: Job) -> None:
        """Take a request."""
        try:
            work = Work(job, self._tokens(job))
        except DevchatError as error:
            self._refuse(job, error)
            return
        waited = max(0.0, self._loaded_at - job.since)
        job.client.send({"loaded": waited, "width": self._weights.width})
        self._works.append(work)
        if not work.texts:
            self._finish(work)

    def tick(self) -> None:
        """Evaluate one batch. Raises `LoadError` where no context can be made for it."""
        for work in [one for one in self._works if one.job.client.gone]:
            self._end(work)
        if not self._works:
            return
        first, portions = self._works[0], self._portions()
        try:
            self._embed(portions)
        except EngineError as error:
            for portion in portions:
                self._fail(portion.work, error)
        # Whoever was first is last next time: a short request does not wait for a long one. Where
        # the first has ended, the next is first already.
        if self._works and self._works[0] is first:
            self._works.rotate(-1)

    def end(self, error: DevchatError) -> None:
        """End all requests."""
        while self._works:
            self.refuse_next(error)

    def refuse_next(self, error: DevchatError) -> None:
        """End the request whose turn it is."""
        self._fail(self._works[0], error)

    def rest(self) -> float | None:
        """Say for how long there is nothing else to do: for ever, but for requests."""
        return 0.0 if self.busy else None

    def free(self) -> None:
        """Give the memory back, but for the weights."""
        if self._pooled is not None:
            self._pooled.free()
            self._pooled = None

    def close(self, patience: float) -> None:
        """Wait for nothing: nothing is kept."""

    def unbegun(self) -> list[Job]:
        """Give up the requests: another takes them."""
        jobs = [one.job for one in self._works]
        self._works.clear()
        return jobs

    def describe(self) -> Frame:
        """Say how many tokens are evaluated at once, and for how many requests."""
        size = 0 if self._pooled is None else self._pooled.size
        return {"window": size, "sequences": len(self._works)}

    def _tokens(self, job: Job) -> list[list[int]]:
        asked, weights = job.request, self._weights
        if not isinstance(asked, Texts):
            raise ModelError(
                f"`{self._name}` is no model to chat with: it embeds texts",
                "choose another with `-m`; `devchat models list` shows what is here",
            )
        texts = [weights.tokenize(text, special=False, framed=True) for text in asked.texts]
        for number, tokens in enumerate(texts, asked.first):
            self._check(f"`texts[{number}]`", len(tokens))
        return texts

    def _check(self, name: str, count: int) -> None:
        if not count:
            raise InputError(f"{name} is empty: the model makes no tokens of it", "leave it out")
        if count > self._window:
            raise ContextError(
                f"{name} has {count} tokens, but the model's window has {self._window}",
                "embed it in parts, or choose a model with a larger window",
            )
        if count > TOKENS and self._bytes(count) > free_memory() - SPARE:
            raise ContextError(
                f"{name} has {count} tokens, more than free memory can hold at once",
                "embed it in parts, close other programs, or choose a smaller model",
            )

    def _bytes(self, count: int) -> int:
        """Count the bytes that a text takes while each of its tokens attends to all."""
        return count * self._weights.token_bytes(replace(self._shape, ubatch=count))

    def _portions(self) -> list[Portion]:
        first = self._works[0]
        room, seats, portions = max(TOKENS, len(first.texts[first.done])), SEQUENCES, []
        for work in self._works:
            texts = []
            for text in work.texts[work.done : work.done + seats]:
                room -= len(text)
                if room < 0:
                    break
                texts.append(text)
            seats -= len(texts)
            portions.append(Portion(work, texts))
        return [one for one in portions if one.texts]

    def _embed(self, portions: list[Portion]) -> None:
        rows = self._context(portions).read([text for one in portions for text in one.texts])
        for one in portions:
            mine, rows = rows[: len(one.texts)], rows[len(one.texts) :]
            data = b64encode(b"".join(mine)).decode()
            one.work.job.client.send({"rows": data, "at": one.work.done})
            one.work.done += len(mine)
            if one.work.done == len(one.work.texts):
                self._finish(one.work)

    def _context(self, portions: list[Portion]) -> Pooled:
        needed = max(TOKENS, *(len(text) for one in portions for text in one.work.texts))
        if self._pooled is None or self._pooled.size < needed:
            self.free()
            self._pooled = Pooled(self._weights, self._shape, -(-needed // TOKENS) * TOKENS)
        return self._pooled

    def _finish(self, work: Work) -> None:
        work.job.client.send({"done": "embedded"})
        self._end(work)

    def _fail(self, work: Work, error: DevchatError) -> None:
        work.job.client.send(failure(error))
        self._end(work)

    def _refuse(self, job: Job, error: DevchatError) -> None:
        job.client.send(failure(error))
        self._finished(job)

    def _end(self, work: Work) -> None:
        self._works.remove(work)
        self._finished(work.job)
