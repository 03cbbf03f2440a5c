"""What a team reads: the check's face, the comments, each within GitHub's limits. Pure.

Foreign text goes through devchat's Markdown, so that it can be read and does nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from bot.forge import Annotation, AnnotationLevel, Check, Conclusion, LineComment
from bot.reviewing.records import Looked
from bot.reviewing.values import Over, Target
from devchat.changes import Finding, HunkState, Review, Severity
from devchat.render.review.facts import Fact, counted, facts, headline, origin, place, summary
from devchat.render.review.markdown import MARKS, finding_body
from devchat.sanitize import single_line, visible
from devchat.sanitize.markdown import code_span, plain_markdown, plain_title
from devchat.sanitize.tokens import without_tokens

LONGEST = 65_000
"""Characters of a body: GitHub takes 65,535 of a check's summary and 65,536 of a comment."""
STICKY = "<!-- devchat:sticky -->"
NOTHING_LEFT = f"{STICKY}\nNothing is left that has no line of its own."
LEFT_OUT = (
    "No file of this change is one to review; why, stands below. What is ignored `.devchat.toml` "
    "says, and `-linguist-generated` or `-linguist-vendored` in `.gitattributes` brings back what "
    "only looks generated or vendored."
)
_MARKER = re.compile(r"<!-- devchat:review (?P<head>\w+) (?P<attempt>\d+)(?P<found>[ 0-9a-f]*) -->")
_LEVELS: MappingProxyType[Severity, AnnotationLevel] = MappingProxyType(
    {"note": "notice", "warning": "warning", "error": "failure"}
)
_ENDS: MappingProxyType[Over, str] = MappingProxyType(
    {
        "superseded": "A newer commit came: that one is reviewed",
        "limited": "Not reviewed: there were too many reviews of late",
        "unwanted": "Not to be reviewed: closed, a draft, or labelled so",
        "failed": "The review could not be done",
    }
)


@dataclass(frozen=True, slots=True)
class Marker:
    """What is hidden in a review of ours: the attempt, and what it says by fingerprints."""

    head: str
    attempt: int
    found: tuple[str, ...]


def write_marker(target: Target, findings: Iterable[Finding]) -> str:
    """Write the marker of an attempt's review."""
    found = "".join(f" {one.fingerprint}" for one in findings)
    return f"<!-- devchat:review {target.head} {target.attempt}{found} -->"


def read_marker(body: str) -> Marker | None:
    """Read the marker that a body begins with."""
    found = _MARKER.match(body)
    if found is None:
        return None
    return Marker(found["head"], int(found["attempt"]), tuple(found["found"].split()))


def under_way(phase: str) -> Check:
    """Make the face of a check that goes on."""
    return Check(phase, "The result comes here.")


def ended(over: Over, why: str) -> Check:
    """Make the face of a check that ends without a review: neutral, never success."""
    return Check(_ENDS[over], plain_title(why, 2_000) or _ENDS[over], "neutral")


def finished(looked: Looked) -> Check:
    """Make the face of a finished check: what was found, and the receipt."""
    return Check(
        title=single_line(_title(looked)),
        summary=fit(_summary(looked)),
        conclusion=conclude(looked),
        annotations=tuple(map(_annotation, filter(_at_head, looked.review.findings))),
    )


def conclude(looked: Looked) -> Conclusion:
    """Choose a conclusion: success only where all was reviewed and nothing bad was found."""
    review = looked.review
    severities = {one.severity for one in (*review.findings, *review.overflow)}
    if "error" in severities:
        return "failure"
    if looked.partial or "reviewed" not in _states(review) or "warning" in severities:
        return "neutral"
    return "success"


def _states(review: Review) -> set[HunkState]:
    """Return what became of the hunks: which of the states there are."""
    return {hunk.state for file in review.receipt.files for hunk in file.hunks}


def _title(looked: Looked) -> str:
    return f"Nothing was reviewed: {looked.trouble}" if looked.trouble else headline(looked.review)


def _summary(looked: Looked) -> str:
    review = looked.review
    rows = [f"- {one.label}: {plain_title(one.text, 1_000)}" for one in facts(review.receipt)]
    parts = [
        plain_title(looked.trouble, 2_000),
        "" if looked.trouble or _states(review) & {"reviewed", "failed"} else LEFT_OUT,
        plain_markdown(summary(review)),
        "\n".join(map(_row, (*review.findings, *review.overflow))),
        "\n".join(rows),
    ]
    return "\n\n".join(part for part in parts if part) or plain_title(_title(looked))


def _row(finding: Finding) -> str:
    """Write a finding as one line of a list."""
    where = code_span(place(finding)) + (" (removed)" if finding.side == "LEFT" else "")
    return f"- {MARKS[finding.severity]} {where} {plain_title(finding.title)}"


def _at_head(finding: Finding) -> bool:
    return finding.side == "RIGHT" and finding.line is not None


def _annotation(finding: Finding) -> Annotation:
    assert finding.start_line is not None and finding.line is not None
    message = f"{visible(without_tokens(finding.body[:8_000])).strip()}\n({origin(finding)})"
    title = single_line(without_tokens(finding.title))
    level = _LEVELS[finding.severity]
    return Annotation(finding.path, finding.start_line, finding.line, level, title, message.strip())


def line_comment(finding: Finding, path: str) -> LineComment:
    """Make the comment that stands at a finding's lines."""
    assert finding.start_line is not None and finding.line is not None
    mark = f"<!-- devchat:finding {finding.fingerprint} -->"
    body = f"{mark}\n{fit(finding_body(finding), LONGEST - 100)}"
    return LineComment(path, finding.side, finding.start_line, finding.line, body)


def review_body(target: Target, findings: Sequence[Finding]) -> str:
    """Write a review's own text: one line, for its findings stand in the code."""
    one = counted(findings)
    return f"{write_marker(target, findings)}\n**devchat** found {one} here."


def sticky_body(target: Target, looked: Looked, stray: Sequence[Finding]) -> str:
    """Write the one comment of a pull: what has no line of its own; "" where that is nothing."""
    review = looked.review
    if not stray and not review.overflow and (not looked.partial or looked.trouble):
        return ""
    parts = [f"{STICKY}\n**devchat**: {plain_title(headline(review))}"]
    if looked.partial:
        notes = [f"- {one.label}: {plain_title(one.text, 1_000)}" for one in _undone(looked)]
        parts.append("\n".join(["Not all of it was reviewed:", "", *notes]))
    parts += [f"{code_span(place(one))}\n\n{finding_body(one)}" for one in stray]
    if review.overflow:
        rows = [_row(one) for one in review.overflow]
        parts.append("\n".join(["Less important, so not at their lines:", "", *rows]))
    foot = f"<sub>At {target.head[:10]}. The check has the receipt.</sub>"
    text = "\n\n".join(parts)
    return f"{fit(text, LONGEST - len(foot) - 2)}\n\n{foot}"


def _undone(looked: Looked) -> list[Fact]:
    return [
        one for one in facts(looked.review.receipt) if one.label in ("failed", "skipped", "note")
    ]


def fit(text: str, longest: int = LONGEST) -> str:
    """Cut a text that GitHub would refuse, at the end of a line, and say so."""
    if len(text) <= longest:
        return text
    said = "\n\n(cut: it is longer than GitHub takes)"
    kept = text[: longest - len(said) - 10]
    kept = kept[: kept.rfind("\n")] if "\n" in kept else kept
    # A fence that was cut open would swallow what follows.
    fence = "\n```" if sum(line.startswith("```") for line in kept.split("\n")) % 2 else ""
    return f"{kept}{fence}{said}"
