"""Rank: what is said twice becomes one, floors and the ceiling hold, the worst comes first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from devchat.changes import Finding, Severity
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
_BACK = 20
"""Findings before one that it is compared with."""
_WORD = re.compile(r"[^\W\d_]{3,}|[\u4e00-\u9fff]")


@dataclass(frozen=True, slots=True)
class Ranked:
    """Findings to show, the rest, and what was dropped."""

    findings: tuple[Finding, ...]
    overflow: tuple[Finding, ...]
    dropped: tuple[Dropped, ...]


def rank(findings: Sequence[Finding], policy: Policy, wishes: Wishes) -> Ranked:
    """Merge, apply floors and the ceiling, and sort: by severity, then path, then line."""
    rules = PathRules(policy)
    high = [one for one in findings if ORDER[one.severity] >= _floor(one, rules, wishes)]
    merged = _merged(high)
    merged.sort(key=lambda one: (-ORDER[one.severity], *_place(one)))
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
    kept: list[Finding] = []
    for finding in sorted(findings, key=lambda one: (one.path, one.side, one.source == "model")):
        for place in range(len(kept) - 1, max(-1, len(kept) - 1 - _BACK), -1):
            if _same(kept[place], finding):
                kept[place] = _joined(kept[place], finding)
                break
        else:
            kept.append(finding)
    return kept


def _same(one: Finding, other: Finding) -> bool:
    """Tell whether two findings are one; two analyzers never speak of the same thing."""
    if (one.path, one.side) != (other.path, other.side) or other.source != "model":
        return False
    if one.start_line is None or other.start_line is None:
        return one.line == other.line and alike(one.title, other.title)
    if one.start_line > (other.line or 0) or other.start_line > (one.line or 0):
        return False
    same = (one.start_line, one.quote, one.category)
    twice = same == (other.start_line, other.quote, other.category)
    return one.source != "model" or twice or alike(one.title, other.title)


def _joined(one: Finding, other: Finding) -> Finding:
    """Keep the first's proof, and take from the second what the first does not have.

    A suggestion for more lines brings these along. A model has nothing to add to a secret.
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
        worst = max(one.severity, other.severity, key=lambda severity: ORDER[severity])
        return replace(one, severity=worst)
    words = other.body if _says(other.body, one) else f"{one.body}\n\n{other.body}"
    return replace(one, body=words.strip())


def _holds(outer: Finding, inner: Finding) -> bool:
    """Tell whether one finding's lines are all among another's."""
    first, last = (outer.start_line or 0), (outer.line or 0)
    return first <= (inner.start_line or 0) and (inner.line or 0) <= last


def _says(body: str, one: Finding) -> bool:
    """Tell whether a text says what a finding says, and at more length."""
    return len(body) > len(one.body) and alike(body, f"{one.title} {one.body}")


def alike(one: str, other: str) -> bool:
    """Tell whether two texts have most of the shorter one's words in common."""
    mine, others = (set(_WORD.findall(text.lower())) for text in (one, other))
    return len(mine & others) >= _ALIKE * max(1, min(len(mine), len(others)))
