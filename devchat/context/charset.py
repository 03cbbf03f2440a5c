"""Guess which legacy encoding a text is in, for a hint. Never used to read a file by itself."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Mapping
from types import MappingProxyType

_SAMPLE = 1 << 16
_ENOUGH = 0.6


def guess(data: bytes) -> str | None:
    """Return the most plausible encoding, as `iconv` calls it; `None` where none is plausible."""
    sample = data[:_SAMPLE]
    if _nearly_utf8(sample):
        return "utf-8"
    scores = {name: _plausibility(sample, name) for name in _LIKELY}
    scores["latin1"] = _latin(sample)
    best = max(scores, key=lambda name: scores[name])
    return best if scores[best] >= _ENOUGH else None


def _nearly_utf8(sample: bytes) -> bool:
    """Tell a damaged UTF-8 text: most of what isn't ASCII reads well."""
    text = sample.decode("utf-8", "replace")
    bad = text.count("\ufffd")
    good = sum(char > "\x7f" for char in text) - bad
    return good > 4 * bad


def _plausibility(sample: bytes, encoding: str) -> float:
    """Say how much of the text beyond ASCII is what that encoding's writers write, 0 to 1."""
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(sample)
    except UnicodeDecodeError:
        return 0.0
    foreign = [char for char in text if char > "\x7f"]
    likely = _LIKELY[encoding]
    return sum(map(likely, foreign)) / len(foreign) if foreign else 0.0


def _in_rows(char: str, encoding: str, first: int, last: int) -> bool:
    """Tell whether the character's first byte is in the rows of the most common ideographs."""
    try:
        code = char.encode(encoding)
    except UnicodeEncodeError:
        return False
    return len(code) == 2 and first <= code[0] <= last


def _punctuation(char: str) -> bool:
    return "\u3000" <= char <= "\u303f" or "\uff00" <= char <= "\uff60"


# The national standards sort ideographs by use, so the first level (GB 2312 rows 16-55, Big5
# 0xA4-0xC6, JIS X 0208 level 1) is nearly all of a real text and little of a misread one.
def _simplified(char: str) -> float:
    return 0.95 * (_punctuation(char) or _in_rows(char, "gb2312", 0xB0, 0xD7))


def _traditional(char: str) -> float:
    return 0.95 * (_punctuation(char) or _in_rows(char, "big5", 0xA4, 0xC6))


def _japanese(char: str) -> float:
    if "\u3040" <= char <= "\u30ff":
        return 1.0
    return 0.8 * (_punctuation(char) or _in_rows(char, "cp932", 0x88, 0x97))


def _korean(char: str) -> float:
    return float("\uac00" <= char <= "\ud7a3" or _punctuation(char))


_LIKELY: Mapping[str, Callable[[str], float]] = MappingProxyType(
    {
        "gb18030": _simplified,
        "big5": _traditional,
        "shift_jis": _japanese,
        "euc-jp": _japanese,
        "euc-kr": _korean,
    }
)


def _latin(sample: bytes) -> float:
    """Say how many bytes beyond ASCII stand alone and are letters, as in Western languages."""
    places = [place for place, byte in enumerate(sample) if byte > 0x7F]
    alone = sum(
        (sample[max(place - 1, 0)] < 0x80 or place == 0)
        and (place + 1 == len(sample) or sample[place + 1] < 0x80)
        and sample[place] >= 0xC0
        for place in places
    )
    return 0.9 * alone / len(places) if places else 0.0
