"""Write a request as the JSON that OpenAI-compatible services take. Pure.

The `Dialect` is what is known so far about what a service takes; refusals teach it.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from devchat.backends.remote.failure import Failure
from devchat.types import Message, Options, Part, Request, Schema, Text

Rung = Literal["none", "json_schema", "json_object", "prompt"]
"""How an answer is bound to a schema."""

Body = dict[str, Any]

# Not "max_tokens is too large": that is no matter of its name.
_MAX_TOKENS = re.compile(
    r"max_completion_tokens|(unsupported|unknown|unrecogni[sz]ed|unexpected|extra)\b.*max_tokens"
    r"|max_tokens.*(not supported|not permitted|unsupported|unknown|extra)",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Dialect:
    """What a service takes: usage while streaming, the limit's name, fields it refuses."""

    reports_usage: bool = True
    limit: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    refused: frozenset[str] = frozenset()

    def learn(self, failure: Failure, body: Mapping[str, Any]) -> Dialect | None:
        """Learn from a refusal that names a field we sent; None where it teaches nothing."""
        if failure.status not in (400, 422):
            return None
        if "stream_options" in body and failure.mentions("stream_options"):
            return replace(self, reports_usage=False)
        if "max_tokens" in body and _MAX_TOKENS.search(failure.said):
            return replace(self, limit="max_completion_tokens")
        for field in ("temperature", "seed"):
            if field in body and failure.mentions(field):
                return replace(self, refused=self.refused | {field})
        return None


def write_body(
    request: Request, model: str, dialect: Dialect, rung: Rung, streaming: bool = True
) -> Body:
    """Write the body of `POST /chat/completions`."""
    messages = request.messages
    if rung in ("json_object", "prompt") and request.options.schema is not None:
        messages = _with_schema(messages, request.options.schema)
    body: Body = {
        "model": model,
        "messages": [_message(message) for message in messages],
        "stream": streaming,
    }
    if streaming and dialect.reports_usage:
        body["stream_options"] = {"include_usage": True}
    return body | _options(request.options, dialect) | _format(request.options.schema, rung)


def _options(options: Options, dialect: Dialect) -> Body:
    fields = {
        "temperature": options.temperature,
        dialect.limit: options.max_tokens,
        "stop": list(options.stop) or None,
        "seed": options.seed,
    }
    return {
        name: value
        for name, value in fields.items()
        if value is not None and name not in dialect.refused
    }


def _format(schema: Schema | None, rung: Rung) -> Body:
    if schema is None or rung in ("none", "prompt"):
        return {}
    if rung == "json_object":  # llama.cpp's servers and others take the schema in this place
        return {"response_format": {"type": "json_object", "schema": dict(schema)}}
    named = {"name": "answer", "strict": True, "schema": dict(schema)}
    return {"response_format": {"type": "json_schema", "json_schema": named}}


def _with_schema(messages: tuple[Message, ...], schema: Schema) -> tuple[Message, ...]:
    """Ask for JSON in the first system message: some services allow only one."""
    wish = (
        "Answer with one JSON value that satisfies this JSON Schema, and with nothing else: "
        f"no explanation, no code fence.\n\n{json.dumps(dict(schema), ensure_ascii=False)}"
    )
    if messages and messages[0].role == "system":
        first = Message("system", (*messages[0].content, Text(wish)))
        return (first, *messages[1:])
    return (Message.of("system", wish), *messages)


def _message(message: Message) -> Body:
    if not message.images:  # a plain string is what every service takes
        return {"role": message.role, "content": _clean(message.text)}
    return {"role": message.role, "content": [_part(part) for part in message.content]}


def _part(part: Part) -> Body:
    if isinstance(part, Text):
        return {"type": "text", "text": _clean(part.text)}
    data = b64encode(part.data).decode("ascii")
    return {"type": "image_url", "image_url": {"url": f"data:{part.media_type};base64,{data}"}}


def _clean(text: str) -> str:
    """Replace lone surrogates, which bytes that are no UTF-8 become and JSON can't carry."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
