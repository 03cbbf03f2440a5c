"""A request as the engine reads it from its frame, and as the client writes it into one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from devchat.backends.local.wire import Frame
from devchat.types import Request


@dataclass(frozen=True, slots=True)
class Turn:
    """A message of text alone."""

    role: str
    content: str


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


def written(request: Request, private: bool) -> Frame:
    """Write a request into a frame."""
    options = request.options
    return {
        "op": "stream",
        "turns": [[message.role, message.text] for message in request.messages],
        "temperature": options.temperature,
        "seed": options.seed,
        "max_tokens": options.max_tokens,
        "stop": options.stop,
        "schema": None if options.schema is None else dict(options.schema),
        "private": private,
    }


def asked(frame: Frame) -> Asked:
    """Read a request. Raises `KeyError`, `TypeError` or `ValueError` where it is malformed."""
    temperature, seed, most = frame["temperature"], frame["seed"], frame["max_tokens"]
    return Asked(
        tuple(Turn(str(role), str(content)) for role, content in frame["turns"]),
        Choice(
            None if temperature is None else float(temperature), None if seed is None else int(seed)
        ),
        None if most is None else max(1, int(most)),
        tuple(str(stop) for stop in frame["stop"]),
        None if frame["schema"] is None else dict(frame["schema"]),
        bool(frame.get("private")),
    )
