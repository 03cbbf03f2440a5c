"""Pasted text: a large one is shown as a placeholder, and is itself again when it is sent."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

MOST_LINES = 8
MOST_CHARACTERS = 1_500
_FOLDED = re.compile(r"\[pasted #(\d+), [\d,]+ (?:lines|characters)\]")


@dataclass(slots=True)
class Folds:
    """The texts behind the placeholders of this session."""

    texts: list[str] = field(default_factory=list)

    def fold(self, pasted: str) -> str:
        """Return what to insert for a pasted text: itself, or a placeholder where it is large."""
        text = pasted.replace("\r\n", "\n").replace("\r", "\n")
        lines = text.count("\n") + (not text.endswith("\n"))
        if lines <= MOST_LINES and len(text) <= MOST_CHARACTERS:
            return text
        self.texts.append(text)
        size = f"{lines:,} lines" if lines > MOST_LINES else f"{len(text):,} characters"
        return f"[pasted #{len(self.texts)}, {size}]"

    def unfold(self, draft: str) -> str:
        """Put the texts back in the places of their placeholders."""
        return _FOLDED.sub(self._text, draft)

    def _text(self, found: re.Match[str]) -> str:
        number = int(found[1])
        return self.texts[number - 1] if 0 < number <= len(self.texts) else found[0]
