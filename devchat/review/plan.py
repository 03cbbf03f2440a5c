"""Plan a review: what is looked at, what analyzers found, and what a model would be asked."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass

from devchat.backends import Backend
from devchat.changes import Diff
from devchat.policy.paths import PathRules
from devchat.review.analyse import Analysed, analyse
from devchat.review.asking import Asking, open_asking
from devchat.review.chunks import Chunk, cut, pack
from devchat.review.files import Files
from devchat.review.judge import judge
from devchat.review.masks import hidden_lines, masked, masks
from devchat.review.rank import Ranked, rank
from devchat.review.select import Selection, select
from devchat.review.summary import TINY_FINDINGS, finding_facts, summary_request
from devchat.review.wishes import Progress, Task, Wishes
from devchat.sanitize import single_line
from devchat.types import Request


@dataclass(frozen=True, slots=True)
class Plan:
    """What a review will do. `asking` is None where no model looks for faults.

    `chunks` are all that a model should see, those with a `reason` what it can't be asked about.
    """

    selection: Selection
    analysed: Analysed
    asking: Asking | None = None
    chunks: tuple[Chunk, ...] = ()
    wording: Request | None = None
    notes: tuple[str, ...] = ()

    @property
    def requests(self) -> tuple[Request, ...]:
        """Exactly what a model is asked first: about each chunk, else for a tiny model's words."""
        if self.asking is None:
            return () if self.wording is None else (self.wording,)
        return tuple(self.asking.request(chunk) for chunk in self.chunks if not chunk.reason)


def finds(backend: Backend, wishes: Wishes) -> bool:
    """Tell whether a model may look for faults: a tiny one invents them."""
    return backend.tier != "tiny" or wishes.model_findings


def prepare(task: Task, files: Files) -> Generator[Progress, None, Plan]:
    """Select, analyse and pack; nothing is asked.

    Raises `ContextError` where a change has no room in the model's window, `BackendError` where
    its tokens can't be counted.
    """
    selection = select(task.diff, task.source, task.policy, task.wishes.paths)
    analysed = yield from _analysed(task, selection)
    backend = task.reviewers.backend
    if backend is None or not selection.files:
        return Plan(selection, analysed)
    if not finds(backend, task.wishes):
        found = rank(judge(analysed.findings, (), files).findings, task.policy, task.wishes)
        words = _wording(task, backend, found)
        return Plan(selection, analysed, wording=words, notes=(_too_small(backend),))
    asking = open_asking(task, backend, analysed.findings)
    hidden = masks(analysed.findings)
    shown = [masked(file, hidden) for file in selection.files]

    def around(path: str) -> Sequence[str] | None:
        return hidden_lines(path, files.lines("RIGHT", path), hidden)

    pieces = cut(shown, around, PathRules(task.policy).instructions, asking.limits)
    chunks = tuple(pack(pieces, asking.limits))
    return Plan(selection, analysed, asking, chunks, notes=asking.notes)


def _analysed(task: Task, selection: Selection) -> Generator[Progress, None, Analysed]:
    wanted = {id(file) for file in (*selection.files, *selection.analysed_only)}
    some = Diff(tuple(file for file in task.diff.files if id(file) in wanted))
    analysed = yield from analyse(some, task.source, task.reviewers.analyzers, task.policy)
    return analysed


def _wording(task: Task, backend: Backend, found: Ranked) -> Request | None:
    """Write the request for a tiny model's summary; None where there is nothing to put in words."""
    if not found.findings:
        return None
    return summary_request(task, backend, finding_facts(found.findings[:TINY_FINDINGS]))


def _too_small(backend: Backend) -> str:
    name = single_line(backend.name)
    return f"`{name}` is too small to find faults: choose a larger model with `-m`"
