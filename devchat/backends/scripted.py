"""A backend whose answers are written down beforehand: for tests and demonstrations.

`scripted:FILE` reads a JSON file:

    {"answers": ["Hello", {"text": "42", "reasoning": "6 x 7"},
                 {"text": "It beg", "finish_reason": "length"},
                 {"error": {"kind": "RefusedError", "message": "no", "hint": "ask later"}}],
     "tokens_per_second": 100, "context_tokens": 8192, "tier": "large", "images": false}

Everything but `answers` may be left out. An answer is a text, or an object of `text`,
`reasoning`, `finish_reason` and an `error` (a class of `devchat.errors`) raised after its text.
Answers are given in order, each once. A token is a word with the spaces before it, a line end,
or a single Chinese, Japanese or Korean character. It knows no model and guesses nothing.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from devchat import errors
from devchat.errors import BackendError, ContextError, DevchatError, ModelError
from devchat.models import ScriptedModel
from devchat.types import Chunk, ChunkKind, Completion, FinishReason, Request, Tier, Usage

_TOKEN = re.compile(
    r"\n|[^\S\n]*(?:[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]|[!-\u2e7f]+|\S)|[^\S\n]+"
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What to say, and the error to raise after it."""

    text: str = ""
    reasoning: str = ""
    finish_reason: FinishReason = "stop"
    error: DevchatError | None = None


Script = Iterable[str | Answer] | Callable[[Request], str | Answer]
"""Answers in order, or a function that makes one for each request."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How a scripted model behaves. `tokens_per_second` 0 = as fast as possible."""

    tokens_per_second: float = 0.0
    context_tokens: int = 8192
    tier: Tier = "large"
    images: bool = False


class Scripted:
    """Answer from a script; `requests` holds what was asked."""

    exact_count = True
    binds_schema = False
    location = "this machine"

    def __init__(
        self, script: Script, name: str = "scripted", manner: Manner | None = None
    ) -> None:
        manner = manner or Manner()
        self.name = name
        self.tier = manner.tier
        self.accepts_images = manner.images
        self.requests: list[Request] = []
        self._manner = manner
        self._answer = script if callable(script) else _in_order(script)

    @property
    def context_tokens(self) -> int:
        """The window that the script claims."""
        return self._manner.context_tokens

    def stream(self, request: Request) -> Generator[Chunk | Completion, None, None]:
        """Give the next answer in pieces; raises what the script says, else `BackendError`."""
        self.requests.append(request)
        asked = sum(self.count(message.text) for message in request.messages)
        if asked > self.context_tokens:
            numbers = f"{asked} tokens, and the window holds {self.context_tokens}"
            raise ContextError(f"the request has {numbers}", "ask with less text")
        answer = _bound(self._answer(request), request)
        yield from self._say("reasoning", answer.reasoning)
        yield from self._say("text", answer.text)
        if answer.error is not None:
            raise answer.error
        usage = Usage(asked, self.count(answer.reasoning) + self.count(answer.text))
        yield Completion(answer.text, answer.reasoning, usage, answer.finish_reason, self.name)

    def complete_many(
        self, requests: Sequence[Request]
    ) -> Iterator[tuple[int, Completion | DevchatError]]:
        """Answer one after the other; an error is the value of its index."""
        for index, request in enumerate(requests):
            try:
                *_, completion = self.stream(request)
            except DevchatError as error:
                yield index, error
            else:
                assert isinstance(completion, Completion)
                yield index, completion

    def count(self, text: str) -> int:
        """Count tokens by the rule above."""
        return sum(1 for _ in _TOKEN.finditer(text))

    def close(self) -> None:
        """Do nothing: there is nothing to let go of."""

    def _say(self, kind: ChunkKind, text: str) -> Iterator[Chunk]:
        for token in _TOKEN.findall(text):
            if self._manner.tokens_per_second:
                time.sleep(1 / self._manner.tokens_per_second)
            yield Chunk(kind, token)


def open_scripted(model: ScriptedModel) -> Scripted:
    """Open a script file. Raises `ModelError` saying what is wrong with it."""
    try:
        script = json.loads(model.path.read_bytes())
        answers, manner = _read(script)
    except OSError as error:
        raise ModelError(f"can't read `{model.path}`: {error.strerror}", _HINT) from None
    except (ValueError, RecursionError) as error:
        raise ModelError(f"`{model.path}` is no script: {error}", _HINT) from None
    return Scripted(answers, model.name, manner)


_HINT = 'a script is a JSON file like {"answers": ["Hello"]}'


def _in_order(script: Iterable[str | Answer]) -> Callable[[Request], str | Answer]:
    rest = iter(script)

    def answer(_request: Request) -> str | Answer:
        try:
            return next(rest)
        except StopIteration:
            raise BackendError("the script has no answer left", "add one to `answers`") from None

    return answer


def _bound(answer: str | Answer, request: Request) -> Answer:
    """Cut an answer at a stop or after `max_tokens`, and hold it to the schema."""
    answer = Answer(answer) if isinstance(answer, str) else answer
    options, text, reason = request.options, answer.text, answer.finish_reason
    for stop in options.stop:
        text = text.partition(stop)[0]
    tokens = _TOKEN.findall(text)
    if options.max_tokens is not None and len(tokens) > options.max_tokens:
        text, reason = "".join(tokens[: options.max_tokens]), "length"
    if options.schema is not None and answer.error is None:
        from devchat.backends.structured import check_answer

        check_answer(text, options.schema)
    return Answer(text, answer.reasoning, reason, answer.error)


def _read(script: Any) -> tuple[list[Answer], Manner]:
    fields = _fields(
        script,
        "the script",
        answers=list,
        tokens_per_second=(int, float),
        context_tokens=int,
        tier=str,
        images=bool,
    )
    answers = [_read_answer(answer) for answer in fields.pop("answers", ())]
    _one_of(fields.get("tier", "large"), "tier", get_args(Tier))
    if fields.get("tokens_per_second", 0) < 0:
        raise ValueError("`tokens_per_second` is negative")
    return answers, Manner(**fields)


def _read_answer(answer: Any) -> Answer:
    if isinstance(answer, str):
        return Answer(answer)
    fields = _fields(answer, "an answer", text=str, reasoning=str, finish_reason=str, error=dict)
    _one_of(fields.get("finish_reason", "stop"), "finish_reason", get_args(FinishReason))
    if "error" in fields:
        fields["error"] = _read_error(fields["error"])
    return Answer(**fields)


def _read_error(error: Any) -> DevchatError:
    fields = _fields(error, "an error", kind=str, message=str, hint=str)
    kind = getattr(errors, fields.pop("kind", "BackendError"), None)
    if not (isinstance(kind, type) and issubclass(kind, DevchatError)):
        raise ValueError("`kind` names no error of devchat")
    return kind(fields.pop("message", "the script failed"), **fields)


def _fields(value: Any, what: str, **kinds: type | tuple[type, ...]) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError(f"{what} is no object")
    for name, field in value.items():
        if name not in kinds:
            raise ValueError(f"{what} has an unknown `{name}`")
        if not isinstance(field, kinds[name]):
            raise ValueError(f"`{name}` has the wrong type")
    return dict(value)


def _one_of(value: str, name: str, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise ValueError(f"`{name}` is none of {', '.join(allowed)}")
