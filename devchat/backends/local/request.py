"""A request as the engine reads it from its frame, and as the client writes it into one."""

from __future__ import annotations

from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from typing import Any

from devchat.backends.local.wire import Frame
from devchat.types import Image, Message, Request


@dataclass(frozen=True, slots=True)
class Seen:
    """A picture in a message, and before which character of its text it stands."""

    at: int
    name: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Turn:
    """A message: a text, and the pictures in it, in order."""

    role: str
    content: str
    seen: tuple[Seen, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """How freely to choose tokens; the same seed chooses the same way again."""

    temperature: float | None
    seed: int | None


@dataclass(frozen=True, slots=True)
class Asked:
    """What an engine is asked."""

    turns: tuple[Turn, ...]
    choice: Choice
    max_tokens: int | None
    stop: tuple[str, ...]
    schema: dict[str, Any] | None
    private: bool = False
    """Whether nothing of it may be kept on the disk."""
    watched: bool = True
    """Whether somebody sees the answer grow: where nobody does, its text comes in large pieces."""


@dataclass(frozen=True, slots=True)
class Texts:
    """Texts that an engine is asked to embed; the asker knows the first one as number `first`."""

    texts: tuple[str, ...]
    first: int


def written(request: Request, private: bool, watched: bool = True) -> Frame:
    """Write a request into a frame."""
    options = request.options
    return {
        "op": "stream",
        "turns": [_turn(message) for message in request.messages],
        "temperature": options.temperature,
        "seed": options.seed,
        "max_tokens": options.max_tokens,
        "stop": options.stop,
        "schema": None if options.schema is None else dict(options.schema),
        "private": private,
        "watched": watched,
    }


def asked(frame: Frame) -> Asked | Texts:
    """Read a request. Raises `KeyError`, `TypeError` or `ValueError` where it is malformed."""
    if frame["op"] == "embed":
        return Texts(tuple(map(str, frame["texts"])), int(frame["first"]))
    temperature, seed, most = frame["temperature"], frame["seed"], frame["max_tokens"]
    return Asked(
        tuple(
            Turn(str(role), str(content), tuple(_seen(*one) for one in seen))
            for role, content, seen in frame["turns"]
        ),
        Choice(
            None if temperature is None else float(temperature), None if seed is None else int(seed)
        ),
        None if most is None else max(1, int(most)),
        tuple(str(stop) for stop in frame["stop"]),
        None if frame["schema"] is None else dict(frame["schema"]),
        bool(frame.get("private")),
        bool(frame.get("watched", True)),
    )


def _turn(message: Message) -> list[Any]:
    # The text as `Message.text` has it: one line for each part of it.
    text, seen = list[str](), list[list[Any]]()
    for part in message.content:
        if isinstance(part, Image):
            at = len("\n".join(text))
            seen.append([at, part.name, b64encode(part.data).decode()])
        else:
            text.append(part.text)
    return [message.role, "\n".join(text), seen]


def _seen(at: object, name: object, data: object) -> Seen:
    if not isinstance(at, int) or at < 0:
        raise ValueError("no place for a picture")
    return Seen(at, str(name), b64decode(str(data), validate=True))
