"""Python that does not parse, by Python's own parser."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence

from devchat import languages
from devchat.analyzers import Analyzer
from devchat.analyzers.checked import Checked
from devchat.analyzers.pairs import Pair, text_lines
from devchat.analyzers.problem import Problem
from devchat.languages.syntax import python_fault

# What later Pythons brought: where this one is older, it can't tell them from faults.
# https://docs.python.org/3/whatsnew/3.12.html and 3.13, 3.14
_NEWER = (
    (
        (3, 12),
        re.compile(
            r"^\s*(type\s+\w|(async\s+)?def\s+\w+\s*\[|class\s+\w+\s*\[)|\b[rbf]*f[\"']", re.I
        ),
    ),
    ((3, 14), re.compile(r"^\s*except\*?\s[^:(]*,|\br?tr?[\"']", re.I)),
)


def open_analyzer() -> Analyzer:
    """Return the analyzer."""
    return Checked("python-syntax", __name__, _kind)


def _kind(pair: Pair) -> str:
    lone = "\r" in pair.head.replace("\r\n", "")  # Python counts it as the end of a line.
    return "python" if languages.of(pair.path) == "python" and not lone else ""


def check(kind: str, text: str) -> Iterator[Problem]:
    """Yield where a text stops being Python."""
    fault = python_fault(text)
    if fault is None or _newer(fault.message, text_lines(text)[fault.line - 1 : fault.line]):
        return
    yield Problem(
        fault.line,
        fault.line,
        "syntax",
        "error",
        "syntax",
        f"Python can't parse this: {fault.message}",
        "The file can no longer be imported or run. Fix the syntax here or just before.",
    )


def _newer(message: str, lines: Sequence[str]) -> bool:
    """Tell whether what seems a fault may be the syntax of a Python newer than this one."""
    if message.startswith("f-string") and sys.version_info < (3, 12):
        return True
    line = lines[0] if lines else ""
    return any(sys.version_info < since and seen.search(line) for since, seen in _NEWER)
