"""A schema is checked before the question, an answer after it; nothing is ever fetched."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devchat.backends.structured import check_answer, check_schema
from devchat.errors import AnswerError, UsageError

PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "ages": {"type": "array", "items": {"type": "integer"}},
    },
    "required": ["name"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    "schema",
    [
        {},
        PERSON,
        {"$defs": {"a": {"type": "string"}}, "$ref": "#/$defs/a"},
        {"$schema": "http://json-schema.org/draft-07/schema#", "items": [{"type": "string"}]},
        {"$id": "https://example.org/a", "properties": {"x": {"$ref": "a"}}},
        {"enum": [{"$ref": 1}], "type": "object"},
    ],
)
def test_a_good_schema_passes(schema: dict[str, Any]) -> None:
    check_schema(schema)


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"type": "strnig"}, "wrong at `$.type`"),
        ({"properties": {"a": {"minimum": "1"}}}, "wrong at `$.properties.a.minimum`"),
        ({"$ref": "#/$defs/gone"}, "refers to `#/$defs/gone`"),
        ({"properties": {"a": {"$ref": "http://127.0.0.1:1/schema"}}}, "http://127.0.0.1:1/schema"),
    ],
)
def test_a_bad_schema_says_where(schema: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_schema(schema)
    assert said in caught.value.message
    assert "correct the schema" in caught.value.hint


def test_a_schema_nested_too_deeply_is_refused() -> None:
    schema: dict[str, Any] = {}
    for _ in range(900):
        schema = {"items": schema}
    with pytest.raises(UsageError, match="nested too deeply"):
        check_schema(schema)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"name": 1}', "`$.name`: 1 is not of type 'string'"),
        ('{"name": "a", "ages": [1, "2"]}', "`$.ages[1]`: '2' is not of type 'integer'"),
        ("{}", "`$`: 'name' is a required property"),
        ('{"name": "a", "b": 1}', "`$`: Additional properties"),
        ("Sure! {}", "not JSON: Expecting value"),
        ("", "not JSON"),
        ('{"name": NaN}', "`NaN` is no JSON value"),
        ("[" * 100_000, "nested too deeply"),
        (json.dumps({"name": ["long"] * 100}), "it does not satisfy `type`: 'string'"),
    ],
)
def test_a_wrong_answer_says_where_on_one_line(text: str, said: str) -> None:
    with pytest.raises(AnswerError) as caught:
        check_answer(text, PERSON)
    assert said in caught.value.message
    assert "\n" not in caught.value.message
    assert len(caught.value.message) < 300


@given(st.text(), st.lists(st.integers()))
def test_a_right_answer_passes(name: str, ages: list[int]) -> None:
    check_answer(json.dumps({"name": name, "ages": ages}), PERSON)


def test_a_schema_without_end_is_the_users_error() -> None:
    with pytest.raises(UsageError, match="refers to itself"):
        check_answer("1", {"$ref": "#"})


def test_nothing_is_fetched() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/schema"
        schema = {"$id": "https://example.org/a", "$ref": address}
        with pytest.raises(UsageError, match="not in it"):
            check_answer("1", schema)
        with pytest.raises(BlockingIOError):
            server.accept()
