"""The JSON Schemas that bind a model's answers, made for what it is asked about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, get_args

from devchat.changes import Severity
from devchat.policy import Rule
from devchat.review.chunks import Chunk, Piece
from devchat.sanitize import visible
from devchat.types import Schema

CATEGORIES = ("bug", "security", "performance", "compatibility", "test", "maintainability")
VERDICTS = ("keep", "lower", "drop")
MOST_FINDINGS = 10
LONGEST_SUMMARY, LONGEST_TITLE, LONGEST_BODY, LONGEST_SUGGESTION = 400, 100, 1_200, 4_000
LONGEST_QUOTE = 240
"""A longer line is quoted by its beginning."""


def chunk_schema(chunk: Chunk, rules: Sequence[Rule], *, bound: bool) -> Schema:
    """Make the schema of an answer about a chunk.

    Where it binds each token (`bound`), a quote is one of the lines that the model was shown, so
    it can't be made up, and no text can be spun out.
    """
    by_name: dict[str, list[Piece]] = {}
    for piece in chunk.pieces:
        by_name.setdefault(piece.name, []).append(piece)
    if bound:
        items = [_finding([name], quotes(pieces), rules) for name, pieces in by_name.items()]
        finding = items[0] if len(items) == 1 else {"anyOf": items}
    else:
        finding = _finding(list(by_name), None, rules)
    return _object(
        summary=_text(LONGEST_SUMMARY if bound else None),
        findings={"type": "array", "maxItems": MOST_FINDINGS, "items": finding},
    )


def verdict_schema() -> Schema:
    """Make the schema of a second look at a finding."""
    return _object(reason={"type": "string"}, verdict={"enum": list(VERDICTS)})


def quotes(pieces: Iterable[Piece]) -> list[str]:
    """Return what may be quoted of some pieces, changed lines first, each text once."""
    lines = [line for piece in pieces for line in piece.lines if line.text.strip()]
    lines.sort(key=lambda line: line.kind == " ")
    return list(dict.fromkeys(quotable(line.text) for line in lines))


def quotable(text: str) -> str:
    """Return a line's text as the model is shown it, or its beginning."""
    return visible(text.removesuffix("\r"))[:LONGEST_QUOTE]


def _finding(names: list[str], lines: list[str] | None, rules: Sequence[Rule]) -> dict[str, Any]:
    bound = lines is not None
    quote: dict[str, Any] = {"type": "string"} if lines is None else {"enum": lines or [""]}
    last: dict[str, Any] = (
        {"type": ["string", "null"]} if lines is None else {"enum": [None, *lines]}
    )
    return _object(
        path={"enum": names},
        quote=quote,
        last_quote=last,
        line={"type": ["integer", "null"]},
        title=_text(LONGEST_TITLE if bound else None),
        body=_text(LONGEST_BODY if bound else None),
        severity={"enum": list(get_args(Severity))},
        category={"enum": list(CATEGORIES)},
        rule={"enum": [None, *(rule.id for rule in rules)]},
        suggestion={"type": ["string", "null"]}
        | ({"maxLength": LONGEST_SUGGESTION} if bound else {}),
    )


def _text(longest: int | None) -> dict[str, Any]:
    return {"type": "string"} if longest is None else {"type": "string", "maxLength": longest}


def _object(**properties: dict[str, Any]) -> dict[str, Any]:
    # Services that bind strictly want every property required and no other allowed.
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
