"""Python by a named subset of ruff's rules, without any settings but the target version."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from devchat import languages
from devchat.analyzers import Analyzer
from devchat.analyzers.introduced import introduced
from devchat.analyzers.pairs import Pair, pairs, text_lines
from devchat.analyzers.problem import Problem
from devchat.analyzers.python_target import python_target
from devchat.analyzers.ruff_rules import BUILTINS, RULES
from devchat.analyzers.shared_default import is_shared
from devchat.analyzers.tool import Tool, by_file, find_tool, of_both
from devchat.changes import Diff, Finding, Source

_OPTIONS = (
    *("check", "--isolated", "--no-cache", "--no-preview", "--no-fix", "--exit-zero", "--quiet"),
    *("--no-respect-gitignore", "--no-force-exclude", "--output-format", "json"),
    *("--config", f"builtins = {json.dumps(BUILTINS)}"),
)
# Faults of syntax that Python finds only after it has parsed.
_SYNTAX = re.compile(r"Cannot use .* on Python 3\.\d+ \(syntax was added in|Duplicate (param|keyw)")
# Names may come to be, or be missed on purpose, in ways that no reader of the text can follow.
_NAMES_AT_RUN_TIME = re.compile(
    r"\b(globals|locals|vars|exec|eval)\(|\bNameError\b|\b__builtins__\b|\bPY[23]\b"
)
_TESTS = re.compile(r"(^|[/_.])(tests?|conftest|testing|bench(marks?)?)([/_.]|$)")


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
                base, head = (
                    [_problem(one, text) for one in items if _is_sure(one, pair.path, text, target)]
                    for items, text in zip(found(number), (pair.base, pair.head), strict=True)
                )
                yield from introduced(self.name, pair, base, head)


def open_analyzer() -> Analyzer:
    """Return the analyzer."""
    return Ruff(find_tool("ruff", "ruff"))


def _is_python(pair: Pair) -> bool:
    lone = "\r" in pair.head.replace("\r\n", "")  # ruff counts it as the end of a line.
    return languages.of(pair.path) == "python" and not lone


def _is_sure(item: Mapping[str, Any], path: str, text: str, target: str) -> bool:
    """Tell whether what ruff says of a text is beyond doubt."""
    code = item["code"]
    if code == "invalid-syntax" or code is None:
        known = _SYNTAX.match(item["message"])
        return bool(known) and (bool(target) or not item["message"].startswith("Cannot"))
    sure = {
        "F811": _is_redefinition,
        "F821": _is_unknown,
        "F822": _is_unknown,
        "B006": _is_kept,
        "PLE1205": _is_percent,
    }
    if code == "B015" or code.startswith("ASYNC"):
        return not _TESTS.search(path)
    if code == "F822" and path.endswith("__init__.py"):
        return False  # Names of modules in the folder are right there.
    return code in RULES and (code not in sure or sure[code](item, text))


def _is_redefinition(item: Mapping[str, Any], text: str) -> bool:
    """Tell whether a function or class is defined twice at one depth, the later one undecorated."""
    found = re.search(r"from line (\d+)", item["message"])
    lines = text_lines(text)
    first, second = int(found[1]) if found else 0, item["location"]["row"]
    if not 0 < first < second <= len(lines) or lines[second - 2].lstrip().startswith("@"):
        return False
    heads = [re.match(r"(\s*)(?:async )?(def|class) ", lines[at - 1]) for at in (first, second)]
    indents = {one[1] for one in heads if one}
    between = lines[first : second - 1]
    return all(heads) and len(indents) == 1 and not _branches(between, indents.pop())


def _branches(lines: Sequence[str], indent: str) -> bool:
    """Tell whether lines lead out of a block, as `else:` does."""
    return any(
        line.strip() and not line.startswith(indent) or re.match(r"\s*(else|elif|except)\b", line)
        for line in lines
        if len(line) - len(line.lstrip()) < max(len(indent), 1)
    )


def _is_unknown(item: Mapping[str, Any], text: str) -> bool:
    """Tell whether no other part of a text may bring a name about."""
    found = re.search(r"`([^`]+)`", item["message"])
    if not found or _NAMES_AT_RUN_TIME.search(text):
        return False
    name = re.escape(found[1])
    rest = text_lines(text)[item["location"]["row"] - 1 :]
    later = re.compile(rf"\b{name}\b[^=(]*(?<![=!<>])=(?!=)|\b(for|as|import)\b.*\b{name}\b")
    deleted = re.search(rf"\bdel\b.*\b{name}\b", text)
    return not deleted and not any(map(later.search, _of_function(rest)))


def _of_function(lines: Sequence[str]) -> Iterator[str]:
    """Yield lines as long as they may be in the function that the first is in: loops come back."""
    indent = len(lines[0]) - len(lines[0].lstrip())
    for line in lines[1:] if indent else ():
        if re.match(r"\s*(async\s+)?(def|class)\b", line) and not line[: indent - 1].isspace():
            return
        yield line


def _is_percent(item: Mapping[str, Any], text: str) -> bool:
    """Tell whether a message for the log is of the `%s` form; loggers of one's own may do more."""
    rows = slice(item["location"]["row"] - 1, item["end_location"]["row"])
    return "{" not in "".join(text_lines(text)[rows])


def _is_kept(item: Mapping[str, Any], text: str) -> bool:
    return is_shared(text, item["location"]["row"], item["location"]["column"])


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
