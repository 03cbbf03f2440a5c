"""From what a model said to findings that hold: anchored, looked up, and proven."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from devchat.changes import Finding
from devchat.review.anchor import Dropped, Index, anchor
from devchat.review.answers import Answer, Draft
from devchat.review.chunks import Chunk
from devchat.review.files import Files
from devchat.review.lookup import look_up
from devchat.review.prove import prove

UNREADABLE = Dropped("no finding at all")


@dataclass(slots=True)
class Judged:
    """Findings that hold, those that don't, and how many suggestions failed by what was wrong."""

    findings: list[Finding] = field(default_factory=list)
    dropped: list[Dropped] = field(default_factory=list)
    suggestions: Counter[str] = field(default_factory=Counter)

    @property
    def notes(self) -> tuple[str, ...]:
        """What the reader should know of the suggestions that are missing."""
        if not self.suggestions:
            return ()
        counted = ", ".join(f"{count} {why}" for why, count in sorted(self.suggestions.items()))
        total = self.suggestions.total()
        return (f"{total} suggestion{'s were' if total > 1 else ' was'} left out: {counted}",)

    def take(self, finding: Finding, files: Files) -> None:
        """Take a finding in with its suggestion proven, or without it."""
        finding, problem = prove(finding, files)
        self.findings.append(finding)
        self.suggestions.update([problem] if problem else [])


def judge(
    analysed: Sequence[Finding], answers: Sequence[tuple[Chunk, Answer]], files: Files
) -> Judged:
    """Judge what analyzers found, who are trusted but for suggestions, and what a model said."""
    judged = Judged()
    for finding in analysed:
        judged.take(finding, files)
    for chunk, answer in sorted(answers, key=lambda one: one[0].pieces[0].place):
        judged.dropped += [UNREADABLE] * answer.unreadable
        if answer.drafts:
            _judge(answer.drafts, Index(chunk), files, judged)
    return judged


def _judge(drafts: Sequence[Draft], index: Index, files: Files, judged: Judged) -> None:
    for draft in drafts:
        found = anchor(draft, index)
        verdict = found if isinstance(found, Dropped) else look_up(found, files) or found
        if isinstance(verdict, Dropped):
            judged.dropped.append(verdict)
        else:
            judged.take(verdict, files)
