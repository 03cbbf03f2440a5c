"""Sources in other languages that no longer parse, by tree-sitter's grammars.

Grammars for editors forgive much and know no preprocessor, so this speaks only where base had
no fault at all; and of Bash, C and C++ never of a new file, nor where a construct that the
grammars misread, or a macro, may be the cause.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from devchat import languages
from devchat.analyzers import Analyzer
from devchat.analyzers.checked import Checked
from devchat.analyzers.introduced import broken
from devchat.analyzers.pairs import Pair, text_lines
from devchat.analyzers.problem import Problem
from devchat.changes import Finding
from devchat.languages.trees import GRAMMARS, tree_errors

NAMES = {
    "bash": "Bash", "c": "C", "cpp": "C++", "csharp": "C#", "go": "Go", "java": "Java",
    "javascript": "JavaScript", "jsx": "JavaScript", "php": "PHP", "ruby": "Ruby",
    "rust": "Rust", "tsx": "TypeScript", "typescript": "TypeScript",
}  # fmt: skip
"""What people call the languages that are parsed."""
_MACRO = re.compile(r"^\s*#|\b[A-Z_][A-Z0-9_]{2,}\b|\b__\w+|\\$")
_UNSURE = {"bash": re.compile(r"<>|<<|\[\[|\(\(|=~"), "c": _MACRO, "cpp": _MACRO}
"""The languages whose grammars often err, and what they err at."""
_TEMPLATE = re.compile(r"\{%|<%")
_MISREAD = re.compile(r"^\s*[\[(`]|\bimport\(")  # Where JavaScript leaves a semicolon out; types.


def open_analyzer() -> Analyzer:
    """Return the analyzer."""
    return Checked("parse", __name__, _kind, "tree_sitter", "tree-sitter", _tell)


def _kind(pair: Pair) -> str:
    language = languages.of(pair.path)
    foreign = pair.path.endswith((".zsh", ".h")) or pair.head.startswith("#!/bin/zsh")
    return language if language in GRAMMARS and not foreign else ""


def check(kind: str, text: str) -> Iterator[Problem]:
    """Yield where a text breaks the syntax of its language."""
    for line, _ in tree_errors(kind, text) or ():
        yield Problem(
            line,
            line,
            "syntax",
            "error",
            "syntax",
            f"{NAMES[kind]} can't be parsed here",
            "Look for a bracket, quote or separator that is missing or too many, here or just "
            "before.",
        )


def _tell(
    name: str, pair: Pair, base: Sequence[Problem], head: Sequence[Problem]
) -> Iterator[Finding]:
    if head and not _is_doubtful(languages.of(pair.path), pair, head[0].line):
        yield from broken(name, pair, base, head)


def _is_doubtful(language: str, pair: Pair, line: int) -> bool:
    """Tell whether what seems a fault may be the grammar's own."""
    lines = text_lines(pair.head)
    if language in _UNSURE:
        return pair.added or any(_UNSURE[language].search(lines[one - 1]) for one in pair.written)
    return bool(_TEMPLATE.search(pair.head) or _MISREAD.search(lines[line - 1]))
