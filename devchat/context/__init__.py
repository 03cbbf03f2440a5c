"""What a user attaches to a question, as values. Knows nothing of where it was read."""

from __future__ import annotations

from dataclasses import dataclass

from devchat.types import Image


@dataclass(frozen=True, slots=True)
class Attachment:
    """A text with the name that the user and the model know it by."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file of a folder or glob that was not read; `reason` reads on after its name."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Attached:
    """Everything attached, in the order in which it was named."""

    texts: tuple[Attachment, ...] = ()
    images: tuple[Image, ...] = ()
    left_out: tuple[LeftOut, ...] = ()

    def __add__(self, other: Attached) -> Attached:
        """Put what was attached elsewhere after this."""
        return Attached(
            self.texts + other.texts,
            self.images + other.images,
            self.left_out + other.left_out,
        )
