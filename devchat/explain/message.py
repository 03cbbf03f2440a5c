"""A message of a tool about a place in the code."""

from __future__ import annotations

from dataclasses import dataclass

LONGEST = 200


@dataclass(frozen=True, slots=True)
class Message:
    """What a tool says of a place; `code` is its name for such messages."""

    path: str
    line: int
    severity: str
    text: str
    code: str = ""
    source: tuple[str, ...] = ()

    def lines(self) -> tuple[str, ...]:
        """Write it, with its source below."""
        code = f" [{self.code}]" if self.code else ""
        where = f"{self.path}:{self.line}" if self.line else self.path
        head = f"{where}: {self.severity}: {self.text}{code}"
        return (head, *(f"    {line}" for line in self.source))
