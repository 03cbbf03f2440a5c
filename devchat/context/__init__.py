"""What a user attaches to a question, as values. Knows nothing of where it was read."""

from __future__ import annotations

from dataclasses import dataclass

from devchat.types import Image


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines `first` to `last`, 1-based, both included; `last` None is the end of the file."""

    first: int
    last: int | None

    def __str__(self) -> str:
        """Write it as it is given: `10`, `10-40` or `10-`."""
        if self.last == self.first:
            return str(self.first)
        return f"{self.first}-{self.last or ''}"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A text, what the user and the model know it by, and which lines of that it is."""

    file: str
    text: str
    lines: Lines | None = None

    @property
    def name(self) -> str:
        """Its name as it is typed: `FILE`, or `FILE:10-40`."""
        return f"{self.file}:{self.lines}" if self.lines else self.file


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
