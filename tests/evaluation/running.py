"""Run contestants over cases, through the pipeline of `devchat review`."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from devchat.analyzers import Analyzer, open_analyzers
from devchat.backends import Backend
from devchat.changes import Diff, Finding, Review, Source
from devchat.diff import parse
from devchat.policy.read import read_policy
from devchat.prompts import load_prompt, shipped_folder
from devchat.review import Prompts, Reviewers, Wishes, review
from devchat.source.change import Change
from devchat.source.read import read_change
from tests.evaluation.cases import Case, make_repository
from tests.evaluation.contestants import Contestant
from tests.evaluation.scoring import Outcome, outcome


@dataclass(slots=True)
class Once:
    """An analyzer that looks at a change once, however many contestants review it."""

    analyzer: Analyzer
    found: list[Finding] | None = field(default=None)

    @property
    def name(self) -> str:
        """Return the analyzer's name."""
        return self.analyzer.name

    @property
    def version(self) -> str:
        """Return the version of the tool behind it."""
        return self.analyzer.version

    @property
    def absent(self) -> str:
        """Say what is missing."""
        return self.analyzer.absent

    def analyse(self, diff: Diff, source: Source) -> Iterable[Finding]:
        """Yield what it finds, or has found."""
        if self.found is None:
            self.found = list(self.analyzer.analyse(diff, source))
        return self.found


@dataclass(frozen=True, slots=True)
class Place:
    """A case as a change in a repository, and the analyzers that look at it."""

    case: Case
    change: Change
    analyzers: Sequence[Analyzer]


def run(
    contestants: Sequence[Contestant],
    cases: Sequence[Case],
    after: Callable[[Outcome], None] = lambda outcome: None,
) -> list[Outcome]:
    """Let every contestant review every case; `after` is called after each review.

    One contestant after the other, so that a model reads its examples once.
    """
    outcomes: list[Outcome] = []
    with tempfile.TemporaryDirectory(prefix="dc-") as folder:
        places = [_place(case, Path(folder) / case.name) for case in cases]
        for contestant in contestants:
            for place in places:
                outcomes.append(_run(contestant, place))
                after(outcomes[-1])
    return outcomes


def _place(case: Case, folder: Path) -> Place:
    folder.mkdir()
    make_repository(case, folder)
    change = read_change(folder, revisions="HEAD~1..HEAD")
    return Place(case, change, [Once(one) for one in open_analyzers()])


def _run(contestant: Contestant, place: Place) -> Outcome:
    teller = contestant.sit_down(place.case)
    return outcome(contestant, place.case, _review(contestant, place, teller), teller)


def _review(contestant: Contestant, place: Place, backend: Backend | None) -> Review:
    change = place.change
    names = tuple(one.name for one in place.analyzers)
    policy = read_policy(change.source, analyzers=names).policy
    wishes = Wishes(model_findings=True, shots=contestant.shots, temperature=0.0, seed=1)
    reviewers = Reviewers(place.analyzers, backend, _prompts())
    *_, last = review(parse(change.text), change.source, reviewers, policy, wishes)
    assert isinstance(last, Review)
    return last


def _prompts() -> Prompts:
    names = ("review", "review-verify", "review-summary")
    return Prompts(*(load_prompt(name, [shipped_folder()]) for name in names))
