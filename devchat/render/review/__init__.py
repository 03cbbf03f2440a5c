"""How a review reaches a reader: one small renderer per format, chosen from a plain dict."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import Literal

from devchat.changes import Diff, Review

Format = Literal["text", "json", "markdown", "sarif", "github"]
Ink = Literal["none", "plain", "colour"]
"""What may be written besides text: no escapes, those without colour, all of ours."""


@dataclass(frozen=True, slots=True)
class Look:
    """How text may look: its columns, its ink, and whether marks beyond ASCII can be written."""

    columns: int = 80
    ink: Ink = "none"
    marks: bool = True


@dataclass(frozen=True, slots=True)
class Shown:
    """What there is to show: a review without secrets, and the change that it is about."""

    review: Review
    diff: Diff
    look: Look = Look()


FORMATS = MappingProxyType(
    {
        "text": "devchat.render.review.text",
        "json": "devchat.render.review.objects",
        "markdown": "devchat.render.review.markdown",
        "sarif": "devchat.render.review.sarif",
        "github": "devchat.render.review.workflow",
    }
)


def render_review(review: Review, diff: Diff, form: Format, look: Look | None = None) -> str:
    """Write a review in a format, ending with a newline; no secret of a finding is in it."""
    from devchat.render.review.secrets import without_secrets

    shown = Shown(*without_secrets(review, diff), look or Look())
    return str(import_module(FORMATS[form]).render(shown))
