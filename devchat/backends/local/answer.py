"""Answer one request: prompt, window, tokens, text.

Knows nothing of sockets: it is given a request and yields frames.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from devchat.backends.local.circles import SAID, circling
from devchat.backends.local.fit import Limits, fit, free_memory, grown
from devchat.backends.local.llama import Weights, Window, window_limit
from devchat.backends.local.pace import Pace
from devchat.backends.local.request import Asked, Turn
from devchat.backends.local.sampling import Sampler
from devchat.backends.local.schema import Grammars, Guide
from devchat.backends.local.tail import Tail
from devchat.backends.local.template import CHATML, Piece, Template, opens_reasoning
from devchat.backends.local.wire import Frame
from devchat.errors import AnswerError

Step = Callable[[], None]
"""Called after each step of progress; raises to give up."""


class Answerer:
    """A model ready to answer, one request at a time."""

    def __init__(self, weights: Weights, threads: int, cap: int) -> None:
        """Wrap loaded weights; `cap` is the largest window the user allows, 0 = the model's."""
        self.weights, self.threads = weights, threads
        self.window: Window | None = None
        self._pace = Pace(threads)
        self._cap = min(cap or weights.trained_window, weights.trained_window)
        self._template: Template | None = None
        self._grammars = Grammars(weights)
        self._own_template = weights.template

    def answer(self, request: Asked, step: Step) -> Iterator[Frame]:
        """Yield `text` frames, then `done`. Raises `DevchatError`, and what `step` raises."""
        guide = None if request.schema is None else self._grammars.guide(request.schema)
        if self._own_template is None:
            yield {"note": "the model file has no chat template: ChatML is used"}
        pieces = self._lay_out(request.turns)
        prompt = self._tokens(pieces)
        window, most = self._room(prompt, request.max_tokens)
        if opens_reasoning(pieces) and guide is None:
            yield {"reasoning": True}
        cached = window.read(prompt, step)
        run = _Run(self.weights, window, guide, Tail(request.stop), most)
        sampler = Sampler(self.weights.c, request.choice)
        try:
            yield from run.texts(sampler, step)
        finally:
            sampler.free()
        usage = [len(prompt), run.count, cached]
        yield {"done": run.reason, "usage": usage}

    def _lay_out(self, turns: tuple[Turn, ...]) -> tuple[Piece, ...]:
        if self._template is None:
            weights = self.weights
            bos, eos = (
                weights.piece(token, special=True).decode("utf-8", "replace") if token >= 0 else ""
                for token in (weights.bos, weights.eos)
            )
            self._template = Template(self._own_template or CHATML, bos, eos)
        return self._template.lay_out(turns)

    def _tokens(self, pieces: tuple[Piece, ...]) -> list[int]:
        # In one go, as the model was trained, unless a message's text would become a control
        # token that way: then piece by piece, so that `<|im_end|>` in a file stays a text.
        weights = self.weights
        whole = weights.tokenize("".join(piece.text for piece in pieces), special=True)
        apart = [
            token
            for piece in pieces
            for token in weights.tokenize(piece.text, special=piece.trusted)
        ]
        same = list(filter(weights.controls, whole)) == list(filter(weights.controls, apart))
        tokens = whole if same else apart
        if weights.adds_bos and tokens[:1] != [weights.bos]:
            tokens.insert(0, weights.bos)
        return tokens

    def _room(self, prompt: list[int], max_tokens: int | None) -> tuple[Window, int]:
        now = 0 if self.window is None else self.window.size
        limits = Limits(self._cap, window_limit(self.weights, now, free_memory()))
        room = fit(len(prompt), max_tokens, limits)
        if self.window is None or self.window.size < room.window:
            if self.window is not None:
                self.window.free()
                self.window = None
            size = grown(now, room.window, limits)
            self.window = Window(self.weights, size, self.threads, self._pace)
        return self.window, room.answer


class _Run:
    """The tokens of one answer, from the first to the last."""

    def __init__(
        self, weights: Weights, window: Window, guide: Guide | None, tail: Tail, most: int
    ) -> None:
        self.count, self.reason = 0, "length"
        self._weights, self._window = weights, window
        self._guide, self._tail, self._most = guide, tail, most
        self._said: list[int] | None = [] if weights.tiny and guide is None else None

    def texts(self, sampler: Sampler, step: Step) -> Iterator[Frame]:
        for data in self._pieces(sampler, step):
            text = self._tail.feed(data)
            if text:
                yield {"text": text}
            if self._tail.stopped:
                self.reason = "stop"
                break
        self._check()
        rest = "" if self._tail.stopped else self._tail.feed(b"", last=True)
        if rest:
            yield {"text": rest}
        if self._circles():
            yield {"note": SAID}

    def _pieces(self, sampler: Sampler, step: Step) -> Iterator[bytes]:
        while self.count < self._most:
            token = self._choose(sampler)
            if self._weights.ends(token):
                self.reason = "stop"
                return
            self.count += 1
            yield self._weights.piece(token)
            if self._circles(token):
                self.reason = "stop"
                return
            if self._guide is not None and self._guide.closed:
                self.reason = "stop"
                return
            if self.count < self._most:
                self._window.go_on(token)
            step()

    def _circles(self, *tokens: int) -> bool:
        if self._said is None:
            return False
        self._said += tokens
        return circling(self._said)

    def _choose(self, sampler: Sampler) -> int:
        if self._guide is None:
            return sampler.sample(self._window.context)
        return self._guide.choose(sampler, self._window)

    def _check(self) -> None:
        if self._guide is not None and not self._guide.complete:
            cut = "cut by a stop string" if self._tail.stopped else f"cut at {self.count} tokens"
            raise AnswerError(
                f"the answer was {cut} before it matched the schema",
                "allow a longer one with `--max-tokens`, or ask for less",
            )
