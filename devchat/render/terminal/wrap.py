"""Styled text, and breaking it into rows by cell width, in any script.

Chinese, Japanese and Korean break between characters, but no row starts with closing punctuation
or ends with an opening bracket (kinsoku; https://www.w3.org/TR/jlreq/#line_breaking_rules).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple

from rich.cells import cell_len


class Run(NamedTuple):
    """Text in one style; a style is a list of SGR parameters, such as `1;34`."""

    text: str
    style: str = ""


Row = tuple[Run, ...]

_CLOSERS = (
    "、。，．・：；？！゛゜ヽヾゝゞ々ー）］｝〕〉》」』】〙〗〟’”»›…‥％‰℃～"
    "ぁぃぅぇぉっゃゅょゎゕゖァィゥェォッャュョヮヵヶ｡､｣ﾞﾟ｠"
)
_OPENERS = "（［｛〔〈《「『【〘〖〝‘“«‹￥＄￡｢｟"
_CLOSING = frozenset(_CLOSERS)
_NEVER_FIRST = _CLOSING | frozenset(",.!?:;)]}%'\"")
_NEVER_LAST = frozenset(_OPENERS + "([{")
_IDEOGRAPH = (
    "\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f\uac00-\ud7a3"
    "\uf900-\ufaff\ufe30-\ufe4f\uff01-\uffe6\U0001f1e6-\U0001faff\U00020000-\U0003fffd"
)
# What stays with the character before it: combining marks, variation selectors, skin tones,
# and whatever a zero width joiner ties to it.
_MARKS = (
    "\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0900-\u0903\u093a-\u094d"
    "\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\u302a-\u302f\u3099\u309a"
    "\ufe00-\ufe0f\ufe20-\ufe2f\U0001f3fb-\U0001f3ff\U000e0100-\U000e01ef"
)
_TAIL = f"(?:[{_MARKS}\u200c]|\u200d.?)*"
_CLUSTER = re.compile(f"(?:[\U0001f1e6-\U0001f1ff]{{2}}|.){_TAIL}", re.DOTALL)
_PIECE = re.compile(
    f" +|(?:[\U0001f1e6-\U0001f1ff]{{2}}|[{_IDEOGRAPH}]){_TAIL}|[^\n {_IDEOGRAPH}]+"
)
_LINE = re.compile("[^\n]+|(?<=\n)(?=\n)|^(?=\n)")
_STARTS_WIDE = re.compile(f"[{_IDEOGRAPH}]").match


def wrap(text: Sequence[Run], width: int) -> list[Row]:
    """Break text into rows of at most `width` cells; newlines break too. No text, no rows.

    What is longer than a row is parted between characters; only spaces at a break are dropped.
    """
    plain = "".join(run.text for run in text)
    return list(_slice(text, _breaks(plain, max(1, width))))


def row_width(row: Sequence[Run]) -> int:
    """Measure a row in cells."""
    return sum(cell_len(run.text) for run in row)


def is_ideograph(char: str) -> bool:
    """Say whether a character is one of those between which Chinese and Japanese break."""
    return _STARTS_WIDE(char) is not None


def clusters(text: str) -> list[str]:
    """Part text into the characters a reader sees."""
    return _CLUSTER.findall(text)


def longest_piece(text: Sequence[Run]) -> int:
    """Measure the widest part that needs no break, in cells."""
    plain = "".join(run.text for run in text).replace("\n", " ")
    atoms = _atoms(plain, 0, len(plain))
    return max((cell_len(plain[start:end].strip()) for start, end in atoms), default=0)


def last_word(text: str) -> int:
    """Find where the part begins that what follows may yet move: the last word, and spaces."""
    line = text.rfind("\n", 0, len(text.rstrip())) + 1
    words = [start for start, end in _atoms(text, line, len(text)) if text[start:end].strip()]
    return len(text[: words[-1]].rstrip()) if words else 0


def _breaks(plain: str, width: int) -> Iterator[tuple[int, int]]:
    for found in _LINE.finditer(plain):
        yield from _line_breaks(plain, found.start(), found.end(), width)


def _line_breaks(plain: str, start: int, stop: int, width: int) -> Iterator[tuple[int, int]]:
    # `start`..`end` is the row so far, `gap` the cells of the spaces that wait behind it.
    end, used, gap = start, 0, 0
    for left, right in _atoms(plain, start, stop):
        if plain[left:right].isspace() and end > start:
            gap = right - left
            continue
        cells = cell_len(plain[left:right])
        if used + gap + cells > width and end > start:
            yield start, end
            start, used, gap = left, 0, 0
        if cells > width:
            *whole, (start, cells) = _parts(plain, left, right, width)
            for (first, _), (last, _) in pairwise([*whole, (start, cells)]):
                yield first, last
        end, used, gap = right, used + gap + cells, 0
    yield start, end


def _parts(plain: str, left: int, right: int, width: int) -> list[tuple[int, int]]:
    # Where each part of an over-long atom starts, and its cells.
    characters = clusters(plain[left:right])
    cells = list(map(cell_len, characters))
    starts, used = [0], 0
    for index, size in enumerate(cells):
        used += size
        if used > width and index > starts[-1]:
            starts.append(_cut(characters, starts[-1], index))
            used = sum(cells[starts[-1] : index + 1])
    offsets = list(accumulate(map(len, characters), initial=left))
    spans = pairwise([*starts, len(characters)])
    return [(offsets[start], sum(cells[start:end])) for start, end in spans]


def _cut(characters: list[str], start: int, end: int) -> int:
    """Find the last place for a break that parts no punctuation from its word; else `end`."""
    for cut in range(end, start, -1):
        if characters[cut] not in _NEVER_FIRST and characters[cut - 1] not in _NEVER_LAST:
            return cut
    return end


def _atoms(plain: str, start: int, stop: int) -> Iterator[tuple[int, int]]:
    """Yield the parts of a line between which a row may end: words, ideographs, spaces."""
    end = start
    for found in _PIECE.finditer(plain, start, stop):
        left, right = found.span()
        if end > start and not _glued(plain, start, left, right):
            yield start, end
            start = left
        end = right
    if end > start:
        yield start, end


def _glued(plain: str, start: int, left: int, right: int) -> bool:
    before, after = plain[left - 1], plain[left]
    if after == " ":
        return before in _OPENERS or plain[right : right + 1] in _CLOSING
    if before == " ":
        # The spaces were glued to what they follow only for the sake of what they part.
        return not plain[start:left].isspace()
    if after in _NEVER_FIRST or before in _NEVER_LAST:
        return True
    return not (_STARTS_WIDE(after) or _STARTS_WIDE(before))


def _slice(text: Sequence[Run], spans: Iterable[tuple[int, int]]) -> Iterator[Row]:
    # Spans ascend, so that a long text is gone through only once.
    index = position = 0
    for start, end in spans:
        row = []
        while index < len(text) and position < end:
            run = text[index]
            if piece := run.text[max(0, start - position) : end - position]:
                row.append(Run(piece, run.style))
            if position + len(run.text) > end:
                break
            position += len(run.text)
            index += 1
        yield tuple(row)
