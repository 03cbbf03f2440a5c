"""Write a review onto its pull: each write looks first for what stands there already.

A review is refused as a whole for one line that GitHub does not know, and it does not say which:
then those are posted whose lines GitHub lists itself, and the rest goes into the sticky comment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.errors import RejectedError
from bot.forge import PullRef, Pulls, Reviews
from bot.reviewing.faces import (
    NOTHING_LEFT,
    STICKY,
    line_comment,
    read_marker,
    review_body,
    sticky_body,
)
from bot.reviewing.materials import read_patches
from bot.reviewing.placing import place_of
from bot.reviewing.records import Looked
from bot.reviewing.values import Target
from devchat.changes import Finding


@dataclass(frozen=True, slots=True)
class Board:
    """A pull to read and to write on, for one attempt."""

    pulls: Pulls
    reviews: Reviews
    target: Target

    @property
    def ref(self) -> PullRef:
        """The pull."""
        return self.target.ref


Placed = tuple[Finding, str]
"""A finding and the path to comment it at."""


def post(board: Board, looked: Looked) -> tuple[str, ...]:
    """Post what stands at lines and what does not; return the fingerprints of the former."""
    findings = looked.review.findings
    placed = [one for one in zip(findings, looked.places, strict=True) if one[1]]
    shown = _post_review(board, placed)
    stray = [one for one in findings if one.fingerprint not in shown]
    _post_sticky(board, sticky_body(board.target, looked, stray))
    return tuple(one.fingerprint for one in findings if one.fingerprint in shown)


def _post_review(board: Board, placed: Sequence[Placed]) -> set[str]:
    """Post what no review of ours said yet, once; return the fingerprints that stand at lines."""
    bodies = [one.body for one in board.reviews.reviews(board.ref)]
    markers = [marker for body in bodies if (marker := read_marker(body))]
    known = {found for marker in markers for found in marker.found}
    attempt = board.target.head, board.target.attempt
    if attempt in [(one.head, one.attempt) for one in markers]:
        return known
    fresh = [one for one in placed if one[0].fingerprint not in known]
    return known | {one.fingerprint for one, _ in _posted(board, fresh)}


def _posted(board: Board, fresh: Sequence[Placed]) -> Sequence[Placed]:
    """Post a review with these comments, or with those that GitHub takes; return them."""
    if not fresh or _taken(board, fresh):
        return fresh
    diff, _ = read_patches(tuple(board.pulls.files(board.ref)))
    good = [(one, path) for one, path in fresh if place_of(diff, one) == path]
    return good if 0 < len(good) < len(fresh) and _taken(board, good) else ()


def _taken(board: Board, placed: Sequence[Placed]) -> bool:
    comments = [line_comment(one, path) for one, path in placed]
    body = review_body(board.target, [one for one, _ in placed])
    try:
        board.reviews.post_review(board.ref, board.target.head, body, comments)
    except RejectedError:
        return False
    return True


def _post_sticky(board: Board, body: str) -> None:
    """Bring the one comment up to date; where there is nothing to say, none is begun."""
    ours = board.reviews.comments(board.ref)
    there = next((one for one in ours if one.body.startswith(STICKY)), None)
    if there is None and body:
        board.reviews.post_comment(board.ref, body)
    elif there is not None and there.body.replace("\r\n", "\n") != (body or NOTHING_LEFT):
        board.reviews.edit_comment(board.ref.repository, there.id, body or NOTHING_LEFT)
