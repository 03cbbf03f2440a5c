"""The JSON Schemas that bind a model's answers, made for what it is asked about."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from devchat.changes import Severity
from devchat.policy import Rule
from devchat.review.chunks import Chunk, Piece
from devchat.sanitize import visible
from devchat.types import Schema, Tier

CATEGORIES = ("bug", "security", "performance", "compatibility", "test", "maintainability")
VERDICTS = ("keep", "lower", "drop")
MOST_FINDINGS = 10
LONGEST_SUMMARY, LONGEST_TITLE, LONGEST_BODY, LONGEST_SUGGESTION = 400, 100, 1_200, 4_000
LONGEST_QUOTE = 240
"""A longer line is quoted by its beginning."""


@dataclass(frozen=True, slots=True)
class Lengths:
    """How many findings an answer may have where each token is bound, and how long its texts."""

    findings: int = MOST_FINDINGS
    summary: int = LONGEST_SUMMARY
    title: int = LONGEST_TITLE
    body: int = LONGEST_BODY
    suggestion: int = LONGEST_SUGGESTION


# So that the answer ends within the tokens that there are for it: a small model spins texts out.
LENGTHS: Mapping[Tier, Lengths] = {
    "tiny": Lengths(2, 120, 80, 240, 240),
    "small": Lengths(4, 240, 100, 480, 600),
    "large": Lengths(),
}


def chunk_schema(chunk: Chunk, rules: Sequence[Rule], bound: Lengths | None) -> Schema:
    """Make the schema of an answer about a chunk.

    Where it binds each token, a quote is one of the lines that the model was shown, so it can't
    be made up, and no text can be longer than `bound` says. Where it may only be looked at
    afterwards, choices are described and not enforced: one wrong word would cost the whole answer.
    """
    by_name: dict[str, list[Piece]] = {}
    for piece in chunk.pieces:
        by_name.setdefault(piece.name, []).append(piece)
    if bound is not None:
        items = [_bound(name, quotes(pieces), rules, bound) for name, pieces in by_name.items()]
        finding = items[0] if len(items) == 1 else {"anyOf": items}
    else:
        finding = _described(list(by_name), rules)
    most = {} if bound is None else {"maxItems": bound.findings}
    return _object(
        summary=_text(None if bound is None else bound.summary),
        findings={"type": "array", "items": finding} | most,
    )


def verdict_schema() -> Schema:
    """Make the schema of a second look at a finding."""
    return _object(reason={"type": "string"}, verdict=_one_of(VERDICTS))


def quotes(pieces: Iterable[Piece]) -> list[str]:
    """Return what may be quoted of some pieces, changed lines first, each text once."""
    lines = [line for piece in pieces for line in piece.lines if line.text.strip()]
    lines.sort(key=lambda line: line.kind == " ")
    return list(dict.fromkeys(quotable(line.text) for line in lines))


def quotable(text: str) -> str:
    """Return a line's text as the model is shown it, or its beginning."""
    return visible(text.removesuffix("\r"))[:LONGEST_QUOTE]


def _bound(name: str, lines: list[str], rules: Sequence[Rule], most: Lengths) -> dict[str, Any]:
    finding = _finding([name], rules)
    finding["properties"] |= {
        "quote": _one_of(lines or [""]),
        "last_quote": {"type": ["string", "null"], "enum": [None, *lines]},
        "title": _text(most.title),
        "body": _text(most.body),
        "suggestion": {"type": ["string", "null"], "maxLength": most.suggestion},
    }
    return finding


def _described(names: list[str], rules: Sequence[Rule]) -> dict[str, Any]:
    finding = _finding(names, rules)
    finding["properties"] = {
        name: {
            "type": one["type"],
            "description": f"one of {json.dumps(one['enum'], ensure_ascii=False)}",
        }
        if "enum" in one
        else one
        for name, one in finding["properties"].items()
    }
    return finding


def _finding(names: list[str], rules: Sequence[Rule]) -> dict[str, Any]:
    return _object(
        path=_one_of(names),
        quote=_text(),
        last_quote={"type": ["string", "null"]},
        line={"type": ["integer", "null"]},
        title=_text(),
        body=_text(),
        severity=_one_of(get_args(Severity)),
        category=_one_of(CATEGORIES),
        rule={"type": ["string", "null"], "enum": [None, *(rule.id for rule in rules)]},
        suggestion={"type": ["string", "null"]},
    )


def _text(longest: int | None = None) -> dict[str, Any]:
    return {"type": "string"} if longest is None else {"type": "string", "maxLength": longest}


def _one_of(texts: Sequence[str]) -> dict[str, Any]:
    return {"type": "string", "enum": list(texts)}


def _object(**properties: dict[str, Any]) -> dict[str, Any]:
    # Services that bind strictly want every property required and no other allowed.
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
