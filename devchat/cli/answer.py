"""From a backend to the user: say who speaks, stream, time it, keep what came when it breaks."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from devchat.backends import Backend
from devchat.chat import Prepared
from devchat.context.ledger import short_ledger_lines
from devchat.errors import AnswerError
from devchat.history import Recorder
from devchat.models import Model, RemoteModel
from devchat.render import Renderer, open_renderer
from devchat.render.console import note
from devchat.sanitize import visible
from devchat.types import Chunk, Completion, Request, Usage


@dataclass(frozen=True, slots=True)
class Form:
    """The form in which an answer is wanted."""

    json: bool = False
    extract: bool = False
    plain: bool = False
    about: Mapping[str, Any] = field(default_factory=dict)
    """What the JSON object says besides."""


@dataclass(slots=True)
class Collector:
    """A renderer that shows only notes and keeps the rest, for output that must be whole."""

    text: str = ""
    reasoning: str = ""

    def feed(self, chunk: Chunk) -> None:
        """Keep a chunk."""
        if chunk.kind == "text":
            self.text += chunk.text
        elif chunk.kind == "reasoning":
            self.reasoning += chunk.text
        else:
            note(sys.stderr, chunk.text)

    def finish(self) -> None:
        """There is nothing to finish."""


@dataclass(slots=True)
class Stopwatch:
    """Seconds since it was made, and until the first piece of an answer."""

    started: float = field(default_factory=monotonic)
    first_token: float | None = None

    def see(self, chunk: Chunk) -> None:
        """Note the time of the first chunk that belongs to an answer."""
        if self.first_token is None and chunk.kind != "note":
            self.first_token = self.elapsed()

    def elapsed(self) -> float:
        """Seconds since the start."""
        return monotonic() - self.started


def introduce(backend: Backend, prepared: Prepared, *, by_default: bool) -> None:
    """Say on standard error who will speak, and which inputs it won't see whole."""
    for line in short_ledger_lines(prepared.ledger):
        note(sys.stderr, line)
    if by_default:
        note(
            sys.stderr,
            f"{backend.name} on {backend.location}: tiny, often wrong."
            " A better one: `devchat models list`",
        )
    elif sys.stderr.isatty():
        note(sys.stderr, f"{backend.name} on {backend.location}")


def warn_if_readable(model: Model) -> None:
    """Say so where a key and what is asked can be read on their way through the network."""
    from devchat.models.services import in_the_clear

    if isinstance(model, RemoteModel) and in_the_clear(model.provider):
        name = model.provider.name
        note(
            sys.stderr,
            f"the key and the question can be read on their way to {model.provider.base_url}:"
            f" set an https:// address as `providers.{name}.base_url`",
        )


def show_answer(
    backend: Backend, prepared: Prepared, form: Form, recorder: Recorder | None = None
) -> None:
    """Stream an answer to standard output in the form asked for, and into the history."""
    if form.json:
        _show_json(backend, prepared, form.about, recorder)
    elif form.extract:
        _show_code(backend, prepared.request, recorder)
    else:
        renderer = open_renderer(
            sys.stdout, sys.stderr, os.environ, plain=form.plain, apart=sys.stderr.isatty()
        )
        completion = stream(backend, prepared.request, renderer, Stopwatch(), recorder)
        explain_end(completion)


def stream(
    backend: Backend,
    request: Request,
    renderer: Renderer,
    watch: Stopwatch,
    recorder: Recorder | None = None,
) -> Completion:
    """Feed an answer to a renderer; whatever breaks, what came is shown and the request ended.

    A recorder has each piece before it is shown.
    """
    completion = None
    try:
        with closing(backend.stream(request)) as pieces:
            for piece in pieces:
                if isinstance(piece, Completion):
                    completion = piece
                else:
                    watch.see(piece)
                    if recorder is not None:
                        recorder.feed(piece)
                    renderer.feed(piece)
    finally:
        renderer.finish()
    assert completion is not None, f"{backend.name} ended without a completion"
    if recorder is not None:
        recorder.finish(completion, watch.elapsed())
    return completion


def _show_json(
    backend: Backend, prepared: Prepared, about: Mapping[str, Any], recorder: Recorder | None
) -> None:
    watch, kept = Stopwatch(), Collector()
    try:
        completion = stream(backend, prepared.request, kept, watch, recorder)
    except KeyboardInterrupt:
        usage = Usage(prepared.prompt_tokens, 0, exact=False)
        broken = Completion(kept.text, kept.reasoning, usage, "interrupted", backend.name)
        print_reply(broken, backend, watch, about)
        raise
    print_reply(completion, backend, watch, about)


def print_reply(
    completion: Completion, backend: Backend, watch: Stopwatch, about: Mapping[str, Any]
) -> None:
    """Print an answer as one JSON object."""
    from devchat.cli.streams import print_json
    from devchat.render.reply import reply

    first, end = watch.first_token, watch.elapsed()
    print_json(reply(completion, backend.location, first_token=first, end=end, about=about))


def _show_code(backend: Backend, request: Request, recorder: Recorder | None) -> None:
    from devchat.render.reply import first_code_block

    kept = Collector()
    try:
        stream(backend, request, kept, Stopwatch(), recorder)
    finally:
        code = first_code_block(kept.text)
        if code is None and kept.text:
            print(visible(kept.text), file=sys.stderr)
    if code is None:
        raise AnswerError("the answer holds no fenced code block", "the whole answer is above")
    sys.stdout.write(visible(code) if sys.stdout.isatty() else code)


def explain_end(completion: Completion) -> None:
    """Say so where an answer was cut short by something else than its own end."""
    if completion.finish_reason == "length":
        tokens = completion.usage.completion_tokens
        note(sys.stderr, f"the answer was cut at {tokens:,} tokens: `--max-tokens` allows more")
    elif completion.finish_reason == "filter":
        note(sys.stderr, "the service's content filter ended the answer here")
