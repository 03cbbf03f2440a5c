"""What may reach others: of text, what is hidden or commands becomes visible; of variables, no key.

Knows nothing of Markdown or colours; those who draw add their own escapes afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

# Spelled out, for an invisible character in this file would defeat its purpose.
HIDDEN = re.compile(
    "["
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 without tab and newline, DEL, C1
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e"  # soft hyphen, joiner, bidi, fillers
    "\u200b\u200e\u200f\u2028-\u202e"  # zero width space, marks, separators, embeddings
    "\u2060-\u206f\u3164\ufeff\uffa0"  # word joiner, isolates, fillers, byte order mark
    "\ufff9-\ufffc\ufffe\uffff"  # interlinear annotation, object replacement, no characters
    "\ud800-\udfff"  # lone surrogates, which no stream can encode
    "\U0001d173-\U0001d17a\U000e0000-\U000e007f"  # musical format controls, tags
    "]"
)

SECRET_NAME = re.compile(r"key|token|secret|passw|credential|auth", re.IGNORECASE)
"""Found in the names of variables whose values are for nobody else."""
_LOGIN = re.compile(r"://[^\s/@]+:[^\s/@]+@")


def harmless(environ: Mapping[str, str]) -> dict[str, str]:
    """Leave of an environment what is no key by its name, and no address with a password in it."""
    return {
        name: value
        for name, value in environ.items()
        if not SECRET_NAME.search(name) and not _LOGIN.search(value)
    }


def visible(text: str) -> str:
    """Make controls and hidden characters visible; newlines and tabs stay, CRLF becomes LF.

    C0 and DEL become control pictures (``␛``), the rest a code like ``<U+202E>``. Joiners and
    variation selectors stay, for emoji and scripts need them. Idempotent.
    """
    return HIDDEN.sub(_show, text)


def _show(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code == 0x0D and found.string[found.end() : found.end() + 1] == "\n":
        return ""
    if code < 0x20:
        return chr(0x2400 + code)
    return "␡" if code == 0x7F else f"<U+{code:04X}>"


def single_line(text: str, limit: int = 200) -> str:
    """Fit foreign text into one visible line of at most `limit` characters, cut with ``…``."""
    line = " ".join(visible(text).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


class Cleaner:
    """Makes a stream visible, whose pieces may part a carriage return from its newline."""

    def __init__(self) -> None:
        self._held = ""

    def feed(self, text: str) -> str:
        """Clean a piece; a carriage return at its end waits for the next."""
        text = self._held + text
        self._held = text[len(text.rstrip("\r")) :]
        return visible(text.removesuffix(self._held))

    def finish(self) -> str:
        """Clean what waited."""
        held, self._held = self._held, ""
        return visible(held)
