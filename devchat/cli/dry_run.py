"""Show a request exactly as it would be sent, with its token counts."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from json import dumps
from typing import Any

from devchat.backends import Backend
from devchat.chat import Prepared, count_messages
from devchat.cli.streams import print_json
from devchat.context.ledger import ledger_lines
from devchat.render.console import note
from devchat.sanitize import visible
from devchat.types import Message, Options, Request, Text


def show_request(backend: Backend, prepared: Prepared, *, json: bool) -> None:
    """Print the model, the options and every message to standard output; send nothing."""
    for line in ledger_lines(prepared.ledger):
        note(sys.stderr, line)
    if json:
        print_json(_as_json(backend, prepared))
        return
    about = "" if backend.exact_count else "about "
    window = f"window of {backend.context_tokens:,} tokens"
    print(f"model    {visible(backend.name)} on {visible(backend.location)}, {window}")
    print(f"options  {option_words(prepared.request.options)}")
    print_messages(backend, prepared.request.messages)
    print(
        f"\n--- {about}{prepared.prompt_tokens:,} tokens,"
        f" and up to {prepared.answer_tokens:,} for the answer"
    )


def print_messages(backend: Backend, messages: Sequence[Message]) -> None:
    """Print every message under its role and its tokens."""
    about = "" if backend.exact_count else "about "
    for message in messages:
        tokens = count_messages((message,), backend)
        print(f"\n--- {message.role}, {about}{tokens:,} tokens")
        print(visible(_written(message)))


def option_words(options: Options) -> str:
    """Name the options that are set."""
    named = {
        "temperature": options.temperature,
        "max_tokens": options.max_tokens,
        "seed": options.seed,
        "schema": dumps(options.schema) if options.schema is not None else None,
    }
    return ", ".join(f"{name} {value}" for name, value in named.items() if value is not None)


def _written(message: Message) -> str:
    return "\n".join(
        part.text
        if isinstance(part, Text)
        else f"[picture {part.name}: {part.media_type}, {len(part.data):,} bytes]"
        for part in message.content
    )


def message_objects(backend: Backend, request: Request) -> dict[str, Any]:
    """Return a request's options and messages, with their tokens, as plain data."""
    options = request.options
    return {
        "options": {
            "temperature": options.temperature,
            "max_tokens": options.max_tokens,
            "seed": options.seed,
            "schema": options.schema,
        },
        "messages": [
            {
                "role": message.role,
                "content": _written(message),
                "tokens": count_messages((message,), backend),
            }
            for message in request.messages
        ],
    }


def _as_json(backend: Backend, prepared: Prepared) -> dict[str, Any]:
    return {
        "version": 1,
        "model": backend.name,
        "location": backend.location,
        "window": backend.context_tokens,
        **message_objects(backend, prepared.request),
        "prompt_tokens": prepared.prompt_tokens,
        "exact": backend.exact_count,
    }
