"""GitHub's values as its OpenAPI description has them: requests checked, answers built.

A required field that nobody named is filled by its type, so that every answer is whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from githubkit_schemas.latest import models
from pydantic import BaseModel, ValidationError

from tests.fakes.github.refusal import Refusal

Json = dict[str, Any]
LINK = "https://github.example/"


def answer(name: str, known: Mapping[str, Any]) -> Any:
    """Build an answer, whole and checked, in the form of a model by name."""
    model = getattr(models, name)
    return _written(model, _filled(model, known))


def accept(names: tuple[str, ...], body: object) -> Json:
    """Check a request against the first model that fits; refuse what none describes."""
    said = []
    for name in names if isinstance(body, dict) else ():
        assert isinstance(body, dict)
        model: type[BaseModel] = getattr(models, name)
        try:
            checked = _written(model, body)
        except ValidationError as error:
            # Each optional field is also allowed to be absent: of that nobody wants to hear.
            every = [one for one in error.errors() if "UNSET" not in one["msg"]]
            said += [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in every]
            continue
        known = {field.alias or key for key, field in model.model_fields.items()}
        unknown = sorted(body.keys() - known) or _lost(body, checked)
        if not unknown:
            return checked
        said.append(f"{unknown[0]} is not a permitted key.")
    why = "; ".join(said) or "A JSON object is needed."
    raise Refusal(422, f"Invalid request.\n\n{why}")


def _lost(given: Any, kept: Any) -> list[str]:
    """Name the keys of a request that its model does not know; GitHub would ignore them."""
    if isinstance(given, list):
        pairs = zip(given, kept, strict=True)
        return [name for one, other in pairs for name in _lost(one, other)]
    if not isinstance(given, dict):
        return []
    lost = sorted(given.keys() - kept.keys())
    return lost + [
        name for key in given.keys() & kept.keys() for name in _lost(given[key], kept[key])
    ]


def _written(model: type[BaseModel], value: Mapping[str, Any]) -> Json:
    checked = model.model_validate(value)
    return checked.model_dump(mode="json", by_alias=True, exclude_unset=True)


def _filled(model: type[BaseModel], known: Mapping[str, Any]) -> Json:
    value: Json = {}
    for name, nested, default in _fields(model):
        if name in known:
            value[name] = _nested(nested, known[name])
        elif default is not None:
            value[name] = default()
    return value | {name: known[name] for name in known.keys() - value.keys()}


def _nested(model: type[BaseModel] | None, value: Any) -> Any:
    if model is None:
        return value
    if isinstance(value, Mapping):
        return _filled(model, value)
    return [_nested(model, one) for one in value] if isinstance(value, list) else value


@cache
def _fields(model: type[BaseModel]) -> list[tuple[str, type[BaseModel] | None, Any]]:
    """Name each field, the model inside it, and what fills it where it is required."""
    return [
        (
            field.alias or name,
            _model_in(field.annotation),
            _filler(field.annotation) if field.is_required() else None,
        )
        for name, field in model.model_fields.items()
    ]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = [one for inner in get_args(annotation) if (one := _model_in(inner)) is not None]
    return found[0] if found else None


def _filler(annotation: Any) -> Any:
    """Return what makes a value of a type: the least that is valid."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin in (Union, UnionType):
        return (lambda: None) if type(None) in inner else _filler(inner[0])
    if origin is Literal:
        return lambda: inner[0]
    if origin is list:
        return list
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return lambda: _filled(annotation, {})
    plain = {str: lambda: LINK, datetime: now, type(None): lambda: None}
    return plain.get(annotation, annotation)


def now() -> str:
    """Write the present as GitHub does."""
    return written_time(datetime.now(UTC))


def written_time(time: datetime) -> str:
    """Write a time as GitHub does."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")
