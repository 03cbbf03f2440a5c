"""One call of `devchat review`, after its change was read: who looks, what is asked and shown."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from devchat.analyzers import Analyzer, open_analyzers
from devchat.backends import Backend
from devchat.changes import Diff, Receipt, Review
from devchat.cli.review.ending import show
from devchat.cli.review.progress import ProgressLine
from devchat.errors import BackendError, EngineError, ModelError, UsageError
from devchat.policy import Policy
from devchat.prompts import load_prompt, shipped_folder
from devchat.render.console import note
from devchat.render.review import Format
from devchat.review import Progress, Prompts, Reviewers, Wishes
from devchat.review import review as review_change
from devchat.settings import Settings
from devchat.settings.load import DEFAULT, Loaded
from devchat.source.change import Change


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a review is wanted, and where it shall go."""

    form: Format
    output: Path | None
    wishes: Wishes
    no_model: bool
    dry_run: bool


@dataclass(frozen=True, slots=True)
class _Call:
    """All that a review needs."""

    change: Change
    diff: Diff
    reviewers: Reviewers
    policy: Policy
    wishes: Wishes


def check_model(given: Mapping[str, object]) -> None:
    """Raise `UsageError` for a flag that says what a model shall do, where none is wanted."""
    for flag, value in given.items():
        if value:
            raise UsageError(
                f"`--no-model` and `{flag}` don't go together", "leave one of them out"
            )


def run(
    change: Change, diff: Diff, loaded: Loaded, wanted: Wanted, environ: Mapping[str, str]
) -> Review | None:
    """Review a change and show the review; None where only the prompts were to be shown."""
    from devchat.policy.read import read_policy

    if not diff.files and not wanted.dry_run:
        return _shown(Review("", (), Receipt((), notes=change.notes)), diff, wanted)
    analyzers = open_analyzers()
    policy = read_policy(
        change.source,
        trust_worktree=wanted.wishes.trust_worktree,
        analyzers=tuple(one.name for one in analyzers),
    )
    with _open_backend(loaded, wanted, environ) as (backend, excuse):
        reviewers = _reviewers(analyzers, backend, loaded.settings)
        call = _Call(change, diff, reviewers, policy.policy, wanted.wishes)
        if wanted.dry_run:
            from devchat.cli.review.dry_run import show_plan

            show_plan(change.source, diff, reviewers, policy.policy, wanted.wishes, wanted.form)
            return None
        review = _review(call)
    notes = (*change.notes, *policy.notes, *excuse, *review.receipt.notes)
    return _shown(replace(review, receipt=replace(review.receipt, notes=notes)), diff, wanted)


def _shown(review: Review, diff: Diff, wanted: Wanted) -> Review:
    show(review, diff, wanted.form, wanted.output)
    return review


@contextmanager
def _open_backend(
    loaded: Loaded, wanted: Wanted, environ: Mapping[str, str]
) -> Iterator[tuple[Backend | None, tuple[str, ...]]]:
    """Open the model; where there is none and nobody named one, an excuse for the receipt."""
    from devchat.backends import open_backend
    from devchat.cli.answer import warn_if_readable
    from devchat.models.resolve import resolve

    if wanted.no_model:
        yield None, ()
        return
    try:
        chosen = resolve("", loaded.settings)
        backend = open_backend(chosen, loaded.settings, environ)
    except (ModelError, BackendError) as error:
        if loaded.origins["model"] != DEFAULT or isinstance(error, EngineError):
            raise
        yield None, (f"no model spoke, for {error.message}: {error.hint}",)
        return
    warn_if_readable(chosen)
    with closing(backend):
        yield backend, ()


def _reviewers(
    analyzers: tuple[Analyzer, ...], backend: Backend | None, settings: Settings
) -> Reviewers:
    folders = [settings.paths.prompts, shipped_folder()]
    names = ("review", "review-verify", "review-summary")
    return Reviewers(analyzers, backend, Prompts(*(load_prompt(name, folders) for name in names)))


def _review(call: _Call) -> Review:
    """Go through a review's steps, saying on standard error how far it is."""
    steps = review_change(call.diff, call.change.source, call.reviewers, call.policy, call.wishes)
    try:
        with ProgressLine(sys.stderr) as line, closing(steps):
            for step in steps:
                if isinstance(step, Progress):
                    line.update(step)
                else:
                    return step
    except KeyboardInterrupt:
        note(sys.stderr, "interrupted: the review was not finished, so nothing is shown")
        raise
    raise AssertionError("a review ended without a review")
