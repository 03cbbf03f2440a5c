"""What a model thinks before it answers: dim, on standard error, if a person sits there."""

from __future__ import annotations

from typing import TextIO

from devchat.sanitize import Cleaner


class Reasoning:
    """Writes reasoning as it comes, and a blank line between it and the answer."""

    def __init__(self, stderr: TextIO) -> None:
        self.shown = stderr.isatty()
        self._stderr = stderr
        self._cleaner = Cleaner()
        self._held = ""
        self._begun = False

    def feed(self, text: str) -> None:
        """Write a piece; newlines at its end wait until something follows them."""
        text = self._held + self._cleaner.feed(text)
        text = text if self._begun else text.lstrip("\n")
        self._held = text[len(text.rstrip("\n")) :]
        if text := text.removesuffix(self._held):
            self._begun = True
            self._write(f"\x1b[2m{text}\x1b[0m")

    def end(self) -> None:
        """Set the answer, or a remark, apart from what was written."""
        if self._begun:
            self._write("\n\n")
        self._begun, self._held = False, ""

    def _write(self, text: str) -> None:
        self._stderr.write(text)
        self._stderr.flush()
