"""Rank: what is said twice becomes one, floors and the ceiling hold, the worst comes first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from devchat.changes import Finding, Severity, Side
from devchat.policy import Policy
from devchat.policy.paths import PathRules
from devchat.review.anchor import Dropped
from devchat.review.masks import SECRET
from devchat.review.wishes import Wishes

ORDER: Mapping[Severity, int] = {"note": 0, "warning": 1, "error": 2}
BELOW, TWICE = Dropped("below the floor"), Dropped("said twice")
BEYOND = Dropped("beyond the ceiling")
_ALIKE = 0.4
"""Share of common words from which two texts say the same."""
_WIDER = 5
"""Lines that a model may speak of besides an analyzer's for both to be about the same."""
_WORD = re.compile(r"[^\W\d_]{3,}|[\u4e00-\u9fff]")


@dataclass(frozen=True, slots=True)
class Ranked:
    """Findings to show, the rest, and what was dropped."""

    findings: tuple[Finding, ...]
    overflow: tuple[Finding, ...]
    dropped: tuple[Dropped, ...]


def rank(findings: Sequence[Finding], policy: Policy, wishes: Wishes) -> Ranked:
    """Merge, apply floors and the ceiling, and sort: by severity, secrets, path, and line."""
    rules = PathRules(policy)
    high = [one for one in findings if ORDER[one.severity] >= _floor(one, rules, wishes)]
    merged = _merged(high)
    merged.sort(key=lambda one: (-ORDER[one.severity], one.category != SECRET, *_place(one)))
    most = policy.max_findings if wishes.max_findings is None else wishes.max_findings
    dropped = [BELOW] * (len(findings) - len(high)) + [TWICE] * (len(high) - len(merged))
    dropped += [BEYOND] * len(merged[most:])
    return Ranked(tuple(merged[:most]), tuple(merged[most:]), tuple(dropped))


def _floor(finding: Finding, rules: PathRules, wishes: Wishes) -> int:
    """The floor of the path's policy; a wish can only raise it."""
    floor = ORDER[rules.floor(finding.path)]
    return floor if wishes.min_severity is None else max(floor, ORDER[wishes.min_severity])


def _place(finding: Finding) -> tuple[str, int, str, str]:
    return finding.path, finding.line or 0, finding.source, finding.rule


def _merged(findings: Iterable[Finding]) -> list[Finding]:
    """Make one of what is said twice of the same lines; analyzers, which are trusted, go first."""
    places: dict[tuple[str, Side], list[Finding]] = {}
    for finding in sorted(findings, key=lambda one: one.source == "model"):
        kept = places.setdefault((finding.path, finding.side), [])
        same = (at for at, one in enumerate(kept) if _same(one, finding))
        place = next(same, None) if finding.source == "model" else None
        if place is None:  # Two analyzers never speak of the same thing.
            kept.append(finding)
        else:
            kept[place] = _joined(kept[place], finding)
    return [one for kept in places.values() for one in kept]


def _same(one: Finding, other: Finding) -> bool:
    """Tell whether a model's finding is one with another of the file."""
    if one.start_line is None or other.start_line is None:
        return one.line == other.line and alike(one.title, other.title)
    if one.start_line > (other.line or 0) or other.start_line > (one.line or 0):
        return False
    if one.source != "model":
        return _beside(one, other) or alike(_words(one), _words(other))
    same = (one.start_line, one.quote, one.category)
    return same == (other.start_line, other.quote, other.category) or alike(one.title, other.title)


def _beside(one: Finding, other: Finding) -> bool:
    """Tell whether a model speaks of hardly more lines than an analyzer does.

    Of a secret it has nothing to say but that there is one.
    """
    if one.category == SECRET and other.category != "security":
        return False
    return _length(other) <= _length(one) + _WIDER


def _length(finding: Finding) -> int:
    return (finding.line or 0) - (finding.start_line or 0)


def _words(finding: Finding) -> str:
    return f"{finding.title} {finding.body}"


def _joined(one: Finding, other: Finding) -> Finding:
    """Keep the first's proof, and take from the second what the first does not have.

    Where they speak of different things, the worse severity stays. A suggestion for more lines
    brings these along. A model has nothing to add to a secret.
    """
    if one.category == SECRET:
        return one
    if one.suggestion is None and other.suggestion is not None and _holds(other, one):
        one = replace(
            one,
            start_line=other.start_line,
            line=other.line,
            quote=other.quote,
            suggestion=other.suggestion,
            proven=other.proven,
        )
    if one.source == "model":
        worst = max(one.severity, other.severity, key=ORDER.__getitem__)
        return replace(one, severity=worst)
    body = other.body or other.title
    words = body if _says(body, one) else f"{one.body}\n\n{body}"
    if not alike(_words(one), _words(other)):
        one = replace(one, severity=max(one.severity, other.severity, key=ORDER.__getitem__))
    return replace(one, body=words.strip())


def _holds(outer: Finding, inner: Finding) -> bool:
    """Tell whether one finding's lines are all among another's."""
    first, last = (outer.start_line or 0), (outer.line or 0)
    return first <= (inner.start_line or 0) and (inner.line or 0) <= last


def _says(body: str, one: Finding) -> bool:
    """Tell whether a text says what a finding says, and at more length."""
    return len(body) > len(one.body) and alike(body, _words(one))


def alike(one: str, other: str) -> bool:
    """Tell whether two texts have most of the shorter one's words in common."""
    mine, others = (set(_WORD.findall(text.lower())) for text in (one, other))
    return len(mine & others) >= _ALIKE * max(1, min(len(mine), len(others)))
