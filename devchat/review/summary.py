"""Sum a review up: in a model's words where these are grounded, else in our own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace

from devchat.backends import Backend
from devchat.changes import Diff, FileReceipt, Finding
from devchat.errors import DevchatError
from devchat.review import briefing
from devchat.review.ask import Asked, results_of
from devchat.review.asking import filled, options
from devchat.review.grounds import grounded
from devchat.review.rank import ORDER
from devchat.review.schema import LONGEST_SUMMARY
from devchat.review.wishes import Progress, Task
from devchat.sanitize import single_line, visible
from devchat.types import Request

_MOST_LISTED = 8
_MOST_FILES = 30
_MOST_TOLD = 40
"""Chunks whose summaries are summed up."""
_TINY_TOKENS = 48
TINY_FINDINGS = 3
"""The worst ones, that a tiny model is told of."""


@dataclass(frozen=True, slots=True)
class Told:
    """A summary, and what the reader should know of how it came."""

    text: str
    notes: tuple[str, ...] = ()


def own_words(findings: Sequence[Finding], receipts: Sequence[FileReceipt]) -> str:
    """Say in a sentence what was found, and how much was looked at."""
    files = [one for one in receipts if not one.reason]
    hunks = [hunk for file in files for hunk in file.hunks]
    seen = sum(hunk.state == "reviewed" for hunk in hunks)
    what = f"{_counted(len(hunks), 'hunk')} of {_counted(len(files), 'file')}"
    if 0 < seen < len(hunks):
        what = f"{seen:,} of {what}"
    if not hunks:
        left = f": {_counted(len(receipts), 'file')} left out" if receipts else ""
        what = f"nothing to review{left}"
    elif not seen:
        what = f"nothing was reviewed of {what}"
    if not findings:
        return f"No findings in {what}." if seen else f"{what[0].upper()}{what[1:]}."
    severities = Counter(one.severity for one in findings)
    order = sorted(severities, key=lambda one: -ORDER[one])
    return f"{', '.join(_counted(severities[one], one) for one in order)} in {what}."


def summary_request(task: Task, backend: Backend, facts: str) -> Request:
    """Write the request for a summary of facts; a tiny model needs an example."""
    prompt = task.reviewers.prompts.summary
    chosen = options(prompt, task.wishes, backend)
    tiny = backend.tier == "tiny"
    if tiny:
        # It has said what it has to say at the end of its first line.
        chosen = replace(chosen, max_tokens=_TINY_TOKENS, stop=("\n",))
    values = {"facts": briefing.fenced(facts), "language": briefing.language(task.policy)}
    return Request(filled(prompt, values, backend.tier, shots=int(tiny)), chosen)


def summarise(
    task: Task, wording: Request | None, asked: Asked, findings: Sequence[Finding], own: str
) -> Generator[Progress, None, Told]:
    """Sum a review up; `own` are our own words, for where a model has none that hold.

    `wording` asks a tiny model for its words. Of what a model says of the change, a single part's
    sentence stands as it is, and of many it makes one.
    """
    backend = task.reviewers.backend
    answers = sorted(asked.answers, key=lambda one: one[0].pieces[0].place)
    parts = [answer.summary for _, answer in answers if answer.summary]
    if backend is None:
        return Told(own)
    if backend.tier == "tiny":
        shown = findings[:TINY_FINDINGS]
        return (
            Told(own)
            if wording is None
            else (yield from _worded(wording, backend, asked, own, shown))
        )
    if len(parts) < 2:
        return Told(_completed(parts[0] if parts else own, own, asked))
    facts = chunk_facts(parts, task.diff, findings)
    text, note = yield from _tell(summary_request(task, backend, facts), backend, asked)
    return Told(_completed(text or own, own, asked), note)


def _completed(text: str, own: str, asked: Asked) -> str:
    """Let no summary hide that a part was not reviewed."""
    return f"{text} {own}" if asked.failed and text != own else text


def _worded(
    request: Request, backend: Backend, asked: Asked, own: str, findings: Sequence[Finding]
) -> Generator[Progress, None, Told]:
    """Add to our own words those of a tiny model, if they have ground in the findings."""
    text, note = yield from _tell(request, backend, asked)
    if note:
        return Told(own, note)
    if not grounded(text, findings):
        return Told(own, ("what the model wrote about the findings was wrong, and is left out",))
    return Told(f"{own} {text}")


def _tell(
    request: Request, backend: Backend, asked: Asked
) -> Generator[Progress, None, tuple[str, tuple[str, ...]]]:
    """Ask for a summary; without one, return the note that says why."""
    yield Progress("summarise", 0, 1, asked.tokens)
    with results_of(backend, [request]) as results:
        _, result = next(results)
    yield Progress("summarise", 1, 1, asked.tokens)
    if isinstance(result, DevchatError):
        return "", (f"no summary came from the model: {single_line(result.message)}",)
    asked.heard(result)
    whole = result.finish_reason != "length" or backend.tier != "tiny"
    return single_line(result.text, LONGEST_SUMMARY) if whole else "", ()


def finding_facts(findings: Sequence[Finding]) -> str:
    """List the findings, for a model to put into words."""
    listed = [
        f"{visible(one.path)}, line {one.line or '?'}: {one.severity}: {one.title}"
        for one in findings[:_MOST_LISTED]
    ]
    return "\n".join(listed)


def chunk_facts(summaries: Sequence[str], diff: Diff, findings: Sequence[Finding]) -> str:
    """List what a model said of the parts of a change, its files, and the findings."""
    files = [f"{visible(one.path)} ({one.status})" for one in diff.files[:_MOST_FILES]]
    more = len(diff.files) - len(files)
    parts = ["Files:", *files, *([f"and {more} more"] if more else [])]
    parts += ["", "Its parts:", *(f"- {one}" for one in summaries[:_MOST_TOLD])]
    return "\n".join((*parts, "", "Findings:", finding_facts(findings) or "none"))


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
