"""Estimate tokens where a service's own tokenizer is out of reach: rather too many than too few.

The rule, in tokens: a lower-case word 1/4 per letter + 1/4, at least 1; capitals 1/2 per letter;
digits and marks 1 each; a run of spaces 1 + 1/16 per space; letters mixed with digits (hashes,
base64) 0.85 per character; Hangul and characters beyond U+FFFF 1 per UTF-8 byte; all else beyond
ASCII 2/3 per byte, so 2 for a Chinese or Japanese character; and 10% more for safety.

Measured (November 2026) on 23 texts against the vocabularies of SmolLM2, Mistral 1, Mistral
Tekken, Llama 3, Llama 4 and Qwen: the estimate is 1.04 to 1.7 times the count of the one that
needs the most tokens (English 1.2-1.4, code 1.3-1.5, JSON 1.2-1.3, Chinese 1.26; line drawings
2.4), and 3.4 times Qwen's for Chinese. Too few only for long compound words in vocabularies made
for English (German in SmolLM2: 0.81). What a service reports corrects it.
"""

from __future__ import annotations

import math
import re

_PIECE = re.compile(
    r"(?=[A-Za-z+/]{0,20}[0-9])[A-Za-z0-9+/]{20,}"
    r"|[A-Z]?[a-z]+|[A-Z]+| +|[\x00-\x7f]"
    r"|[\uac00-\ud7a3\U00010000-\U0010ffff]+|[^\x00-\x7f]"
)
_SAFETY = 1.1
_LOWEST, _HIGHEST = 0.6, 2.5
_ENOUGH = 100


class Estimate:
    """Count by the rule, times a factor learnt from what the service reports.

    The factor stays between 0.6 and 2.5, and follows the dearest text seen, not the average.
    """

    def __init__(self) -> None:
        self._dearest = 0.0

    def count(self, text: str) -> int:
        """Count the tokens of a text."""
        return math.ceil(_count(text) * self._factor())

    def learn(self, text: str, reported: int) -> None:
        """Take in how many tokens a service counted for a text, if it is long enough to tell."""
        ours = _count(text)
        # Far too few means that the service cut the text, as Ollama does without a word.
        if ours >= _ENOUGH and reported > ours / 4:
            self._dearest = max(self._dearest, reported / ours)

    def _factor(self) -> float:
        if not self._dearest:
            return _SAFETY
        return min(max(self._dearest * _SAFETY, _LOWEST), _HIGHEST)


def _count(text: str) -> float:
    return sum(map(_cost, _PIECE.findall(text)))


def _cost(piece: str) -> float:
    if not piece.isascii():
        size = len(piece.encode("utf-8", "surrogatepass"))
        dear = "\uac00" <= piece[0] <= "\ud7a3" or piece[0] > "\uffff"
        return size if dear else size / 1.5
    if piece[0] == " ":
        return 1 + len(piece) / 16 if len(piece) > 1 else 0
    return _ascii_cost(piece)


def _ascii_cost(piece: str) -> float:
    if len(piece) == 1:
        return 1
    if not piece.isalpha():
        return len(piece) * 0.85
    return len(piece) / 2 if piece[-1].isupper() else max(1, len(piece) / 4 + 0.25)
