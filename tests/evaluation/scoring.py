"""How good a review is: what it found of what there is, and what it said besides."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from devchat.changes import Finding, Review
from tests.evaluation.cases import Case, Golden
from tests.evaluation.contestants import Contestant
from tests.evaluation.telling import Teller, Told


@dataclass(frozen=True, slots=True)
class Outcome:
    """A case as one contestant reviewed it; `said` are a model's answers to it.

    `missing` counts the requests that no answer is recorded for.
    """

    contestant: Contestant
    case: Case
    review: Review
    said: Mapping[str, Told] = field(default_factory=dict)
    missing: int = 0

    @property
    def found(self) -> list[Golden]:
        """The faults that a finding stands on."""
        return [one for one in self.case.golden if any(map(one.is_hit_by, self.review.findings))]

    @property
    def missed(self) -> list[Golden]:
        """The faults that none stands on."""
        return [one for one in self.case.golden if one not in self.found]

    @property
    def wrong(self) -> list[Finding]:
        """The findings that stand on no fault."""
        golden = self.case.golden
        return [
            one for one in self.review.findings if not any(fault.is_hit_by(one) for fault in golden)
        ]

    @property
    def suggestions(self) -> list[str]:
        """What was suggested: by a model if one spoke, else by analyzers."""
        if self.said:
            return [text for told in self.said.values() for text in _suggested(told.text)]
        return [one.suggestion for one in self.review.findings if one.suggestion is not None]

    @property
    def proven(self) -> list[str]:
        """The suggestions that are shown and proven."""
        shown = [one.suggestion for one in self.review.findings if one.proven]
        return [one for one in self.suggestions if one in shown]


def outcome(contestant: Contestant, case: Case, review: Review, teller: Teller | None) -> Outcome:
    """Put together what came of a case."""
    if teller is None:
        return Outcome(contestant, case, review)
    return Outcome(contestant, case, review, teller.answers, teller.missing)


def _suggested(answer: str) -> Iterable[str]:
    """Yield the suggestions in an answer, which need not be what was asked for."""
    try:
        findings: Any = json.loads(answer)["findings"]
        yield from (one["suggestion"] for one in findings if one["suggestion"] is not None)
    except (ValueError, KeyError, TypeError):
        return


@dataclass(frozen=True, slots=True)
class Row:
    """What came of all cases for one contestant."""

    outcomes: Sequence[Outcome]

    @property
    def contestant(self) -> Contestant:
        """Whose row it is."""
        return self.outcomes[0].contestant

    @property
    def known(self) -> list[Outcome]:
        """The cases that can be counted: all answers to them are recorded."""
        known = [one for one in self.outcomes if not one.missing]
        # Of some, such as lock files, no model is asked at all.
        return known if any(one.said for one in known) or not self._missing else []

    @property
    def _missing(self) -> bool:
        return any(one.missing for one in self.outcomes)

    def cells(self) -> list[str]:
        """Return the row of the table."""
        shots = "" if self.contestant.shots is None else str(self.contestant.shots)
        head = [self.contestant.name, shots]
        if not self.known:
            return [*head, "not recorded", *[""] * (len(COLUMNS) - 3)]
        cases = f"{len(self.known)} of {len(self.outcomes)}"
        return [*head, cases, *self._quality(), *self._losses(), *self._costs()]

    def _quality(self) -> list[str]:
        every = self.known
        faults = sum(len(one.case.golden) for one in every)
        found = sum(len(one.found) for one in every)
        shown = sum(len(one.review.findings) for one in every)
        wrong = sum(len(one.wrong) for one in every)
        clean = [one for one in every if one.case.clean]
        noise = sum(len(one.review.findings) for one in clean)
        suggested = sum(len(one.suggestions) for one in every)
        proven = sum(len(one.proven) for one in every)
        return [
            _share(found, faults),
            _share(shown - wrong, shown),
            f"{noise / max(len(clean), 1):.2f}",
            _share(proven, suggested),
        ]

    def _losses(self) -> list[str]:
        reviews = [one.review for one in self.known]
        loose = sum(finding.line is None for review in reviews for finding in review.findings)
        dropped = sum(sum(review.receipt.dropped.values()) for review in reviews)
        hunks = [h for review in reviews for file in review.receipt.files for h in file.hunks]
        return [str(loose), str(dropped), str(sum(hunk.state == "failed" for hunk in hunks))]

    def _costs(self) -> list[str]:
        if self.contestant.record is None:
            return ["", ""]
        said = [told for one in self.known for told in one.said.values()]
        tokens = sum(told.prompt_tokens + told.completion_tokens for told in said)
        return [f"{tokens:,}", f"{sum(told.seconds for told in said):,.0f}"]


COLUMNS = (
    *("who", "shots", "cases", "recall", "precision", "noise", "proven"),
    *("unanchored", "dropped", "failed", "tokens", "seconds"),
)


def _share(some: int, every: int) -> str:
    return f"{some} of {every} ({100 * some / every:.0f}%)" if every else "none"


def rows(outcomes: Sequence[Outcome]) -> list[Row]:
    """Gather outcomes by contestant."""
    by_contestant: dict[int, list[Outcome]] = {}
    for one in outcomes:
        by_contestant.setdefault(id(one.contestant), []).append(one)
    return [Row(some) for some in by_contestant.values()]
