"""Bind an answer to a schema on a service of which it isn't known how: by trying, from the best.

json_schema (strict) -> json_object with the schema -> the schema in the prompt. Whatever binds
it, the answer is checked, and one that breaks the schema is sent back once with the reason.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import replace

from devchat.backends.remote.explain import is_context
from devchat.backends.remote.failure import Failure
from devchat.backends.remote.payload import Rung
from devchat.backends.structured import check_answer, check_schema
from devchat.errors import AnswerError
from devchat.types import Chunk, Completion, Message, Request, Schema, Usage

RUNGS: tuple[Rung, ...] = ("json_schema", "json_object", "prompt")

Answer = Generator[Chunk | Completion, None, None]
Ask = Callable[[Request, Rung], Answer]
"""Ask on one rung. Raises `RungRefused` where the service does not take that rung."""

_FENCED = re.compile(r"```\w*\n(.*?)```", re.DOTALL)
_JSON = re.compile(r"[\[{].*[\]}]", re.DOTALL)


class RungRefused(Exception):  # no "Error": it never reaches a user, the next rung is tried
    """The service refused the way in which the answer should be bound."""


def refuses_rung(failure: Failure, rung: Rung) -> bool:
    """Tell whether a failure may be about `response_format`; llama_cpp.server gives a bare 500."""
    if rung not in ("json_schema", "json_object") or is_context(failure):
        return False
    # OpenRouter's words where no provider of the model takes `response_format`.
    nobody = failure.status == 404 and failure.mentions("no endpoints found")
    return nobody or failure.status in (400, 422, 500, 501)


class Ladder:
    """Remember, for one service, the best rung that has worked."""

    def __init__(self) -> None:
        self._start = 0

    def settle(self, ask: Ask, request: Request, schema: Schema) -> Answer:
        """Answer with JSON that satisfies the schema, in one chunk; raises `AnswerError`.

        Reasoning and notes stream meanwhile; text waits, for a repair could not take it back.
        """
        check_schema(schema)
        rung, first = yield from self._climb(ask, request, self._start)
        completion, wrong = _checked(first, schema)
        if wrong is not None and completion.finish_reason == "stop":
            again = yield from _gather(ask(_repair(request, first.text, wrong), rung))
            completion, wrong = _checked(_joined(first, again), schema)
        if wrong is not None:
            raise _final(completion, wrong)
        yield Chunk("text", completion.text)
        yield completion

    def _climb(
        self, ask: Ask, request: Request, index: int
    ) -> Generator[Chunk | Completion, None, tuple[Rung, Completion]]:
        try:
            completion = yield from _gather(ask(request, RUNGS[index]))
        except RungRefused:
            return (yield from self._climb(ask, request, index + 1))
        self._start = index
        return RUNGS[index], completion


def _gather(answer: Answer) -> Generator[Chunk | Completion, None, Completion]:
    """Pass on all but the text; return the completion."""
    with closing(answer):
        for item in answer:
            if isinstance(item, Completion):
                return item
            if item.kind != "text":
                yield item
    raise AssertionError("an answer ends with its completion")


def _checked(completion: Completion, schema: Schema) -> tuple[Completion, AnswerError | None]:
    found = replace(completion, text=find_json(completion.text))
    try:
        check_answer(found.text, schema)
    except AnswerError as wrong:
        return found, wrong
    return found, None


def find_json(text: str) -> str:
    """Find the JSON in an answer that may wrap it in a code fence or in prose."""
    texts = [text, *_FENCED.findall(text), *_JSON.findall(text)]
    return next((found.strip() for found in texts if _is_json(found)), text.strip())


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _repair(request: Request, text: str, wrong: AnswerError) -> Request:
    schema = json.dumps(dict(request.options.schema or {}), ensure_ascii=False)
    wish = (
        f"That can't be used: {wrong.message}. Answer again with nothing but one JSON value "
        f"that satisfies this JSON Schema:\n\n{schema}"
    )
    turns = (Message.of("assistant", text), Message.of("user", wish))
    return replace(request, messages=(*request.messages, *turns))


def _joined(first: Completion, again: Completion) -> Completion:
    one, two = first.usage, again.usage
    usage = Usage(
        one.prompt_tokens + two.prompt_tokens,
        one.completion_tokens + two.completion_tokens,
        one.cached_tokens + two.cached_tokens,
        one.exact and two.exact,
    )
    return replace(again, usage=usage, reasoning=first.reasoning + again.reasoning)


def _final(completion: Completion, wrong: AnswerError) -> AnswerError:
    if completion.finish_reason == "length":
        spent = completion.usage.completion_tokens
        return AnswerError(
            f"the answer was cut after {spent} tokens, before its JSON was complete",
            "allow more with `--max-tokens`",
        )
    if completion.finish_reason == "filter":
        return AnswerError("the service's content filter stopped the answer", "ask differently")
    return wrong
