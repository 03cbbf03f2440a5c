"""One definition in a source, as an outline lists it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Symbol:
    """A definition in lines `line` to `end`, inside `depth` others; `about` from its docstring."""

    kind: str
    name: str
    line: int
    end: int
    depth: int = 0
    about: str = ""

    def text(self) -> str:
        """Write it on a line."""
        span = f"{self.line}-{self.end}" if self.end > self.line else f"{self.line}"
        about = f": {self.about}" if self.about else ""
        return f"{'  ' * self.depth}{self.kind} {self.name} (lines {span}){about}"
