"""The receipt: what became of every hunk, by whom, and why some were not reviewed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from devchat.changes import Diff, FileDiff, FileReceipt, HunkReceipt, HunkState, Receipt
from devchat.review.analyse import Analysed
from devchat.review.anchor import Dropped
from devchat.review.ask import Asked, Failure
from devchat.review.plan import Plan
from devchat.review.select import Selection
from devchat.review.wishes import Task
from devchat.sanitize import single_line

Place = tuple[int, int]
ANALYZERS_ONLY = "analyzers only"
NOBODY = "nobody looked: no model was asked and no analyzer ran"


@dataclass(frozen=True, slots=True)
class Aside:
    """What a review says besides its findings: those dropped, and notes for the reader."""

    dropped: Sequence[Dropped]
    notes: Sequence[str]


def written(
    task: Task, asked: Asked, files: tuple[FileReceipt, ...], analysed: Analysed, aside: Aside
) -> Receipt:
    """Write the receipt of a review, but for its duration."""
    backend = task.reviewers.backend
    spoke = backend is not None and bool(asked.model or asked.failed)
    return Receipt(
        files=files,
        analyzers=analysed.receipts,
        model=(asked.model or backend.name) if backend and spoke else "",
        location=backend.location if backend and spoke else "",
        tier=backend.tier if backend and spoke else None,
        usage=asked.usage,
        base=task.source.base,
        head=task.source.head,
        dropped=dict(Counter(one.reason for one in aside.dropped)),
        notes=tuple(dict.fromkeys((*analysed.notes, *_failed(asked), *aside.notes))),
    )


def seen_by(planned: Plan) -> str:
    """Return the reservation for hunks that were looked at, "" where a model saw them."""
    if planned.asking is not None:
        return ""
    return ANALYZERS_ONLY if planned.analysed.ran else NOBODY


def _failed(asked: Asked) -> tuple[str, ...]:
    """Say once why parts of a review failed, and what to do."""
    hints = {f"{error.message}: {error.hint}" for _, error in asked.failed if error.hint}
    return tuple(single_line(hint, 400) for hint in sorted(hints))


def file_receipts(
    diff: Diff, selection: Selection, seen: str, failed: Sequence[Failure]
) -> tuple[FileReceipt, ...]:
    """Account for every hunk, in the diff's order; `seen` is a reservation for those reviewed."""
    reasons = _failures(failed)
    chosen = {id(file): number for number, file in enumerate(selection.files)}
    rest = iter(selection.left_out)
    return tuple(
        next(rest) if id(file) not in chosen else _receipt(file, chosen[id(file)], reasons, seen)
        for file in diff.files
    )


def _receipt(file: FileDiff, number: int, reasons: Mapping[Place, str], seen: str) -> FileReceipt:
    usual: HunkState = "skipped" if seen == NOBODY else "reviewed"
    hunks = []
    for place, hunk in enumerate(file.hunks):
        reason = reasons.get((number, place))
        state: HunkState = usual if reason is None else "failed"
        hunks.append(HunkReceipt(hunk.header, state, seen if reason is None else reason))
    return FileReceipt(file.path, tuple(hunks))


def _failures(failed: Sequence[Failure]) -> dict[Place, str]:
    """Say why, for each hunk that a part of failed."""
    return {
        piece.place: single_line(error.message) for chunk, error in failed for piece in chunk.pieces
    }
