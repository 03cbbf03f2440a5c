"""The remote backend: one model of an OpenAI-compatible service.

Decides when to ask again: at once where a refusal taught how to ask, after a wait where the
service is busy, never once an answer has begun. Knows nothing of HTTP; `connection` does.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Sequence

from devchat.backends.many import answer_many
from devchat.backends.remote.connection import Connection, Events
from devchat.backends.remote.estimate import Estimate
from devchat.backends.remote.explain import Service, explain, is_context, is_credit
from devchat.backends.remote.failure import Failure
from devchat.backends.remote.ladder import Answer, Ladder, RungRefused, refuses_rung
from devchat.backends.remote.payload import Body, Dialect, Rung, write_body
from devchat.backends.remote.reading import Reading
from devchat.errors import DevchatError
from devchat.models import RemoteModel
from devchat.types import Chunk, Completion, Request, Usage

_LONGEST_WAIT = 60.0
_WORTH_A_NOTE = 2.0
_FIRST_WAIT = 0.5
_PASSING = frozenset({408, 409, 429, 500, 502, 503, 504, 529})
_MESSAGE_TOKENS = 8
"""What a chat template may add around a message; ChatML and Llama 3's add 5."""


class Remote:
    """Answer by a service. Made by `open_remote`; nothing is sent before the first request."""

    exact_count = False
    binds_schema = False

    def __init__(
        self, model: RemoteModel, service: Service, connection: Connection, retries: int
    ) -> None:
        self.name = model.name
        self.location = service.location
        self.tier = model.tier
        self.accepts_images = model.provider.images
        self._context_tokens = model.provider.context_tokens
        self._service = service
        self._connection = connection
        self._retries = retries
        self._dialect = Dialect()
        self._ladder = Ladder()
        self._estimate = Estimate()

    @property
    def context_tokens(self) -> int:
        """The window that the provider's table states."""
        return self._context_tokens

    def stream(self, request: Request) -> Answer:
        """Answer one request; closing the iterator closes the connection.

        Raises `UnreachableError`, `RefusedError`, `ModelError`, `ContextError`, `AnswerError`
        (with a schema), or `BackendError` for all else, a broken answer included.
        """
        schema = request.options.schema
        if schema is None:
            return self._ask(request, "none")
        return self._ladder.settle(self._ask, request, schema)

    def complete_many(
        self, requests: Sequence[Request]
    ) -> Iterator[tuple[int, Completion | DevchatError]]:
        """Answer in parallel, in the order in which they finish; an error is a value."""
        return answer_many(self.stream, requests)

    def count(self, text: str) -> int:
        """Estimate the tokens of a text, rather too many than too few (see `estimate`)."""
        return self._estimate.count(text)

    def close(self) -> None:
        """Close all connections."""
        self._connection.close()

    def _ask(self, request: Request, rung: Rung) -> Answer:
        try:
            try:
                yield from self._attempt(request, rung, streaming=True)
            except Failure as failure:
                if failure.kind != "empty":
                    raise
                # llama_cpp.server ends the stream without a word where it meets an error, or
                # serves another request first; asked for the whole answer, it says which.
                yield from self._attempt(request, rung, streaming=False)
        except Failure as failure:
            raise explain(failure, self._service, self._connection.models) from None

    def _attempt(self, request: Request, rung: Rung, streaming: bool) -> Answer:
        """Ask once the service takes it. Raises `Failure`."""
        reading = Reading()
        events = yield from self._accepted(request, rung, streaming)
        try:
            for event in events:
                yield from reading.take(event)
            yield from reading.finish()
        except Failure as failure:
            broken = reading.begun and failure.kind != "status"
            raise Failure("cut") if broken else failure from None
        finally:
            events.close()
        yield self._complete(request, reading)

    def _accepted(
        self, request: Request, rung: Rung, streaming: bool
    ) -> Generator[Chunk, None, Events]:
        """Send a request until the service takes it; return its events. Raises `Failure`."""
        tries = 0
        while True:
            body = write_body(request, self._service.model, self._dialect, rung, streaming)
            try:
                return self._connection.ask(body)
            except Failure as failure:
                if (learnt := self._learn(failure, body)) is not None:
                    yield from learnt
                    continue
                if refuses_rung(failure, rung):
                    raise RungRefused from None
                wait = self._wait(failure, tries)
                if wait is None:
                    raise
            tries += 1
            if wait >= _WORTH_A_NOTE:
                yield Chunk("note", f"{self.location} is busy: trying again in {wait:.0f} s")
            time.sleep(wait)

    def _learn(self, failure: Failure, body: Body) -> list[Chunk] | None:
        """Adapt to a refusal; say so where that drops a wish of the user's."""
        dialect = None if is_context(failure) else self._dialect.learn(failure, body)
        if dialect is None:
            return None
        dropped = dialect.refused - self._dialect.refused
        self._dialect = dialect
        name = self._service.model
        return [Chunk("note", f"`{name}` takes no `{field}`: asked without") for field in dropped]

    def _wait(self, failure: Failure, tries: int) -> float | None:
        """Choose the seconds until the next try; None = there is none."""
        passing = failure.kind == "busy" or failure.status in _PASSING
        if not passing or is_context(failure) or is_credit(failure) or tries >= self._retries:
            return None
        if failure.wait is None:
            return min(_FIRST_WAIT * 2.0**tries, _LONGEST_WAIT)
        return failure.wait if failure.wait <= _LONGEST_WAIT else None

    def _complete(self, request: Request, reading: Reading) -> Completion:
        asked = "\n".join(message.text for message in request.messages)
        templates = _MESSAGE_TOKENS * len(request.messages)
        usage = reading.usage
        if usage is None:
            answered = self.count(reading.text) + self.count(reading.reasoning)
            usage = Usage(self.count(asked) + templates, answered, exact=False)
        elif not any(message.images for message in request.messages):
            self._estimate.learn(asked, usage.prompt_tokens - templates)
        reason = reading.finish_reason or "stop"
        return Completion(reading.text, reading.reasoning, usage, reason, self.name)
