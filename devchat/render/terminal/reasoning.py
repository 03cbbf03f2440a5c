"""What a model thinks before it answers: dim, on standard error, if a person sits there."""

from __future__ import annotations

from typing import TextIO

from devchat.sanitize import Cleaner

_LONGEST = 256
"""Characters that may wait for the end of their word."""


class Reasoning:
    """Writes reasoning as it comes, folded between words, and a blank line after it."""

    def __init__(self, stderr: TextIO) -> None:
        self.shown = stderr.isatty()
        self._stderr = stderr
        self._cleaner = Cleaner()
        self._row = ""
        self._held = ""
        self._begun = False

    def feed(self, text: str) -> None:
        """Write a piece; its last word waits for its end, and newlines for what follows them."""
        from devchat.render.terminal.wrap import last_word

        text = self._held + self._cleaner.feed(text).replace("\t", "    ")
        text = text if self._begun else text.lstrip("\n")
        start = max(last_word(text), len(text) - _LONGEST)
        self._held = text[start:]
        self._show(text[:start])

    def end(self) -> bool:
        """Set the answer, or a remark, apart from what was written; say whether anything was."""
        self._show(self._held.rstrip())
        if begun := self._begun:
            self._write("\n\n")
        self._begun, self._row, self._held = False, "", ""
        return begun

    def _show(self, text: str) -> None:
        if text:
            self._begun = True
            self._write(f"\x1b[2m{self._folded(text)}\x1b[0m")

    def _folded(self, text: str) -> str:
        from devchat.render.terminal.screen import terminal_size
        from devchat.render.terminal.wrap import Run, wrap

        columns = terminal_size(self._stderr).columns
        rows = wrap([Run(self._row + text)], columns)
        folded = "\n".join("".join(run.text for run in row) for row in rows)
        # What stands there stays, even if the text that follows would have it elsewhere.
        before, self._row = self._row, folded.rpartition("\n")[2]
        return folded[len(before) :] if folded.startswith(before) else text

    def _write(self, text: str) -> None:
        self._stderr.write(text)
        self._stderr.flush()
