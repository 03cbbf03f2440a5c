"""Hold an answer to a JSON Schema; say where and why it breaks it.

Knows nothing of how the answer came. Nothing is ever fetched: a `$ref` must stay in its schema.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NoReturn

from devchat.errors import AnswerError, UsageError
from devchat.sanitize import single_line
from devchat.types import Schema

if TYPE_CHECKING:
    from jsonschema.exceptions import SchemaError, ValidationError
    from jsonschema.protocols import Validator

_SCHEMA_HINT = "correct the schema: https://json-schema.org/understanding-json-schema"
_ANSWER_HINT = "ask again, simplify the schema, or choose a larger model with `-m`"
_LONG_REASON = 160
_DATA = {"const", "default", "enum", "examples"}  # keywords that hold values, not schemas


def check_schema(schema: Schema) -> None:
    """Refuse a schema that no answer could be held to.

    Raises `UsageError` naming where it is wrong (a JSON path) or the `$ref` that leads nowhere.
    """
    from jsonschema.exceptions import SchemaError

    try:
        _validator(schema).check_schema(dict(schema))
        _check_references(schema)
    except SchemaError as error:
        where, why = error.json_path, _reason(error)
        raise UsageError(f"the schema is wrong at `{where}`: {why}", _SCHEMA_HINT) from None
    except RecursionError:
        raise UsageError("the schema is nested too deeply", _SCHEMA_HINT) from None


def check_answer(text: str, schema: Schema) -> None:
    """Refuse an answer that is not JSON or breaks its schema.

    Raises `AnswerError` with the JSON path and the reason, on one line.
    """
    from jsonschema.exceptions import best_match
    from referencing.exceptions import Unresolvable

    answer = _parse(text)
    try:
        error = best_match(_validator(schema).iter_errors(answer))
    except Unresolvable as missing:
        _refuse_reference(missing.ref)
    except RecursionError:
        raise UsageError("the schema refers to itself without end", _SCHEMA_HINT) from None
    if error is not None:
        where, why = error.json_path, _reason(error)
        raise AnswerError(f"the answer breaks the schema at `{where}`: {why}", _ANSWER_HINT)


def _validator(schema: Schema) -> Validator:
    from jsonschema import Draft202012Validator
    from jsonschema.validators import validator_for
    from referencing.jsonschema import EMPTY_REGISTRY

    schema = dict(schema)
    kind = validator_for(schema, default=Draft202012Validator)
    # Without a registry of its own, jsonschema would fetch what a `$ref` names.
    return kind(schema, registry=EMPTY_REGISTRY)


def _parse(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise AnswerError(f"the answer is not JSON: {single_line(reason)}", _ANSWER_HINT) from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"`{name}` is no JSON value")


def _reason(error: ValidationError | SchemaError) -> str:
    message = " ".join(str(error.message).split())
    if len(message) > _LONG_REASON:  # it begins with the offending value, which hides the reason
        message = f"it does not satisfy `{error.validator}`: {error.validator_value!r}"
    return single_line(message)


def _check_references(schema: Schema) -> None:
    """Look up every `$ref`; where `$id` moves the base, only an answer's check can tell."""
    from referencing.exceptions import Unresolvable
    from referencing.jsonschema import DRAFT202012, EMPTY_REGISTRY

    parts = list(_walk(schema))
    if any("$id" in part for part in parts):
        return
    resource = DRAFT202012.create_resource(dict(schema))
    resolver = EMPTY_REGISTRY.with_resource("", resource).resolver()
    for ref in (part["$ref"] for part in parts if isinstance(part.get("$ref"), str)):
        try:
            resolver.lookup(ref)
        except Unresolvable:
            _refuse_reference(ref)


def _refuse_reference(ref: str) -> NoReturn:
    raise UsageError(f"the schema refers to `{single_line(ref)}`, which is not in it", _SCHEMA_HINT)


def _walk(value: Any) -> Iterator[dict[str, Any]]:
    children: Iterable[Any] = value if isinstance(value, list) else ()
    if isinstance(value, dict):
        yield value
        children = (child for name, child in value.items() if name not in _DATA)
    for child in children:
        yield from _walk(child)
