"""A review as GitHub's workflow commands: annotations on the lines of a pull request.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

from types import MappingProxyType

from devchat.changes import Finding
from devchat.render.review import Shown
from devchat.render.review.facts import headline, origin, overflow_line
from devchat.sanitize import single_line, visible

_COMMANDS = MappingProxyType({"error": "error", "warning": "warning", "note": "notice"})
_LONGEST = 4_000


def render(shown: Shown) -> str:
    """Write a command for each finding, then what the review came to."""
    review = shown.review
    lines = [_annotation(finding) for finding in review.findings]
    words = [headline(review), *filter(None, [overflow_line(review)])]
    if review.receipt.failed:
        lines.append(f"::warning title=devchat::{_data(headline(review))}")
    return "\n".join([*lines, *(f"devchat: {_harmless(one)}" for one in words)]) + "\n"


def _annotation(finding: Finding) -> str:
    properties = {"file": finding.path}
    if finding.side == "RIGHT" and finding.line is not None:
        properties |= {"line": str(finding.start_line), "endLine": str(finding.line)}
    properties["title"] = single_line(finding.title)
    written = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    removed = f", about removed line {finding.line}" if finding.side == "LEFT" else ""
    message = f"{finding.body.strip()[:_LONGEST]}\n({origin(finding)}{removed})"
    return f"::{_COMMANDS[finding.severity]} {written}::{_data(message)}"


def _data(text: str) -> str:
    text = visible(text)
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _harmless(text: str) -> str:
    # The runner's older commands, `##[error]`, are obeyed wherever in a line they stand.
    return single_line(text).replace("##[", "# #[")
