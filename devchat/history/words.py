"""Text as words to search by: Chinese, Japanese and Korean as pairs of characters.

SQLite's own tokenizers either take a Chinese sentence for one word or need three characters
(https://sqlite.org/fts5.html#tokenizers). A run of such characters becomes its overlapping pairs
and, at its end, its last character alone: so any part of it is a phrase of pairs.
Whatever a user types is text to look for; nothing in it is an operator.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from itertools import groupby

from devchat.sanitize import single_line

_WORD = re.compile(r"[^\W_]+")
_CJK = "\u2e80"
"""From here on letters are taken in pairs. Not a set in a pattern: that takes 3 ms to compile."""
_BEFORE, _AFTER = 30, 90


def tokens(text: str) -> str:
    """Return the words of a text as they are indexed, between spaces."""
    return " ".join(word for piece in _pieces(text) for word in _parted(piece))


def query(words: str) -> str:
    """Return what finds the texts with all these words in the language of FTS5; "" for none.

    What has no space in it is one phrase; its last word may be the beginning of a longer one.
    """
    return " ".join(filter(None, map(_phrase, words.split())))


def snippet(text: str, words: str) -> str:
    """Cut the place where the first of the words stands out of a text, as one visible line."""
    wanted = (re.escape(piece) for word in words.split() for piece in _pieces(word))
    place = re.search("|".join(wanted), _folded(text)) or re.search("", text)
    assert place is not None
    # Folding may lengthen a text by a few characters, which moves the window as little.
    start = max(0, place.start() - _BEFORE)
    shown = single_line(text[start : place.end() + _AFTER], _BEFORE + _AFTER)
    return f"…{shown}" if start else shown


def _phrase(word: str) -> str:
    pieces = _pieces(word)
    if not pieces:
        return ""
    last = _parted(pieces[-1])
    if _is_cjk(pieces[-1]) and len(last) > 1:
        last = last[:-1]
    parts = [part for piece in pieces[:-1] for part in _parted(piece)]
    # Pairs are whole; a word, or a lone character, may go on.
    goes_on = "" if _is_cjk(pieces[-1]) and len(last[-1]) > 1 else "*"
    return f'"{" ".join([*parts, *last])}"{goes_on}'


def _pieces(text: str) -> list[str]:
    return [piece for word in _WORD.findall(_folded(text)) for piece in _split(word)]


def _split(word: str) -> Iterable[str]:
    if word.isascii() or min(word) >= _CJK:
        return (word,)
    return ("".join(run) for _, run in groupby(word, _is_cjk))


def _is_cjk(text: str) -> bool:
    return text[0] >= _CJK


def _parted(piece: str) -> list[str]:
    if not _is_cjk(piece):
        return [piece]
    return [piece[at : at + 2] for at in range(len(piece))]


def _folded(text: str) -> str:
    """Make case and width equal, each character for itself, so that parts fold like the whole."""
    if text.isascii():
        return text.lower()
    if not unicodedata.is_normalized("NFKC", text):
        text = "".join(unicodedata.normalize("NFKC", one) if one.isalnum() else one for one in text)
    return text.casefold()
