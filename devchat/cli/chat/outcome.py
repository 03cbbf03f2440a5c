"""What is to be done after something was entered: the values that commands return."""

from __future__ import annotations

from dataclasses import dataclass

from devchat.context import Attachment


@dataclass(frozen=True, slots=True)
class Say:
    """Print lines."""

    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ask:
    """Send a question; files that it mentions go along. Nothing is looked for in `facts`."""

    question: str
    facts: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """Have the last question answered, in place of the answer that it has."""


@dataclass(frozen=True, slots=True)
class Compact:
    """Have the conversation summarised, and go on from the summary in another one."""


@dataclass(frozen=True, slots=True)
class Draft:
    """Put a text into the next prompt, after saying something."""

    text: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Replay:
    """Print the last exchanges of the conversation, after saying something."""

    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Offer:
    """Ask whether to attach something to the next message, whose draft is there already."""

    question: str
    attachment: Attachment
    draft: str = ""


@dataclass(frozen=True, slots=True)
class ClearScreen:
    """Clear the screen."""


@dataclass(frozen=True, slots=True)
class Leave:
    """End the program."""


Outcome = Say | Ask | Answer | Compact | Draft | Replay | Offer | ClearScreen | Leave


def say(*lines: str) -> Say:
    """Print lines."""
    return Say(lines)
