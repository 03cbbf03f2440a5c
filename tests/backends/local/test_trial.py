"""Schemas that would take llguidance minutes, and those that only look so."""

from __future__ import annotations

import json
from functools import reduce
from typing import Any

import pytest

from devchat.backends import Backend
from devchat.backends.local.trial import plain, takes_too_long
from devchat.changes import FileDiff, Line
from devchat.errors import AnswerError
from devchat.explain.quiz import quiz_schema
from devchat.review.chunks import Chunk, Piece
from devchat.review.schema import Lengths, chunk_schema, verdict_schema
from tests.backends.local.conftest import ask, finish

Schema = dict[str, Any]
TEXT: Schema = {"type": "string"}
FINDING: Schema = {
    "type": "object",
    "properties": {"pattern": TEXT, "allOf": {"type": "array", "items": {"enum": [1, 2]}}},
    "required": ["pattern"],
    "additionalProperties": False,
}


def all_of(count: int) -> Schema:
    return {"allOf": [TEXT | {"pattern": f".*{n}.*"} for n in range(count)]}


@pytest.mark.parametrize(
    ("schema", "answer"),
    [
        (FINDING, True),
        ({"type": "array", "items": FINDING, "maxItems": 9}, True),
        ({"type": "array", "items": {"anyOf": [FINDING, {"enum": [None]}]}}, True),
        ({"type": "string", "anyOf": [TEXT, {"enum": [None]}]}, False),
        ({"anyOf": [TEXT, {"pattern": "a"}]}, False),
        (TEXT | {"pattern": "a+"}, False),
        ({"type": "array", "items": {"type": "integer", "multipleOf": 7}}, False),
        ({"type": "object", "additionalProperties": all_of(2)}, False),
        ({"type": "object", "properties": {"x": all_of(2)}}, False),
        ({"type": "object", "properties": [1]}, False),
        ({"$ref": "#"}, False),
        (reduce(lambda inner, _: {"items": inner}, range(50), TEXT), True),
        (reduce(lambda inner, _: {"items": inner}, range(900), TEXT), False),
    ],
)
def test_what_needs_no_trial(schema: Schema, answer: bool) -> None:
    assert plain(schema) == answer


@pytest.mark.parametrize(
    ("schema", "answer"),
    [
        (TEXT | {"pattern": "(a|b)*a(a|b){20}"}, False),
        (all_of(2), False),
        ({"type": "integer", "multipleOf": 7}, False),
        ({"not": {}, "type": "string"}, False),
        (all_of(40), True),
        ({"type": "array", "items": {"type": "integer", "multipleOf": 99_999_989}}, True),
    ],
    ids=["pattern", "two", "multiple", "nothing", "forty", "multiple of much"],
)
def test_what_takes_too_long(schema: Schema, answer: bool) -> None:
    assert takes_too_long(json.dumps({"grammars": [{"json_schema": schema}]})) == answer


def test_our_own_need_no_trial() -> None:
    lines = (Line("+", "a = 1", None, 1),)
    files = [FileDiff(path, path, "modified") for path in ("a.py", "b.py")]
    pieces = (Piece(file, file.path, (at, 0), lines, "", 1) for at, file in enumerate(files))
    assert plain(chunk_schema(Chunk(tuple(pieces)), (), Lengths()))
    assert plain(verdict_schema())
    assert plain(quiz_schema(3))


@pytest.mark.engine
def test_a_schema_that_takes_too_long_is_refused_by_name(shared: Backend) -> None:
    with pytest.raises(AnswerError, match="can't be followed here: it takes too long") as caught:
        finish(shared, ask("Hi", schema=all_of(40)))
    assert caught.value.hint
    assert finish(shared, ask("Hi", schema=TEXT | {"pattern": "^(yes|no)$"})).text in (
        '"yes"',
        '"no"',
    )
