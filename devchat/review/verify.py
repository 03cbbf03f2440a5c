"""Verify: a second look at what a large model found; it may drop or lower, never add."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace

from devchat.backends import Backend
from devchat.changes import Finding, Severity
from devchat.errors import DevchatError
from devchat.review import briefing
from devchat.review.anchor import Dropped
from devchat.review.answers import read_object
from devchat.review.ask import Asked, results_of
from devchat.review.asking import filled, options
from devchat.review.files import Files
from devchat.review.masks import Masks, masks
from devchat.review.schema import VERDICTS, verdict_schema
from devchat.review.wishes import Progress, Task
from devchat.sanitize import visible
from devchat.sanitize.tokens import without_keys
from devchat.types import Completion, Request

_AROUND = 30
"""Lines before and after a finding that are shown with it."""
_LONGEST_LINE = 300
REFUSED = Dropped("refused on a second look")
_LOWER: Mapping[Severity, Severity] = {"error": "warning", "warning": "note", "note": "note"}


@dataclass(frozen=True, slots=True)
class Verified:
    """What is left of the findings after a second look."""

    findings: list[Finding]
    dropped: list[Dropped]
    notes: tuple[str, ...] = ()


def verify(
    task: Task, backend: Backend, findings: Sequence[Finding], files: Files, asked: Asked
) -> Generator[Progress, None, Verified]:
    """Ask about each finding of the model again; one without a verdict stays as it is."""
    settled: list[Finding | Dropped] = list(findings)
    places = [place for place, one in enumerate(findings) if one.source == "model"]
    hidden = masks(findings)
    requests = [_request(task, backend, findings[place], files, hidden) for place in places]
    unheard = 0
    yield Progress("verify", 0, len(requests), asked.tokens)
    with results_of(backend, requests) as results:
        for done, (index, result) in enumerate(results, 1):
            place = places[index]
            try:
                settled[place] = _settled(findings[place], result, asked)
            except DevchatError:
                unheard += 1
            yield Progress("verify", done, len(requests), asked.tokens)
    note = f"{unheard} of {len(requests)} findings could not be looked at again"
    kept = [one for one in settled if isinstance(one, Finding)]
    dropped = [one for one in settled if isinstance(one, Dropped)]
    return Verified(kept, dropped, (note,) if unheard else ())


def _settled(
    finding: Finding, result: Completion | DevchatError, asked: Asked
) -> Finding | Dropped:
    if isinstance(result, DevchatError):
        raise result
    asked.heard(result)
    verdict = read_object(result.text).get("verdict")
    if verdict not in VERDICTS:
        raise DevchatError("the answer is no verdict")
    if verdict == "drop":
        return REFUSED
    if verdict == "lower":
        return replace(finding, severity=_LOWER[finding.severity])
    return finding


def _request(
    task: Task, backend: Backend, finding: Finding, files: Files, hidden: Masks
) -> Request:
    prompt = task.reviewers.prompts.verify
    values = {"finding": _stated(finding), "code": _code(finding, files, hidden)}
    chosen = replace(options(prompt, task.wishes, backend), schema=verdict_schema())
    return Request(filled(prompt, values, backend.tier), chosen)


def _stated(finding: Finding) -> str:
    place = f"{visible(finding.path)}:{finding.line or '?'} ({finding.severity})"
    said = f"{place}\n{finding.title}\n\n{finding.body}".rstrip()
    if finding.suggestion is not None:
        said += f"\n\nInstead of the line:\n\n{finding.suggestion}"
    return briefing.fenced(said)


def _code(finding: Finding, files: Files, hidden: Masks) -> str:
    """Return the code around a finding, numbered; only what it quotes where no file is in reach."""
    lines = files.lines(finding.side, finding.path)
    first, last = finding.start_line, finding.line
    if lines is None or first is None or last is None:
        return briefing.fenced(visible(finding.quote))
    some = range(max(1, first - _AROUND), min(len(lines), last + _AROUND) + 1)
    place = finding.path, finding.side
    texts = (hidden.get((*place, number), lines[number - 1]) for number in some)
    code = without_keys("\n".join(text[:_LONGEST_LINE].rstrip() for text in texts))
    shown = (f"{number}|{text}" for number, text in zip(some, code.split("\n"), strict=True))
    return briefing.fenced(visible("\n".join(shown)))
