"""An answer for programs: the `--json` object, and the code in it for `--extract`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from devchat.render.parsing import markdown_parser
from devchat.types import Completion

VERSION = 1


def reply(
    completion: Completion,
    location: str,
    *,
    first_token: float | None,
    end: float,
    about: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Describe an answer as an object for programs; times are seconds since it was asked for.

    What `about` holds comes before the answer.
    """
    return {
        "version": VERSION,
        **(about or {}),
        "answer": completion.text,
        "reasoning": completion.reasoning,
        "model": completion.model,
        "location": location,
        "usage": asdict(completion.usage),
        "seconds": {
            "load": round(completion.load_seconds, 3),
            "first_token": None if first_token is None else round(first_token, 3),
            "end": round(end, 3),
        },
        "finish_reason": completion.finish_reason,
    }


def first_code_block(text: str) -> str | None:
    """Find the code of the first fenced block, in a list or a quote too; None without one.

    A fence left open counts to the end. The code is as the model wrote it: not made visible.
    """
    for token in markdown_parser().parse(text):
        if token.type == "fence":
            return token.content
    return None
