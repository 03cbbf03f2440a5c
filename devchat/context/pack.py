"""Fit attachments into a number of tokens by a stated rule, with a ledger of what was cut.

Everything fits: all of it is sent. One text that does not fit is refused. Of several, each gets
an equal share and what small ones don't need goes to the larger; a text above its share keeps
its beginning, up to a line end; below 48 tokens a share is no use, and the last named is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from devchat.context import Attached, Lines
from devchat.context.cutting import LONGEST_TOKEN, Cuttable, Piece
from devchat.context.ledger import Entry, Ledger
from devchat.context.names import MEGABYTE, STDIN, subject
from devchat.errors import ContextError

_SMALLEST_SHARE = 48
_COUNTED_AT_ONCE = MEGABYTE
_BETWEEN = "\n\n"
_ELSE = (
    "choose a model with a larger window with `-m`, or ask for a shorter answer with `--max-tokens`"
)


@dataclass(frozen=True, slots=True)
class Packed:
    """The attachments as one text for the prompt ("" for none), and what became of each."""

    text: str
    ledger: Ledger


def pack(attached: Attached, *, room: int, count: Callable[[str], int]) -> Packed:
    """Fit the texts into `room` tokens, fences included, as `count` counts them.

    Deterministic; the order is kept. Raises `ContextError` where a single text does not fit, or
    nothing of several does.
    """
    inputs = [Cuttable(text, count) for text in attached.texts]
    _count_at_once(inputs, room)
    chosen = _choose(inputs, room, count)
    entries = tuple(_entry(one, chosen.get(place)) for place, one in enumerate(inputs))
    unread = tuple(Entry(one.name, 0, 0, "left out", one.reason) for one in attached.left_out)
    return Packed(_joined(chosen), Ledger(entries + unread))


def _count_at_once(inputs: Sequence[Cuttable], room: int) -> None:
    """Count what may fit, up to 1 MB in all: the ledger's numbers are estimates beyond."""
    budget = _COUNTED_AT_ONCE
    for one in inputs:
        if one.length <= min(budget, LONGEST_TOKEN * room):
            budget -= one.length
            one.whole()


def _choose(
    inputs: Sequence[Cuttable], room: int, count: Callable[[str], int]
) -> Mapping[int, Piece]:
    """Choose the piece to send of each input, by its place."""
    if not inputs:
        return {}
    if len(inputs) == 1:
        return {0: _only(inputs[0], room)}
    target = room
    while target > 0 and (chosen := _share_out(inputs, target)):
        # Counts are not additive: tokens form across the joints, and joints are tokens.
        total = max(count(_joined(chosen)), sum(piece.tokens for piece in chosen.values()))
        if total <= room:
            return chosen
        target -= max(total - room, room - target, 1)
    raise _nothing_fits(inputs, room)


def _only(one: Cuttable, room: int) -> Piece:
    if one.at_least <= room and one.whole().tokens <= room:
        return one.whole()
    raise _does_not_fit(one, room)


def _joined(chosen: Mapping[int, Piece]) -> str:
    return _BETWEEN.join(chosen[place].text for place in sorted(chosen))


def _share_out(inputs: Sequence[Cuttable], room: int) -> Mapping[int, Piece]:
    """Share `room` out fairly; who can't use a share is left out, and it is shared anew."""
    places = list(range(len(inputs)))
    while places:
        level = _level([inputs[place] for place in places], room)
        above = [place for place in places if inputs[place].at_least > level]
        useless = above if level < _SMALLEST_SHARE else _not_cuttable(inputs, above, level)
        if not useless:
            return {
                place: inputs[place].cut(level) if place in above else inputs[place].whole()
                for place in places
            }
        places.remove(useless[-1])
    return {}


def _not_cuttable(inputs: Sequence[Cuttable], places: Sequence[int], share: int) -> list[int]:
    return [place for place in places if not inputs[place].can_be_cut(share)]


def _level(inputs: Sequence[Cuttable], room: int) -> int:
    """Return the share in tokens: the most that each may have for all to fit (max-min fair).

    An input is counted only where it may be within its share.
    """
    while True:
        level = _fair_share([one.at_least for one in inputs], room)
        unsure = [one for one in inputs if one.at_least <= level and not one.counted]
        if not unsure:
            return level
        for one in unsure:
            one.whole()


def _fair_share(needs: Sequence[int], room: int) -> int:
    left = room
    for served, need in enumerate(sorted(needs)):
        share = left // (len(needs) - served)
        if need > share:
            return share
        left -= need
    return max(needs)


def _entry(one: Cuttable, piece: Piece | None) -> Entry:
    name, about = one.attachment.name, not one.counted
    if piece is None:
        return Entry(name, one.tokens, 0, "left out", "no room for a useful part of it", about)
    if piece.lines == one.lines:
        return Entry(name, one.tokens, piece.tokens, "whole")
    reason = f"the first {piece.lines:,} of {one.lines:,} lines"
    return Entry(name, one.tokens, piece.tokens, "cut", reason, about)


def _does_not_fit(one: Cuttable, room: int) -> ContextError:
    about = "" if one.counted else "about "
    return ContextError(
        f"{subject(one.attachment.name)} has {about}{one.tokens:,} tokens; {_room(room)}",
        f"{_smaller(one, room)}, {_ELSE}",
    )


def _nothing_fits(inputs: Sequence[Cuttable], room: int) -> ContextError:
    about = "" if all(one.counted for one in inputs) else "about "
    tokens = f"{about}{sum(one.tokens for one in inputs):,}"
    return ContextError(
        f"none of the {len(inputs)} attachments ({tokens} tokens) fits; {_room(room)}",
        f"attach fewer, or parts of them (`FILE:10-40`), {_ELSE}",
    )


def _room(room: int) -> str:
    return f"the window has room for {max(room, 0):,}"


def _smaller(one: Cuttable, room: int) -> str:
    """Propose a part that fits by estimate, in the form in which it is typed."""
    name = one.attachment.name
    lines = int(0.9 * one.lines * room / max(one.tokens, 1))
    if name == STDIN:
        return f"pipe less of it (`head -n {lines}`)" if lines > 0 else "pipe less of it"
    if lines < 1 or "://" in name:
        return "attach a smaller part"
    first = one.attachment.lines.first if one.attachment.lines else 1
    return f"attach a part (`{one.attachment.file}:{Lines(first, first + lines - 1)}`)"
