"""The review pipeline: select, analyse, pack, ask, anchor, prove, rank, and a receipt.

One pipeline for the terminal and for the bot. It has no tools, no shell and no secrets.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from time import monotonic

from devchat.changes import Diff, Review, Source
from devchat.policy import Policy
from devchat.review.ask import Asked, ask
from devchat.review.files import Files
from devchat.review.fingerprint import fingerprinted
from devchat.review.judge import Judged, judge
from devchat.review.plan import Plan, prepare
from devchat.review.rank import rank
from devchat.review.receipt import Aside, file_receipts, written
from devchat.review.summary import own_words, summarise
from devchat.review.verify import Verified, verify
from devchat.review.wishes import Progress, Prompts, Reviewers, Task, Wishes

__all__ = ["Plan", "Progress", "Prompts", "Reviewers", "Wishes", "plan", "review"]


def plan(diff: Diff, source: Source, reviewers: Reviewers, policy: Policy, wishes: Wishes) -> Plan:
    """Do all that comes before asking: for a dry run. Raises as `review` does."""
    steps = prepare(Task(diff, source, reviewers, policy, wishes), Files(source))
    while True:
        try:
            next(steps)
        except StopIteration as done:
            planned: Plan = done.value
            return planned


def review(
    diff: Diff, source: Source, reviewers: Reviewers, policy: Policy, wishes: Wishes
) -> Generator[Progress | Review, None, None]:
    """Review a change; the `Review` comes last. Closing the iterator cancels what is asked.

    A chunk that no answer came for is in the receipt, not raised. Raises `ContextError` where
    the model's window has no room for a change, `BackendError` where its tokens can't be counted,
    `UsageError` where one of `wishes.paths` is no glob.
    """
    started = monotonic()
    task, files = Task(diff, source, reviewers, policy, wishes), Files(source)
    planned = yield from prepare(task, files)
    asking = planned.asking
    asked = Asked() if asking is None else (yield from ask(planned.chunks, asking))
    judged = judge(planned.analysed.findings, asked.answers, files)
    looked = yield from _second_look(task, judged, files, asked)
    ranked = rank(looked.findings, policy, wishes)
    receipts = file_receipts(diff, planned, asked.failed)
    own = own_words(ranked.findings, receipts)
    told = yield from summarise(task, planned.wording, asked, ranked.findings, own)
    known = fingerprinted((*ranked.findings, *ranked.overflow), diff, files)
    dropped = (*judged.dropped, *looked.dropped, *ranked.dropped)
    notes = (*planned.notes, *judged.notes, *looked.notes, *told.notes)
    receipt = written(task, asked, receipts, planned, Aside(dropped, notes))
    shown = len(ranked.findings)
    receipt = replace(receipt, seconds=monotonic() - started)
    yield Review(told.text, known[:shown], receipt, known[shown:])


def _second_look(
    task: Task, judged: Judged, files: Files, asked: Asked
) -> Generator[Progress, None, Verified]:
    """Look at the model's findings again where that is wished and the model is large."""
    backend = task.reviewers.backend
    said = any(one.source == "model" for one in judged.findings)
    if backend is None or not task.wishes.verify or not said:
        return Verified(judged.findings, [])
    if backend.tier != "large":
        note = f"`{backend.name}` is too small to look at its findings again"
        return Verified(judged.findings, [], (note,))
    looked = yield from verify(task, backend, judged.findings, files, asked)
    return looked
