"""What was typed while nobody asked: bytes of a terminal -> the text for the next prompt."""

from __future__ import annotations

import codecs
import os
import re
import select
import termios

_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|O.|.)?", re.DOTALL)
LOCAL_FLAGS = 3
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


def typed_ahead(terminal: int) -> str:
    """Take what a terminal has and nobody has read: no answer to what is asked next."""
    typed, modes = Typed(), termios.tcgetattr(terminal)
    each_key = [*modes]
    each_key[LOCAL_FLAGS] &= ~termios.ICANON
    # Not TCSAFLUSH, which throws away what was typed.
    termios.tcsetattr(terminal, termios.TCSANOW, each_key)
    try:
        while select.select([terminal], [], [], 0)[0] and (data := os.read(terminal, 4096)):
            typed.feed(data)
    finally:
        termios.tcsetattr(terminal, termios.TCSANOW, modes)
    return typed.text
