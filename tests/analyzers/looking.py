"""One analyzer looks at a change of one file."""

from __future__ import annotations

from devchat.analyzers import Analyzer, open_analyzers
from devchat.changes import Finding
from tests.review.changes import Trees, one_file

Seen = tuple[str, int | None]
"""The rule of a finding and its line."""


def analyzer(name: str) -> Analyzer:
    """Return the analyzer of a name."""
    return next(one for one in open_analyzers() if one.name == name)


def findings(name: str, change: Trees, context: int = 3) -> list[Finding]:
    """Return what an analyzer finds; each must stand on a line that reads its quote."""
    found = list(analyzer(name).analyse(change.diff(context), change))
    for one in found:
        text = (change.at_head if one.side == "RIGHT" else change.at_base)[one.path]
        assert one.line is not None and one.start_line is not None
        lines = [line.removesuffix("\r") for line in text.split("\n")]
        stands = "\n".join(lines[one.start_line - 1 : one.line])
        assert one.category == "secret" or one.quote == stands
        assert one.source == name
        assert one.title and one.body and one.rule
    return found


def seen(name: str, base: str | None, head: str, path: str) -> list[Seen]:
    """Return the rules and lines of what an analyzer finds in one file; None: it is added."""
    change = Trees({}, {path: head}) if base is None else one_file(base, head, path)
    return [(one.rule, one.line) for one in findings(name, change)]
