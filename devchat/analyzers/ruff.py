"""Python by a named subset of ruff's rules, without any settings but the target version."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import compress
from typing import Any

from devchat import languages
from devchat.analyzers import Analyzer
from devchat.analyzers.certain import Code, is_certain
from devchat.analyzers.introduced import introduced
from devchat.analyzers.pairs import Pair, pairs, text_lines
from devchat.analyzers.problem import Problem
from devchat.analyzers.python_target import python_target
from devchat.analyzers.ruff_rules import BUILTINS, RULES
from devchat.analyzers.tool import Tool, by_file, find_tool, of_both
from devchat.changes import Diff, Finding, Source

_OPTIONS = (
    *("check", "--isolated", "--no-cache", "--no-preview", "--no-fix", "--exit-zero", "--quiet"),
    *("--no-respect-gitignore", "--no-force-exclude", "--output-format", "json"),
    *("--config", f"builtins = {json.dumps(BUILTINS)}"),
)

MOST = 100
"""Problems of a file that are judged: one mistake can make thousands."""


@dataclass(frozen=True, slots=True)
class Ruff:
    """Runs ruff once over both sides of all Python files."""

    tool: Tool
    name: str = "ruff"

    @property
    def version(self) -> str:
        """Return ruff's version."""
        return self.tool.version

    @property
    def absent(self) -> str:
        """Say whether ruff is missing."""
        return self.tool.absent

    def analyse(self, diff: Diff, source: Source) -> Iterable[Finding]:
        """Yield what the change brought."""
        judged = [one for one in pairs(diff, source) if _is_python(one)]
        texts = of_both(judged, lambda pair: "pyi" if pair.path.endswith(".pyi") else "py")
        if not texts:
            return
        target = python_target(source)
        options = [*_OPTIONS, "--target-version", target or "py314"]
        out = self.tool.ask([*options, "--select", ",".join(RULES)], texts)
        with self.tool.reading():
            found = by_file(out, lambda one: one["filename"])
            for number, pair in enumerate(judged):
                base, head = found(number)
                known = [_problem({**one, "fix": None}, pair.base) for one in base]
                sure = _sure(head, pair, target)
                yield from introduced(self.name, pair, known, sure)


def open_analyzer() -> Analyzer:
    """Return the analyzer."""
    return Ruff(find_tool("ruff", "ruff"))


def _is_python(pair: Pair) -> bool:
    lone = "\r" in pair.head.replace("\r\n", "")  # ruff counts it as the end of a line.
    return languages.of(pair.path) == "python" and not lone


def _sure(items: Sequence[Mapping[str, Any]], pair: Pair, target: str) -> list[Problem]:
    """Return what is beyond doubt; of lines that the change did not write, all."""
    code = Code(pair.path, pair.head)
    rows = [range(one["location"]["row"], one["end_location"]["row"] + 1) for one in items]
    written = [not pair.written.isdisjoint(row) for row in rows]
    judged = list(compress(items, written))[:MOST]
    others = [{**one, "fix": None} for one, fresh in zip(items, written, strict=True) if not fresh]
    return [
        _problem(one, pair.head)
        for one in (*others, *(one for one in judged if is_certain(one, code, target)))
    ]


def _problem(item: Mapping[str, Any], text: str) -> Problem:
    row, end = item["location"]["row"], item["end_location"]
    last = max(row, min(end["row"] - (end["column"] == 1), row + 9))
    syntax = item["code"] not in RULES
    severity, body = RULES.get(item["code"], ("error", "Python refuses the whole file."))
    title = item["message"].rstrip(".")
    category = "syntax" if syntax or "refuses the whole file" in body else "bug"
    problem = Problem(row, last, item["code"] or "invalid-syntax", severity, category, title, body)  # type: ignore[arg-type]
    return _suggested(problem, item.get("fix"), text)


def _suggested(problem: Problem, fix: Mapping[str, Any] | None, text: str) -> Problem:
    """Add a safe fix as what replaces the lines that it changes."""
    if not fix or fix["applicability"] != "safe":
        return problem
    lines = text_lines(text)
    edits = sorted(fix["edits"], key=lambda one: _offset(lines, one["location"]))
    first, last = edits[0]["location"]["row"], edits[-1]["end_location"]["row"]
    at, fixed = _offset(lines, {"row": first, "column": 1}), ""
    for edit in edits:
        fixed += text[at : _offset(lines, edit["location"])] + edit["content"]
        at = _offset(lines, edit["end_location"])
    fixed += text[at : _offset(lines, {"row": last, "column": len(lines[last - 1]) + 1})]
    return replace(problem, line=first, last=last, suggestion=fixed.removesuffix("\r"))


def _offset(lines: Sequence[str], place: Mapping[str, int]) -> int:
    return sum(len(line) + 1 for line in lines[: place["row"] - 1]) + place["column"] - 1
