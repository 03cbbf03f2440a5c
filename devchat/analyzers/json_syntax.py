"""JSON that does not parse; comments and trailing commas only where base had none."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

from devchat import languages
from devchat.analyzers import Analyzer
from devchat.analyzers.checked import Checked
from devchat.analyzers.introduced import broken
from devchat.analyzers.pairs import Pair
from devchat.analyzers.problem import Problem
from devchat.changes import Finding

# Read by programs that allow comments and trailing commas.
_RELAXED_NAMES = re.compile(
    r"(^|/)(\.vscode|\.devcontainer|\.zed)/|(^|/)(ts|js|api-extractor|deno|tslint|devcontainer)[\w.-]*\.json$"
    r"|(^|/)\.[\w.-]*\.json$|\.sublime-|language-configuration\.json$"
)
_STRING = r'"(?:[^"\\\n]|\\.)*"'
_COMMENT = re.compile(rf"{_STRING}|//[^\n]*|/\*.*?\*/", re.DOTALL)
_COMMA = re.compile(rf"{_STRING}|,(?=\s*[}}\]])")


def open_analyzer() -> Analyzer:
    """Return the analyzer."""
    return Checked("json", __name__, _kind, tell=_tell)


def _kind(pair: Pair) -> str:
    template = "{{" in pair.head or "{%" in pair.head or "<%" in pair.head
    return "json" if languages.of(pair.path) == "json" and not template else ""


def check(kind: str, text: str) -> Iterator[Problem]:
    """Yield where a text stops being JSON; the rule tells what only strict readers refuse."""
    text = text.removeprefix("\ufeff")
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        if not text.strip() or _are_documents(text):
            return
        relaxed = _parses(_COMMA.sub(_plain, _COMMENT.sub(_plain, text)))
        yield Problem(
            error.lineno,
            error.lineno,
            "strict-syntax" if relaxed else "syntax",
            "error",
            "syntax",
            f"This is not valid JSON: {error.msg}",
            "Whatever reads this file refuses all of it.",
        )


def _tell(
    name: str, pair: Pair, base: Sequence[Problem], head: Sequence[Problem]
) -> Iterator[Finding]:
    strict = head and head[0].rule == "strict-syntax"
    if not (strict and (pair.added or _RELAXED_NAMES.search(pair.path))):
        yield from broken(name, pair, base, head)


def _are_documents(text: str) -> bool:
    """Tell whether every line is JSON by itself, as logs are."""
    lines = [line for line in text.split("\n") if line.strip()]
    return len(lines) > 1 and all(map(_parses, lines))


def _parses(text: str) -> bool:
    try:
        json.loads(text)
    except json.JSONDecodeError:
        return False
    return True


def _plain(found: re.Match[str]) -> str:
    return found[0] if found[0].startswith('"') else " "
