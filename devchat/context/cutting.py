"""One text that can be cut at any line end, each length of it counted once at most."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, replace

from devchat.context import Attachment
from devchat.context.fence import fence

# No tokenizer in use averages more bytes a token over a text. So what is longer than this for
# each token of room does not fit, and nobody needs to wait for its exact count.
LONGEST_TOKEN = 16
_USUAL_TOKEN = 4
_MOST_TRIES = 12


@dataclass(frozen=True, slots=True)
class Piece:
    """The first `lines` lines of a text, fenced as they would be sent, and their tokens."""

    lines: int
    text: str
    tokens: int


class Cuttable:
    """A text, its lines, and what is known so far of how many tokens they are."""

    def __init__(self, attachment: Attachment, count: Callable[[str], int]) -> None:
        self.attachment = attachment
        self.length = len(attachment.text.encode())
        self._count = count
        self._pieces: dict[int, Piece] = {}
        self._ends = _line_ends(attachment.text)
        self.lines = len(self._ends) - 1

    @property
    def counted(self) -> bool:
        """Tell whether all of it was counted."""
        return self.lines in self._pieces

    @property
    def tokens(self) -> int:
        """Its tokens: an estimate until all of it was counted."""
        return self.whole().tokens if self.counted else self.length // _USUAL_TOKEN

    @property
    def at_least(self) -> int:
        """A number of tokens that it has for sure."""
        return self.whole().tokens if self.counted else self.length // LONGEST_TOKEN

    def whole(self) -> Piece:
        """Return all of it."""
        return self.piece(self.lines)

    def piece(self, lines: int) -> Piece:
        """Return its first lines, with a marker for the rest."""
        if lines not in self._pieces:
            text = self.attachment.text[: self._ends[lines]]
            missing = self.lines - lines
            if missing:
                text += f"[devchat: {missing:,} more of {self.lines:,} lines are not shown]\n"
            fenced = fence(replace(self.attachment, text=text))
            self._pieces[lines] = Piece(lines, fenced, self._count(fenced))
        return self._pieces[lines]

    def can_be_cut(self, share: int) -> bool:
        """Tell whether a first line of several fits into a share."""
        if self.lines < 2 or self._ends[1] > LONGEST_TOKEN * share:
            return False
        return self.piece(1).tokens <= share

    def cut(self, share: int) -> Piece:
        """Return a long beginning that fits into a share, where `can_be_cut`.

        Searches between a length that fits and one that doesn't, guessing each next one in
        proportion: a count may be a round trip to another process.
        """
        best = self.piece(1)
        too_long = min(self.lines, self._within(LONGEST_TOKEN * share) + 1)
        guess = self._within(self._ends[-1] * share / max(self.tokens, 1))
        for _ in range(_MOST_TRIES):
            if too_long - best.lines < 2 or best.tokens >= 0.97 * share:
                break
            if not best.lines < guess < too_long:
                guess = (best.lines + too_long) // 2
            piece = self.piece(guess)
            if piece.tokens <= share:
                best = piece
            else:
                too_long = guess
            # Aim a little low: a guess that is just too long costs another one.
            guess = self._within(0.985 * self._ends[guess] * share / max(piece.tokens, 1))
        return best

    def _within(self, length: float) -> int:
        """Return how many whole lines are within so many characters."""
        return bisect_right(self._ends, length) - 1


def _line_ends(text: str) -> list[int]:
    """Return where each line ends; item n is the length of the first n lines together."""
    ends = [0]
    for line in text.split("\n"):
        ends.append(ends[-1] + len(line) + 1)
    # The last line may lack its newline; after a last newline there is no line.
    ends[-1] = len(text)
    return ends[:-1] if text.endswith("\n") else ends
