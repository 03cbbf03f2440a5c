"""A review for programs: one JSON object with the fields of `Review`, described by a schema."""

from __future__ import annotations

from dataclasses import asdict
from importlib.resources import files
from json import loads
from typing import Any

from devchat import __version__
from devchat.changes import Review
from devchat.render.jsontext import to_json
from devchat.render.review import Shown

VERSION = 1


def render(shown: Shown) -> str:
    """Write the object, indented."""
    return to_json(review_object(shown.review), indent=2) + "\n"


def review_object(review: Review) -> dict[str, Any]:
    """Return a review as plain data: `version` is of this form, `devchat` of the program."""
    data = asdict(review)
    data["receipt"]["seconds"] = round(review.receipt.seconds, 3)
    return {"version": VERSION, "devchat": __version__, **data}


def review_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) that the object matches."""
    text = files("devchat.render.review").joinpath("review.schema.json").read_text("utf-8")
    schema: dict[str, Any] = loads(text)
    return schema
