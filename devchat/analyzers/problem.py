"""What a tool says of one side of a file, before it is known whether the change brought it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from devchat.changes import Severity

Category = Literal["bug", "secret", "security", "syntax"]


@dataclass(frozen=True, slots=True)
class Problem:
    """A fault in the lines `line` to `last` (1-based) of a text.

    `title` is a sentence; `body` says what fails, and what to do. `suggestion` replaces those
    lines exactly, without the last newline.
    `shown` stands for the lines where they hold what nobody should see.
    """

    line: int
    last: int
    rule: str
    severity: Severity
    category: Category
    title: str
    body: str
    suggestion: str | None = None
    shown: str = ""
