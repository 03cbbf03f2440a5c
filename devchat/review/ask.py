"""Ask: one answer for each chunk, bound by a schema. What fails is asked once more."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from devchat.backends import Backend
from devchat.errors import ContextError, DevchatError
from devchat.review.answers import Answer, read_answer
from devchat.review.asking import Asking
from devchat.review.chunks import Chunk, part
from devchat.review.wishes import Progress
from devchat.types import Completion, Request, Usage

Results = Iterator[tuple[int, Completion | DevchatError]]


Failure = tuple[Chunk, DevchatError]


@dataclass(slots=True)
class Asked:
    """What came of asking: answers to chunks, and why there is none to others."""

    answers: list[tuple[Chunk, Answer]] = field(default_factory=list)
    failed: list[Failure] = field(default_factory=list)
    usage: Usage = Usage(0, 0)
    model: str = ""

    @property
    def tokens(self) -> int:
        """Tokens read and written so far."""
        return self.usage.prompt_tokens + self.usage.completion_tokens

    def heard(self, completion: Completion) -> None:
        """Take in who spoke, and the tokens of it."""
        self.usage = _sum(self.usage, completion.usage)
        self.model = completion.model


def ask(chunks: Sequence[Chunk], asking: Asking) -> Generator[Progress, None, Asked]:
    """Ask about every chunk that can be asked about, and once more about those that failed.

    One that did not fit is asked about again in two halves.
    """
    asked = Asked(failed=[(one, DevchatError(one.reason)) for one in chunks if one.reason])
    failures = yield from _round([one for one in chunks if not one.reason], asking, asked)
    again: list[Chunk] = []
    for chunk, error in failures:
        parts = part(chunk, asking.limits) if isinstance(error, ContextError) else (chunk,)
        again += parts
        asked.failed += [] if parts else [(chunk, error)]
    asked.failed += yield from _round(again, asking, asked)
    return asked


def _round(
    chunks: Sequence[Chunk], asking: Asking, asked: Asked
) -> Generator[Progress, None, list[Failure]]:
    """Ask about each chunk once, and return those that failed."""
    failures: list[Failure] = []
    before = len(asked.answers)
    total = before + len(chunks)
    requests = [asking.request(chunk) for chunk in chunks]
    if chunks:
        yield Progress("ask", before, total, asked.tokens)
    with results_of(asking.backend, requests) as results:
        for done, (index, result) in enumerate(results, before + 1):
            chunk = chunks[index]
            try:
                asked.answers.append((chunk, _read(result, asking, asked)))
            except DevchatError as error:
                failures.append((chunk, error))
            yield Progress("ask", done, total, asked.tokens)
    return failures


def _read(result: Completion | DevchatError, asking: Asking, asked: Asked) -> Answer:
    if isinstance(result, DevchatError):
        raise result
    asked.heard(result)
    return read_answer(result.text, asking.policy.rules)


@contextmanager
def results_of(backend: Backend, requests: Sequence[Request]) -> Iterator[Results]:
    """Answer requests; what is left of them is cancelled on leaving."""
    results = backend.complete_many(requests)
    try:
        yield results
    finally:
        if isinstance(results, Generator):
            results.close()


def _sum(one: Usage, other: Usage) -> Usage:
    return Usage(
        one.prompt_tokens + other.prompt_tokens,
        one.completion_tokens + other.completion_tokens,
        one.cached_tokens + other.cached_tokens,
        one.exact and other.exact,
    )
