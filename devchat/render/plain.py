"""An answer as raw text, for pipes, files and `--plain`: no escape sequence at all."""

from __future__ import annotations

from typing import TextIO

from devchat.render.console import note
from devchat.sanitize import Cleaner
from devchat.types import Chunk


class PlainRenderer:
    """Writes text as it comes. Reasoning is left out, notes go to standard error."""

    def __init__(self, stdout: TextIO, stderr: TextIO) -> None:
        self._stdout = stdout
        self._stderr = stderr
        self._cleaner = Cleaner()
        self._last = "\n"

    def feed(self, chunk: Chunk) -> None:
        """Write a chunk at once."""
        if chunk.kind == "text":
            self._write(self._cleaner.feed(chunk.text))
        elif chunk.kind == "note":
            note(self._stderr, chunk.text)

    def finish(self) -> None:
        """End the last line, if it is not."""
        self._write(self._cleaner.finish())
        if self._last != "\n":
            self._write("\n")

    def _write(self, text: str) -> None:
        if text:
            self._stdout.write(text)
            self._stdout.flush()
            self._last = text[-1]
