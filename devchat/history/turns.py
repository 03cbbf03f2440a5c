"""The values of the history: a turn, a conversation, and what a search found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from devchat.types import Role, Usage

Status = Literal["streaming", "complete", "interrupted", "error"]


@dataclass(frozen=True, slots=True)
class Picture:
    """What is known of a picture that went with a question; `History.images` has its bytes."""

    name: str
    media_type: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Turn:
    """One question or answer. `parent` is the turn before it: conversations are trees.

    `conversation` is the one that it was said in; a fork shares the turns before it. `streaming`
    means that the answer had not ended when it was last written. `prompt` names the prompt file of
    a question, `system` is the text in place of its own. Times are Unix seconds.
    """

    id: int
    parent: int | None
    conversation: str
    role: Role
    text: str
    status: Status = "complete"
    model: str = ""
    location: str = ""
    usage: Usage | None = None
    seconds: float | None = None
    created: float = 0.0
    reasoning: str = ""
    error: str = ""
    prompt: str = ""
    system: str | None = None
    pictures: tuple[Picture, ...] = ()


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation: `head` is the turn it goes on from, `turns` how many lead there."""

    id: str
    title: str
    created: float
    updated: float
    head: int | None = None
    turns: int = 0
    model: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """A turn that a search found, with the words around the place in one visible line."""

    turn: Turn
    title: str
    snippet: str
