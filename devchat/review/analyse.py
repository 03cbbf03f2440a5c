"""Analyse: let deterministic checks look at a change. One that fails is noted, never fatal."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from devchat.analyzers import Analyzer
from devchat.analyzers.pairs import remember, unjudged
from devchat.changes import AnalyzerReceipt, Diff, FileDiff, Finding, Hunk, Source
from devchat.errors import AnalyzerError
from devchat.policy import Policy
from devchat.review.answers import prose
from devchat.review.wishes import Progress
from devchat.sanitize import single_line

_LONGEST_TITLE, _LONGEST_BODY = 200, 2_000


@dataclass(frozen=True, slots=True)
class Analysed:
    """What the analyzers found, what became of each, and the files that none could look at."""

    findings: tuple[Finding, ...] = ()
    receipts: tuple[AnalyzerReceipt, ...] = ()
    unjudged: Mapping[str, str] = field(default_factory=dict)

    @property
    def ran(self) -> bool:
        """Whether any of them looked at the change."""
        return any(receipt.state == "ran" for receipt in self.receipts)


def analyse(
    diff: Diff, source: Source, analyzers: Sequence[Analyzer], policy: Policy
) -> Generator[Progress, None, Analysed]:
    """Run the analyzers that the policy does not turn off."""
    source = remember(source)
    findings: list[Finding] = []
    receipts: list[AnalyzerReceipt] = []
    for done, analyzer in enumerate(analyzers):
        yield Progress("analyse", done, len(analyzers))
        found, receipt = _run(analyzer, diff, source, policy)
        findings += found
        receipts.append(receipt)
    if analyzers:
        yield Progress("analyse", len(analyzers), len(analyzers))
    unseen = dict(unjudged(diff, source)) if analyzers else {}
    return Analysed(_placed(findings, diff), tuple(receipts), unseen)


def _run(
    analyzer: Analyzer, diff: Diff, source: Source, policy: Policy
) -> tuple[list[Finding], AnalyzerReceipt]:
    receipt = AnalyzerReceipt(analyzer.name, "ran")
    if not policy.analyzers.get(analyzer.name, True):
        return [], replace(receipt, state="off", reason="turned off by `.devchat.toml`")
    if analyzer.absent:
        return [], replace(receipt, state="absent", reason=analyzer.absent)
    receipt = replace(receipt, version=analyzer.version)
    try:
        return list(analyzer.analyse(diff, source)), receipt
    except AnalyzerError as error:
        return [], replace(receipt, state="failed", reason=single_line(error.message))


def _placed(findings: Sequence[Finding], diff: Diff) -> tuple[Finding, ...]:
    """Take the lines from findings that don't lie in a hunk, for they can't be commented."""
    files: dict[str, list[FileDiff]] = {}
    for file in diff.files:
        files.setdefault(file.path, []).append(file)
    return tuple(
        replace(
            one
            if _in_hunk(one, files.get(one.path, ()))
            else replace(one, start_line=None, line=None),
            title=single_line(one.title, _LONGEST_TITLE),
            body=prose(one.body, _LONGEST_BODY),
        )
        for one in findings
    )


def _in_hunk(finding: Finding, files: Sequence[FileDiff]) -> bool:
    first, last = finding.start_line, finding.line
    if first is None or last is None or first > last:
        return False
    return any(
        start <= first and last < start + count
        for file in files
        for start, count in (_range(hunk, finding) for hunk in file.hunks)
    )


def _range(hunk: Hunk, finding: Finding) -> tuple[int, int]:
    if finding.side == "LEFT":
        return hunk.old_start, hunk.old_count
    return hunk.new_start, hunk.new_count
