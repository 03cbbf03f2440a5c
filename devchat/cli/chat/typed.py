"""What was typed while nobody asked: bytes of a terminal -> the text for the next prompt."""

from __future__ import annotations

import codecs
import re

_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|O.|.)?", re.DOTALL)
_OTHER = re.compile(r"[\x00-\x09\x0b-\x1f]")


class Typed:
    """Collects what was typed; Backspace takes back, keys without a text are dropped."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("ignore")
        self._raw = ""

    @property
    def text(self) -> str:
        """The text so far; Enter is a line end within it, for nobody saw what would be sent."""
        kept: list[str] = []
        for character in _OTHER.sub("", _SEQUENCE.sub("", self._raw.replace("\r", "\n"))):
            if character != "\x7f":
                kept.append(character)
            elif kept:
                kept.pop()
        return "".join(kept).strip("\n")

    def feed(self, data: bytes) -> None:
        """Take in what the terminal sent."""
        self._raw += self._decoder.decode(data)
