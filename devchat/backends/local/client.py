"""The local backend: a client of the engine process.

Every request has a connection of its own, so threads need no lock, closing it is how a request is
taken back, and nothing is left to tidy after an error. One more connection is held as long as the
backend is open: by it the engine knows its clients.
"""

from __future__ import annotations

import socket
from collections.abc import Generator, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from devchat import __version__
from devchat.backends.local.berth import Berth
from devchat.backends.local.call import Call
from devchat.backends.local.calls import Calls
from devchat.backends.local.request import written
from devchat.backends.local.start import Child, Orders, connect
from devchat.backends.local.wire import PROTOCOL, Frame, WireError, encode
from devchat.backends.many import answer_many
from devchat.backends.thinking import ThinkSplitter
from devchat.errors import BackendError, ContextError, DevchatError
from devchat.models import LocalModel
from devchat.settings import Settings
from devchat.types import Chunk, Completion, FinishReason, Request, Usage

if TYPE_CHECKING:
    from devchat.backends import Rows

AT_ONCE = 16
"""Requests of one client that the engine is asked at a time."""
ATTEMPTS = 3
"""Engines tried for one request: one may be leaving, another be of another version."""


class LocalBackend:
    """A model on this machine. Threads may share it. Starts its engine at once."""

    location = "this machine"
    exact_count = True
    binds_schema = True

    def __init__(self, model: LocalModel, settings: Settings, order: Orders, berth: Berth) -> None:
        self.name, self.tier = model.name, model.tier
        self.accepts_images = model.projector is not None
        cap = settings.local.context_tokens
        self._window = min(model.context_tokens, cap) if cap else model.context_tokens
        self._local, self._order, self._berth = settings.local, order, berth
        # Whoever wants no history wants nothing of it in a cache either.
        self._private = not settings.history
        self._child: Child | None = None
        self._held: socket.socket | None = None
        # Whoever counted first waited for the model then: it belongs to the answer's seconds.
        self._waited = 0.0
        self._hold()

    @property
    def context_tokens(self) -> int:
        """The window that the model was trained for, or the smaller one that the user set."""
        return self._window

    def stream(self, request: Request) -> Generator[Chunk | Completion, None, None]:
        """Answer one request; see `Backend.stream`."""
        return self._answer(request, Calls(), watched=True)

    def _answer(
        self, request: Request, calls: Calls, watched: bool
    ) -> Generator[Chunk | Completion, None, None]:
        if not self.accepts_images and any(message.images for message in request.messages):
            raise BackendError(
                f"`{self.name}` can't look at pictures: no projector file is beside it",
                "leave them out, or choose a model that can with `-m`",
            )
        with calls.holding(self._call(written(request, self._private, watched))) as call:
            reader = _Reader(self.name, request.options.schema is not None, self._waited)
            self._waited = 0.0
            yield from reader.read(call)

    def complete_many(
        self, requests: Sequence[Request]
    ) -> Iterator[tuple[int, Completion | DevchatError]]:
        """Answer several requests at once, in the order in which they finish."""
        calls = Calls()
        try:
            answer = partial(self._answer, calls=calls, watched=False)
            yield from answer_many(answer, requests, AT_ONCE)
        finally:
            calls.end()

    def embed(self, texts: Sequence[str]) -> Rows:
        """Embed texts by a model made for it.

        Gives an array of shape (n, d), float32: a row of length 1 for each text, in the order of
        the texts, so that `rows @ rows.T` holds their cosines; (0, d) for no texts. Raises
        `ModelError` where the model can't embed, `ContextError` where a text is longer than its
        window (nothing is cut), `InputError` where the model makes no tokens of a text,
        `AnswerError` where its numbers are no direction, else `BackendError`.
        """
        from devchat.backends.local.vectors import embed

        return embed(self.name, self._call, texts)

    def count(self, text: str) -> int:
        """Count tokens with the model's own tokenizer. Raises `BackendError`."""
        with self._call({"op": "count", "text": text}) as call:
            frame = next(frame for frame in call.frames() if "count" in frame)
            self._waited += float(frame["loaded"])
            return int(frame["count"])

    def close(self) -> None:
        """Let the engine know that we need it no longer."""
        if self._held is not None:
            self._held.close()
            self._held = None

    def _call(self, frame: Frame) -> Call:
        try:
            data = encode(self._greeting() | frame)
        except WireError as error:
            raise ContextError(
                f"the request is too large for the engine: {error}", "send less"
            ) from error
        for _ in range(ATTEMPTS):
            call = self._connect()
            try:
                answered = call.greet(data)
            except BaseException:
                call.close()
                raise
            if answered:
                return call
            call.close()
        raise call.failure()

    def _connect(self) -> Call:
        connection, child = connect(self._order, self._berth)
        if child is not None:
            self._child = child
            self._hold()
        return Call(connection, self._berth, self._child, self._local.stall_seconds)

    def _hold(self) -> None:
        self.close()
        self._held, child = connect(self._order, self._berth)
        self._child = child or self._child
        frame = self._greeting() | {"op": "hold", "keep_alive": self._local.keep_alive}
        try:
            self._held.sendall(encode(frame))
        except OSError:
            # It left this very moment; the first request starts another.
            self.close()

    def _greeting(self) -> Frame:
        return {"protocol": PROTOCOL, "version": __version__}


class _Reader:
    """Makes chunks and a completion of an engine's frames."""

    def __init__(self, model: str, bound: bool, waited: float) -> None:
        self._model, self._bound = model, bound
        self._splitter = ThinkSplitter()
        self._parts: dict[str, list[str]] = {"text": [], "reasoning": [], "note": []}
        self._load_seconds = waited

    def read(self, call: Call) -> Iterator[Chunk | Completion]:
        for frame in call.frames():
            if "done" in frame:
                yield from self._seen(() if self._bound else self._splitter.finish())
                yield self._completion(frame)
                return
            yield from self._seen(self._chunks(frame))

    def _chunks(self, frame: Frame) -> Iterator[Chunk]:
        match frame:
            case {"text": str(text)}:
                yield from [Chunk("text", text)] if self._bound else self._splitter.feed(text)
            case {"note": str(text)}:
                yield Chunk("note", text)
            case {"reasoning": True}:
                self._splitter = ThinkSplitter(inside=True)
            case {"loaded": float(seconds)}:
                self._load_seconds += seconds

    def _seen(self, chunks: Iterator[Chunk] | tuple[()]) -> Iterator[Chunk]:
        for chunk in chunks:
            self._parts[chunk.kind].append(chunk.text)
            yield chunk

    def _completion(self, frame: Frame) -> Completion:
        prompt, answer, cached = frame["usage"]
        reason: FinishReason = "length" if frame["done"] == "length" else "stop"
        text, reasoning = "".join(self._parts["text"]), "".join(self._parts["reasoning"])
        usage = Usage(prompt, answer, cached)
        return Completion(text, reasoning, usage, reason, self._model, self._load_seconds)
