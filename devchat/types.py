"""The values that flow through devchat: messages in, chunks and a completion out.

Knows nothing of files, terminals, models or services.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Role = Literal["system", "user", "assistant"]
Tier = Literal["tiny", "small", "large"]
"""What a model may be trusted with, from a 135M embedded model to a frontier service."""
ChunkKind = Literal["text", "reasoning", "note"]
FinishReason = Literal["stop", "length", "filter", "interrupted"]
Schema = Mapping[str, Any]
"""A JSON Schema (draft 2020-12), as parsed JSON."""


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of text in a message."""

    text: str


@dataclass(frozen=True, slots=True)
class Image:
    """A picture in a message: its file's bytes, unchanged."""

    name: str
    media_type: str
    data: bytes = field(repr=False)


Part = Text | Image


@dataclass(frozen=True, slots=True)
class Message:
    """One turn, made of parts so that pictures (and later tool calls) fit in."""

    role: Role
    content: tuple[Part, ...]

    @classmethod
    def of(cls, role: Role, text: str) -> Message:
        """Make a message of one piece of text."""
        return cls(role, (Text(text),))

    @property
    def text(self) -> str:
        """All text parts, joined by newlines."""
        return "\n".join(part.text for part in self.content if isinstance(part, Text))

    @property
    def images(self) -> tuple[Image, ...]:
        """All picture parts."""
        return tuple(part for part in self.content if isinstance(part, Image))


@dataclass(frozen=True, slots=True)
class Options:
    """How to answer. `None` leaves a choice to the backend; `schema` binds the answer to it."""

    temperature: float | None = None
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    seed: int | None = None
    schema: Schema | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """Everything that a backend is asked."""

    messages: tuple[Message, ...]
    options: Options = Options()


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of an answer as it arrives.

    A `note` is no part of the answer: it tells the user what happens meanwhile
    (a retreat from the GPU, a wait behind another request).
    """

    kind: ChunkKind
    text: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one request; `exact` is false where the service did not say and we counted."""

    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int = 0
    exact: bool = True


@dataclass(frozen=True, slots=True)
class Completion:
    """A finished answer. `load_seconds` is the wait for the model itself, 0 if it was there."""

    text: str
    reasoning: str
    usage: Usage
    finish_reason: FinishReason
    model: str
    load_seconds: float = 0.0
