"""The receipt: what became of every hunk, by whom, and why some were not reviewed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from devchat.changes import Diff, FileDiff, FileReceipt, HunkReceipt, HunkState, Receipt
from devchat.review.anchor import Dropped
from devchat.review.ask import Asked, Failure
from devchat.review.plan import Plan
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
    task: Task, asked: Asked, files: tuple[FileReceipt, ...], planned: Plan, aside: Aside
) -> Receipt:
    """Write the receipt of a review, but for its duration."""
    backend = task.reviewers.backend
    spoke = backend is not None and bool(asked.model or asked.failed)
    return Receipt(
        files=files,
        analyzers=planned.analysed.receipts,
        model=(asked.model or backend.name) if backend and spoke else "",
        location=backend.location if backend and spoke else "",
        tier=backend.tier if backend and spoke else None,
        usage=asked.usage,
        base=task.source.base,
        head=task.source.head,
        dropped=dict(Counter(one.reason for one in aside.dropped)),
        notes=tuple(dict.fromkeys((*_unjudged(planned), *_failed(asked), *aside.notes))),
    )


def _usual(planned: Plan, path: str) -> tuple[HunkState, str]:
    """Return what became of a file's hunks where nothing failed: who looked, or why nobody did."""
    return ("reviewed", "") if planned.asking is not None else _analysed(planned, path)


def _analysed(planned: Plan, path: str) -> tuple[HunkState, str]:
    if not planned.analysed.ran:
        return "skipped", NOBODY
    reason = planned.analysed.unjudged.get(path)
    return ("reviewed", ANALYZERS_ONLY) if reason is None else ("skipped", reason)


def _unjudged(planned: Plan) -> tuple[str, ...]:
    """Name the files that only the model could look at."""
    unseen = planned.analysed.unjudged
    if not unseen or planned.asking is None or not planned.analysed.ran:
        return ()
    names = ", ".join(f"`{single_line(path, 60)}`" for path in [*unseen][:3])
    more = f" and {len(unseen) - 3} more" if len(unseen) > 3 else ""
    return (f"analyzers could not look at {names}{more}: {next(iter(unseen.values()))}",)


def _failed(asked: Asked) -> tuple[str, ...]:
    """Say once why parts of a review failed, and what to do."""
    hints = {f"{error.message}: {error.hint}" for _, error in asked.failed if error.hint}
    return tuple(single_line(hint, 400) for hint in sorted(hints))


def file_receipts(diff: Diff, planned: Plan, failed: Sequence[Failure]) -> tuple[FileReceipt, ...]:
    """Account for every hunk, in the diff's order."""
    reasons = _failures(failed)
    chosen = {id(file): number for number, file in enumerate(planned.selection.files)}
    analysed = {id(file) for file in planned.selection.analysed_only}
    rest = iter(planned.selection.left_out)
    receipts = []
    for file in diff.files:
        if id(file) in chosen:
            receipts.append(_receipt(file, chosen[id(file)], reasons, planned))
        elif id(file) in analysed:
            receipts.append(_set_aside(file, next(rest), planned))
        else:
            receipts.append(next(rest))
    return tuple(receipts)


def _set_aside(file: FileDiff, left_out: FileReceipt, planned: Plan) -> FileReceipt:
    """Account for a file that is too much for a model, which is no matter where none is asked."""
    state, why = _analysed(planned, file.path)
    if state == "reviewed" and planned.asking is not None:
        return left_out
    return FileReceipt(file.path, tuple(HunkReceipt(one.header, state, why) for one in file.hunks))


def _receipt(
    file: FileDiff, number: int, reasons: Mapping[Place, str], planned: Plan
) -> FileReceipt:
    state, why = _usual(planned, file.path)
    hunks = []
    for place, hunk in enumerate(file.hunks):
        reason = reasons.get((number, place))
        became: tuple[HunkState, str] = (state, why) if reason is None else ("failed", reason)
        hunks.append(HunkReceipt(hunk.header, *became))
    return FileReceipt(file.path, tuple(hunks))


def _failures(failed: Sequence[Failure]) -> dict[Place, str]:
    """Say why, for each hunk that a part of failed."""
    return {
        piece.place: single_line(error.message) for chunk, error in failed for piece in chunk.pieces
    }
