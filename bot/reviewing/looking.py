"""Look at a change: the same review as in a terminal, its secrets taken out before it is kept."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, replace
from functools import partial

from bot.errors import ForgeError
from bot.forge import App, PullRef, Pulls
from bot.reviewing.fetching import fetch
from bot.reviewing.materials import Material, opened
from bot.reviewing.placing import place_of
from bot.reviewing.policies import changes_policy, judge_policy
from bot.reviewing.records import Fetched, Looked
from bot.reviewing.timing import LateError, Stop, within
from bot.reviewing.values import Desk
from bot.reviewing.wholeness import disguised, is_whole
from devchat.analyzers import open_analyzers
from devchat.backends import Backend, open_backend
from devchat.changes import Diff, Receipt, Review
from devchat.errors import BackendError, DevchatError, StorageError
from devchat.models.resolve import resolve
from devchat.policy.parse import parse_policy
from devchat.policy.values import FILE
from devchat.prompts import load_prompt, shipped_folder
from devchat.render.review.secrets import without_secrets
from devchat.review import Prompts, Reviewers, Wishes, review
from devchat.settings import Settings

PROMPTS = ("review", "review-verify", "review-summary")
CHANGED = f"this change alters `{FILE}`: the one on the default branch is in force"
ALONE = 600.0
"""Seconds that analyzers have without a model; each has a limit of its own."""
LATE = "choose a quicker model with `DEVCHAT_MODEL`, or make smaller changes"
LOG = logging.getLogger("bot.reviewing")


@dataclass(frozen=True, slots=True)
class Preview:
    """A review that nobody sees but who asked, and the change that it is about."""

    review: Review
    diff: Diff


@dataclass(frozen=True, slots=True)
class Speaker:
    """The model that reviews; where there is none, an excuse, and whether one is missed."""

    backend: Backend | None
    excuse: str = ""
    missed: bool = False


@dataclass(frozen=True, slots=True)
class Scene:
    """What is looked at: a pull as it was fetched, and how to read more of it."""

    pulls: Pulls
    ref: PullRef
    fetched: Fetched
    desk: Desk

    def opened(self) -> AbstractContextManager[Material]:
        """Open the change and the files around it."""
        return opened(self.pulls, self.ref, self.fetched, self.desk.data / "fetched")


def preview_pull(app: App, ref: PullRef, desk: Desk) -> Preview:
    """Review a pull as it is now."""
    pulls = app.pulls(app.installation(ref.repository), ref.repository)
    fetched = fetch(pulls, pulls.pull(ref), None)
    scene = Scene(pulls, ref, fetched, desk)
    with scene.opened() as material:
        looked = _look(scene, material, lambda: True)
        assert looked is not None
        return Preview(looked.review, material.diff)


def look(scene: Scene, goes_on: Callable[[], bool]) -> Looked | None:
    """Review what was fetched; None where `goes_on` says that nobody waits for it any more.

    What can't be reviewed is a value with its `trouble`. Raises `ForgeError`, `StorageError`.
    """
    try:
        with scene.opened() as material:
            return _look(scene, material, goes_on)
    except (ForgeError, StorageError):
        raise
    except DevchatError as error:
        said = f"{error.message}: {error.hint}" if error.hint else error.message
        fetched = scene.fetched
        receipt = Receipt((), base=fetched.base[:10], head=fetched.head[:10], notes=fetched.notes)
        return Looked(Review("", (), receipt), (), said, True)


def _look(scene: Scene, material: Material, goes_on: Callable[[], bool]) -> Looked | None:
    """Review with the model; where that takes too long, with the analyzers alone."""
    try:
        with _open_backend(scene.desk) as speaker:
            deed = partial(_review, scene, material, speaker)
            return within(scene.desk.seconds, goes_on, deed)
    except LateError as error:
        excuse = f"the model's review counts for nothing, for {error.message}: {LATE}"
        LOG.warning("%s", excuse)
    alone = partial(_review, scene, material, Speaker(None, excuse, True))
    return within(ALONE, goes_on, alone)


@contextmanager
def _open_backend(desk: Desk) -> Iterator[Speaker]:
    """Open the model; where there is none, say why. There is never another in its place."""
    try:
        backend = open_backend(resolve("", desk.settings), desk.settings, desk.environ)
    except BackendError as error:
        excuse = f"no model spoke, for {error.message}: {error.hint}"
        # A model that was chosen and did not speak is a part that was not done.
        yield Speaker(None, excuse, bool(desk.settings.model))
        return
    with closing(backend):
        yield Speaker(backend)


def _reviewers(backend: Backend | None, settings: Settings) -> Reviewers:
    folders = [settings.paths.prompts, shipped_folder()]
    prompts = Prompts(*(load_prompt(name, folders) for name in PROMPTS))
    return Reviewers(open_analyzers(), backend, prompts)


def _review(
    scene: Scene,
    material: Material,
    speaker: Speaker,
    stop: Stop,
) -> Looked | None:
    fetched, settings = scene.fetched, scene.desk.settings
    reviewers = _reviewers(speaker.backend, settings)
    policy = parse_policy(fetched.policy, analyzers=[one.name for one in reviewers.analyzers])
    wishes = Wishes(about=fetched.about, temperature=settings.temperature)
    steps = review(material.diff, material.source, reviewers, policy, wishes)
    with closing(steps):
        for step in steps:
            if isinstance(step, Review):
                return _judged(scene, material, step, speaker)
            if stop.is_set():
                return None
    raise AssertionError("a review ended without a review")


def _judged(scene: Scene, material: Material, found: Review, speaker: Speaker) -> Looked:
    """Add what is known besides: of the policy, of what was out of reach, of a silent model."""
    diff = material.diff
    findings = (*judge_policy(diff, material.source), *found.findings)
    altered = (CHANGED,) if changes_policy(diff) else ()
    excuses = (speaker.excuse,) if speaker.excuse else ()
    missing = (*material.notes, *disguised(diff))
    notes = (*missing, *scene.fetched.notes, *altered, *excuses, *found.receipt.notes)
    notes = tuple(one.replace("with `-m`", "with `DEVCHAT_MODEL`") for one in notes)
    files = (*found.receipt.files, *material.missing)
    receipt = replace(found.receipt, files=files, notes=notes)
    whole, _ = without_secrets(replace(found, findings=findings, receipt=receipt), diff)
    part = speaker.missed or bool(material.missing or missing) or not is_whole(receipt)
    return Looked(whole, tuple(place_of(diff, one) for one in whole.findings), "", part)
