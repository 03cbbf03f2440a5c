"""What a review comes to, in short plain words that every format shares."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple, get_args

from devchat.changes import Finding, HunkState, Receipt, Review, Severity
from devchat.sanitize import single_line

WORST_FIRST: tuple[Severity, ...] = tuple(reversed(get_args(Severity)))
OVERFLOWN = "beyond the ceiling"
# Said of each analyzer; that it is absent is said once for all that come with the same remedy.
_NOT_INSTALLED = re.compile("^`[^`]+` is not installed: ")
_MOST_NAMED = 3


class Fact(NamedTuple):
    """A labelled line of a receipt."""

    label: str
    text: str


def plural(count: int, noun: str) -> str:
    """Write a number with its noun."""
    return f"{count:,} {noun}" + ("s" if count != 1 else "")


def headline(review: Review) -> str:
    """Say in one line what the review came to; one that did not happen never looks clean."""
    hunks = Counter(one.state for file in review.receipt.files for one in file.hunks)
    findings = (*review.findings, *review.overflow)
    failed = _failed(review.receipt, hunks)
    if findings:
        return counted(findings) + (f"; {failed}" if failed else "")
    if not hunks["reviewed"]:
        return _nothing(review.receipt, hunks)
    where = f"{_reach(review.receipt)}{_by(review.receipt)}"
    return f"No findings in {where}" + (f", but {failed}" if failed else "")


def counted(findings: Iterable[Finding]) -> str:
    """Count findings by severity, the worst first."""
    counts = Counter(one.severity for one in findings)
    return ", ".join(plural(counts[one], one) for one in WORST_FIRST if counts[one])


def summary(review: Review) -> str:
    """Return a review's summary without a first sentence that only counts, as the headline does."""
    text = review.summary if review.findings else ""
    counts = text.startswith(counted(review.findings))
    return text.partition(". ")[2] if counts else text


def overflow_line(review: Review) -> str:
    """Say how many findings are not shown and how to see them; "" where all are."""
    if not review.overflow:
        return ""
    everything = len(review.findings) + len(review.overflow)
    more = f"{len(review.overflow):,} more ({counted(review.overflow)})"
    return f"{more}: --max-findings {everything}"


def facts(receipt: Receipt) -> list[Fact]:
    """List what was reviewed and what was not, who looked, and what else should be known."""
    known = receipt.base and receipt.head
    return [
        *([Fact("compared", single_line(f"{receipt.base} to {receipt.head}"))] if known else []),
        *_hunk_facts(receipt),
        *_analyzer_facts(receipt),
        *_model_facts(receipt),
        *_dropped_facts(receipt),
        *(Fact("note", single_line(one, 400)) for one in receipt.notes),
    ]


def _failed(receipt: Receipt, hunks: Counter[HunkState]) -> str:
    """Say which part of a review failed; "" where none did."""
    if hunks["failed"]:
        return f"part of the review failed ({hunks['failed']:,} of {plural(hunks.total(), 'hunk')})"
    names = [f"`{one.name}`" for one in receipt.analyzers if one.state == "failed"]
    return f"{' and '.join(names)} failed" if names else ""


def _nothing(receipt: Receipt, hunks: Counter[HunkState]) -> str:
    if hunks["failed"]:
        return (
            f"Nothing was reviewed: {hunks['failed']:,} of {plural(hunks.total(), 'hunk')} failed"
        )
    if receipt.files:
        return f"Nothing was reviewed: {plural(len(receipt.files), 'file')} left out"
    return "Nothing to review"


def _by(receipt: Receipt) -> str:
    """Say so where all that was reviewed was so with one reservation: by analyzers only."""
    hunks = [one for file in receipt.files for one in file.hunks if one.state == "reviewed"]
    reasons = {one.reason for one in hunks}
    return single_line(f", {reasons.pop()}") if len(reasons) == 1 and "" not in reasons else ""


def _reach(receipt: Receipt) -> str:
    """Say how many files were looked at, and of how many where some were not."""
    seen = sum(any(hunk.state == "reviewed" for hunk in one.hunks) for one in receipt.files)
    everything = plural(len(receipt.files), "file")
    return everything if seen == len(receipt.files) else f"{seen:,} of {everything}"


def _hunk_facts(receipt: Receipt) -> Iterator[Fact]:
    """Group hunks by what became of them and why; files without hunks count by their reason."""
    groups: dict[tuple[HunkState, str], Counter[str]] = {}
    for file in receipt.files:
        for hunk in file.hunks:
            reason = hunk.reason or (file.reason if hunk.state != "reviewed" else "")
            groups.setdefault((hunk.state, reason), Counter())[file.path] += 1
        if not file.hunks:
            groups.setdefault(("skipped", file.reason), Counter())[file.path] += 0
    for state in get_args(HunkState):
        for (of, reason), paths in groups.items():
            if of == state:
                named = state != "reviewed"
                yield Fact(state, _group(reason, paths, named))


def _group(reason: str, paths: Counter[str], named: bool) -> str:
    hunks = f"{plural(paths.total(), 'hunk')} in " if paths.total() else ""
    if not named:
        count = f"{hunks}{plural(len(paths), 'file')}"
        return f"{count}: {single_line(reason)}" if reason else count
    shown = [single_line(path) for path in list(paths)[:_MOST_NAMED]]
    more = [f"{len(paths) - _MOST_NAMED:,} more"] if len(paths) > _MOST_NAMED else []
    return f"{hunks}{', '.join(shown + more)}" + (f": {single_line(reason)}" if reason else "")


def _analyzer_facts(receipt: Receipt) -> Iterator[Fact]:
    ran = [f"{one.name} {one.version}".strip() for one in receipt.analyzers if one.state == "ran"]
    if ran:
        yield Fact("analyzers", single_line(", ".join(ran), 1_000))
    reasons: dict[tuple[str, str], list[str]] = {}
    for one in receipt.analyzers:
        if one.state != "ran":
            reason = _NOT_INSTALLED.sub("", one.reason)
            reasons.setdefault((one.state, reason), []).append(one.name)
    for (state, reason), names in reasons.items():
        why = f": {single_line(reason)}" if reason else ""
        yield Fact(state, f"{', '.join(names)}{why}")


def _model_facts(receipt: Receipt) -> Iterator[Fact]:
    usage = receipt.usage
    seconds = f"{receipt.seconds:.1f}s"
    if not receipt.model and receipt.files:
        yield Fact("model", f"no model spoke, {seconds}")
    if not receipt.model:
        return
    about = "" if usage.exact else "about "
    tokens = f"{about}{usage.prompt_tokens:,} tokens in, {usage.completion_tokens:,} out"
    name = f"{receipt.model} on {receipt.location}" if receipt.location else receipt.model
    yield Fact("model", f"{single_line(name)}, {tokens}, {seconds}")


def _dropped_facts(receipt: Receipt) -> Iterator[Fact]:
    """Count what is not shown, but for what is kept as overflow: that has a line of its own."""
    counts = [
        f"{count:,} {single_line(why)}"
        for why, count in receipt.dropped.items()
        if count and why != OVERFLOWN
    ]
    if counts:
        yield Fact("dropped", ", ".join(counts))


def place(finding: Finding) -> str:
    """Write where a finding is, as editors and terminals open it: `path:line`."""
    path = single_line(finding.path, 1_000)
    return path if finding.line is None else f"{path}:{finding.start_line}"


def origin(finding: Finding) -> str:
    """Say what kind a finding is of, and who found it by which rule."""
    who = " ".join(part for part in (finding.source, finding.rule) if part)
    return single_line(" · ".join(part for part in (finding.category, who) if part))
