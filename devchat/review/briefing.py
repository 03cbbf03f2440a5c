"""What goes along with a chunk: each text under a heading, fenced, for all of it is data."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from devchat.changes import Finding
from devchat.policy import Policy
from devchat.policy.background import Background
from devchat.review.anchor import number_of
from devchat.review.chunks import Chunk
from devchat.sanitize import single_line, visible
from devchat.sanitize.tokens import without_keys

_LONGEST_ABOUT = 2_000
MOST_KNOWN = 12
"""Findings of analyzers that a chunk is told of."""
LONGEST_KNOWN = 160
_TICKS = re.compile("`+")


def fenced(text: str, language: str = "") -> str:
    """Fence a text so that nothing in it can end the fence."""
    longest = max(map(len, _TICKS.findall(text)), default=0) if "```" in text else 0
    ticks = "`" * max(3, longest + 1)
    return f"{ticks}{language}\n{text}\n{ticks}"


def about(text: str) -> str:
    """Write what the author says of the change."""
    text = without_keys(visible(text[:_LONGEST_ABOUT])).strip()
    return f"What its author says of it:\n\n{fenced(text)}" if text else ""


def background(texts: Iterable[Background]) -> str:
    """Write what the project says of itself."""
    return "\n\n".join(
        f"From the project's {single_line(one.path)}:\n\n{fenced(text.strip())}"
        for one in texts
        for text in [without_keys(visible(one.text))]
    )


def rules(policy: Policy) -> str:
    """Write the team's rules, by their ids."""
    listed = "\n".join(f"{rule.id}: {single_line(rule.text, 1_000)}" for rule in policy.rules)
    return f"The team's rules, by id:\n\n{fenced(listed)}" if listed else ""


def language(policy: Policy) -> str:
    """Write in which language to answer."""
    wanted = single_line(policy.language, 40)
    return f"- Write summary, titles and bodies in this language: {wanted}" if wanted else ""


def instructions(chunk: Chunk) -> str:
    """Write the team's instructions for the files of a chunk."""
    names: dict[str, dict[str, None]] = {}
    for piece in chunk.pieces:
        for text in piece.told:
            names.setdefault(text, {})[piece.name] = None
    listed = "\n\n".join(f"{', '.join(some)}:\n{visible(text)}" for text, some in names.items())
    return f"What the team looks for in these files:\n\n{fenced(listed)}" if listed else ""


def known(chunk: Chunk, findings: Sequence[Finding]) -> str:
    """Write what analyzers have found in the lines of a chunk."""
    if not findings:
        return ""
    lines = {
        (piece.file.path, side, number): piece.name
        for piece in chunk.pieces
        for line in piece.lines
        for side in ("LEFT", "RIGHT")
        if (number := number_of(line, side))
    }
    found = [
        single_line(f"{name}:{one.line} {one.title}", LONGEST_KNOWN)
        for one in findings
        if (name := lines.get((one.path, one.side, one.line or 0)))
    ]
    listed = "\n".join(found[:MOST_KNOWN])
    return f"Found by programs already; don't repeat it:\n\n{fenced(listed)}" if listed else ""


def changes(chunk: Chunk) -> str:
    """Write the lines of a chunk."""
    return fenced(chunk.text, "diff")
