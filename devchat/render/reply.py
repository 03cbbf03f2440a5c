"""An answer for programs: the `--json` object, and the code in it for `--extract`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from devchat.render.parsing import markdown_parser
from devchat.sanitize import HIDDEN
from devchat.types import Completion

VERSION = 1


def reply_json(
    completion: Completion,
    location: str,
    *,
    first_token: float | None,
    end: float,
    about: Mapping[str, Any] | None = None,
) -> str:
    """Write an answer as one line of JSON; times are seconds since the question was sent.

    What `about` holds comes before the answer. Characters that command or deceive a terminal are
    escaped; Chinese stays readable.
    """
    reply = {
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
    return HIDDEN.sub(_escape, json.dumps(reply, ensure_ascii=False))


def _escape(found: re.Match[str]) -> str:
    return json.dumps(found[0])[1:-1]


def first_code_block(text: str) -> str | None:
    """Find the code of the first fenced block, in a list or a quote too; None without one.

    A fence left open counts to the end. The code is as the model wrote it: not made visible.
    """
    for token in markdown_parser().parse(text):
        if token.type == "fence":
            return token.content
    return None
