"""Prove a suggestion: apply it in memory to the file at head, and see whether it still parses."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Sequence
from dataclasses import replace

from devchat import languages
from devchat.changes import Finding
from devchat.languages.syntax import syntax_errors
from devchat.review.files import Files
from devchat.sanitize.tokens import MASK

INDENT = "breaks the indentation"
LARGEST = 300_000
"""Characters of a file that is parsed: of a larger one that takes seconds, for each suggestion."""
_LEAST = 4
"""Characters that a line must have to be a repeated one: a bracket often stands twice."""


def prove(finding: Finding, files: Files) -> tuple[Finding, str]:
    """Return the finding, and what was wrong with its suggestion, which it then lacks.

    A suggestion that nothing is wrong with is `proven` if it was applied to the file and the
    whole parsed; without a grammar or the file at head it stays as it is.
    """
    if finding.suggestion is None:
        return finding, ""
    if finding.start_line is None or finding.line is None or finding.side == "LEFT":
        return _without(finding, "replaces no line of the head")
    if MASK in finding.suggestion:
        return _without(finding, "repeats a masked secret")
    old = finding.quote.split("\n")
    new = finding.suggestion.split("\n") if finding.suggestion else []
    language = languages.of(finding.path)
    if [line.rstrip() for line in old] == [line.rstrip() for line in new]:
        return _without(finding, "changes nothing")
    lines = files.lines("RIGHT", finding.path)
    span = slice(finding.start_line - 1, finding.line)
    if lines is None or [_bare(line) for line in lines[span]] != old:
        return _without(finding, INDENT) if _moved(old, new, language) else (finding, "")
    return _applied(finding, lines, span, new, language)


def _applied(
    finding: Finding, lines: Sequence[str], span: slice, new: Sequence[str], language: str
) -> tuple[Finding, str]:
    before, old, after = lines[: span.start], lines[span], lines[span.stop :]
    if _repeats(before, [_bare(line) for line in old], new, after):
        return _without(finding, "repeats a line next to it")
    if _foreign_indent(new, lines):
        return _without(finding, INDENT)
    end = "\r" if old[0].endswith("\r") else ""
    errors = _errors(language, "\n".join((*before, *(line + end for line in new), *after)))
    moved = _moved([_bare(line) for line in old], new, language)
    broken = bool(errors or moved) and bool(_errors(language, "\n".join(lines)))
    if moved and (errors or not broken):
        return _without(finding, INDENT)
    if errors:
        return (finding, "") if broken else _without(finding, "does not parse")
    return replace(finding, proven=errors is not None), ""


def _errors(language: str, text: str) -> object:
    """Return what does not parse, empty where all does; None where nobody can tell."""
    if len(text) > LARGEST:
        return None
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    try:
        if language == "json":
            json.loads(text)
        elif language == "toml":
            tomllib.loads(text)
        else:
            return syntax_errors(language, text)
    except ValueError as error:
        return str(error)
    except RecursionError:
        return None
    return ""


def _moved(old: Sequence[str], new: Sequence[str], language: str) -> bool:
    """Tell whether a replacement begins at another depth, as it does where a model forgets it.

    In YAML that may be the correction; in Python as well, but not if it goes to the margin,
    which ends what it is in.
    """
    was, now = _indent(old), _indent(new)
    if language == "yaml" or not any(line.strip() for line in new):
        return False
    return bool(was) and not now if language == "python" else was != now


def _foreign_indent(new: Sequence[str], lines: Sequence[str]) -> bool:
    """Tell whether lines are indented by tabs where the file has blanks alone, or the reverse."""
    for mine, other in (("\t", " "), (" ", "\t")):
        ours = any(line.startswith(mine * (2 if mine == " " else 1)) for line in new)
        if ours and not any(line.startswith(mine) for line in lines):
            return any(line.startswith(other) for line in lines)
    return False


def _repeats(
    before: Sequence[str], old: Sequence[str], new: Sequence[str], after: Sequence[str]
) -> bool:
    """Tell whether a replacement brings along the line before or after what it replaces."""
    if not new:
        return False
    above, below = (_bare(lines[at]) if lines else "" for lines, at in ((before, -1), (after, 0)))
    return _same(new[0], above, old[0]) or _same(new[-1], below, old[-1])


def _same(line: str, neighbour: str, replaced: str) -> bool:
    line = line.strip()
    return len(line) >= _LEAST and line == neighbour.strip() and line != replaced.strip()


def _without(finding: Finding, problem: str) -> tuple[Finding, str]:
    return replace(finding, suggestion=None), problem


def _indent(lines: Sequence[str]) -> str:
    first = next((line for line in lines if line.strip()), "")
    return first[: len(first) - len(first.lstrip())]


def _bare(line: str) -> str:
    return line.removesuffix("\r")
