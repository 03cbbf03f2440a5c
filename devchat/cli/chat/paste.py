"""Pasted text: a large one is shown as a placeholder, and is itself again when it is sent."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

MOST_LINES = 8
MOST_CHARACTERS = 1_500
_FOLDED = re.compile(r"\[(pasted #\d+), [\d,]+ (?:lines|characters)\]")


@dataclass(slots=True)
class Folds:
    """The texts of this session, by their placeholders; one of another session is only a text."""

    texts: dict[str, str] = field(default_factory=dict)

    def fold(self, pasted: str) -> str:
        """Return what to insert for a pasted text: itself, or a placeholder where it is large."""
        text = pasted.replace("\r\n", "\n").replace("\r", "\n")
        lines = text.count("\n") + (not text.endswith("\n"))
        if lines <= MOST_LINES and len(text) <= MOST_CHARACTERS:
            return text
        size = f"{lines:,} lines" if lines > MOST_LINES else f"{len(text):,} characters"
        placeholder = f"[pasted #{len(self.texts) + 1}, {size}]"
        self.texts[placeholder] = text
        return placeholder

    def unfold(self, draft: str) -> str:
        """Put the texts back in the places of their placeholders."""
        return _FOLDED.sub(lambda found: self.texts.get(found[0], found[0]), draft)

    def take_out(self, draft: str) -> tuple[list[tuple[str, str]], str]:
        """Return the folded texts of a draft, each with its name, and the draft without them."""
        found = [one for one in _FOLDED.finditer(draft) if one[0] in self.texts]
        rest = _FOLDED.sub(lambda one: "" if one[0] in self.texts else one[0], draft)
        return [(one[1], self.texts[one[0]]) for one in found], rest
