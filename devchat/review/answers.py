"""What a model says of a chunk, read without trust: bounded, and nothing hidden in it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast, get_args

from devchat.changes import Severity
from devchat.errors import AnswerError
from devchat.policy import Rule
from devchat.review.schema import (
    CATEGORIES,
    LONGEST_BODY,
    LONGEST_SUGGESTION,
    LONGEST_SUMMARY,
    LONGEST_TITLE,
    MOST_FINDINGS,
)
from devchat.sanitize import HIDDEN, single_line, visible

_LONGEST_QUOTED = 20_000
_LAST_LINE = 10**8
_SPACE = re.compile(r"\n{3,}")


@dataclass(frozen=True, slots=True)
class Draft:
    """A finding as a model put it: nothing of it is true yet, but all of it is harmless.

    `name` is a file's as the model was told; `line` chooses among identical lines.
    """

    name: str
    quote: str
    last_quote: str
    line: int | None
    severity: Severity
    category: str
    title: str
    body: str
    suggestion: str | None = None
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model said of a chunk; `unreadable` counts findings that were none, or too many."""

    summary: str
    drafts: tuple[Draft, ...]
    unreadable: int = 0


def read_answer(text: str, rules: Sequence[Rule] = ()) -> Answer:
    """Read an answer to a chunk. Raises `AnswerError` where it is no such answer at all."""
    answer = read_object(text)
    findings = answer.get("findings")
    if not isinstance(findings, list):
        raise AnswerError("the answer has no list of findings", "choose another model with `-m`")
    known = {rule.id for rule in rules}
    drafts = [_draft(one, known) for one in findings[:MOST_FINDINGS]]
    good = tuple(draft for draft in drafts if draft is not None)
    summary = single_line(_text(answer, "summary"), LONGEST_SUMMARY)
    return Answer(summary, good, len(findings) - len(good))


def read_object(text: str) -> Mapping[str, Any]:
    """Read a JSON object. Raises `AnswerError`."""
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        raise AnswerError("the answer is not JSON", "choose another model with `-m`") from None
    if not isinstance(answer, dict):
        raise AnswerError("the answer is no JSON object", "choose another model with `-m`")
    return answer


def prose(text: str, longest: int) -> str:
    """Make a text of several lines harmless and bounded."""
    text = _SPACE.sub("\n\n", visible(text[: longest * 2])).strip()
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def _draft(given: object, rules: set[str]) -> Draft | None:
    """Read a finding; None where it says nothing."""
    if not isinstance(given, dict):
        return None
    title = single_line(_text(given, "title")[: LONGEST_TITLE * 4], LONGEST_TITLE)
    severity, rule = _text(given, "severity"), _text(given, "rule")
    if not title or severity not in get_args(Severity):
        return None
    category = _text(given, "category")
    return Draft(
        name=_text(given, "path"),
        quote=_text(given, "quote")[:_LONGEST_QUOTED],
        last_quote=_text(given, "last_quote")[:_LONGEST_QUOTED],
        line=_number(given.get("line")),
        severity=cast(Severity, severity),
        category=category if category in CATEGORIES else "bug",
        title=title,
        body=prose(_text(given, "body"), LONGEST_BODY),
        suggestion=_replacement(given.get("suggestion")),
        rule=rule if rule in rules else "",
    )


def _text(given: Mapping[str, Any], name: str) -> str:
    value = given.get(name)
    return value if isinstance(value, str) else ""


def _number(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 < value < _LAST_LINE else None


def _replacement(value: object) -> str | None:
    """Return a replacement that may go into a file: of sane length, and nothing hidden in it."""
    if not isinstance(value, str) or len(value) > LONGEST_SUGGESTION:
        return None
    text = value.replace("\r\n", "\n")
    return None if HIDDEN.search(text) else text.removesuffix("\n")
