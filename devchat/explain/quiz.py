"""Questions and answers for learners: the schema that binds the model, and their Markdown."""

from __future__ import annotations

import json
from collections.abc import Iterator

from devchat.types import Schema

# A tiny model ends a text only where it has to.
_LONGEST_QUESTION = 200
_LONGEST_ANSWER = 320
TOKENS_EACH = 200
"""What a question with its answer usually takes at most, in tokens."""


def quiz_schema(count: int) -> Schema:
    """Return the schema of exactly `count` questions with answers."""
    properties = {
        "question": {"type": "string", "minLength": 8, "maxLength": _LONGEST_QUESTION},
        "answer": {"type": "string", "minLength": 1, "maxLength": _LONGEST_ANSWER},
    }
    one = {
        "type": "object",
        "properties": properties,
        "required": ["question", "answer"],
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "properties": {
            "questions": {"type": "array", "minItems": count, "maxItems": count, "items": one}
        },
        "required": ["questions"],
        "additionalProperties": False,
    }


def quiz_markdown(answer: str) -> str:
    """Write an answer as a numbered list, answers below their questions.

    Of one that broke off, the questions that came with their answers.
    """
    return "\n\n".join(
        f"{number}. **{_line(one['question'])}**\n\n   {_line(one['answer'])}"
        for number, one in enumerate(_questions(answer), 1)
    )


def _questions(answer: str) -> Iterator[dict[str, str]]:
    """Yield the whole objects inside the list; the answer may end anywhere."""
    decoder = json.JSONDecoder()
    place = answer.find("{", answer.find("["))
    while place > 0:
        try:
            one, end = decoder.raw_decode(answer, place)
        except ValueError:
            return
        if isinstance(one.get("question"), str) and isinstance(one.get("answer"), str):
            yield one
        place = answer.find("{", end)


def _line(text: str) -> str:
    return " ".join(text.split())
