"""GitHub workflows by a named subset of zizmor's audits, offline and without settings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from devchat.analyzers import Analyzer
from devchat.analyzers.introduced import introduced
from devchat.analyzers.pairs import Pair, pairs
from devchat.analyzers.problem import Problem
from devchat.analyzers.tool import Tool, by_file, find_tool, of_both
from devchat.changes import Diff, Finding, Severity, Source

RULES: Mapping[str, tuple[Severity, str, str]] = MappingProxyType(
    {
        "bot-conditions": ("error", "This check for a bot can be passed by others",
                           "`github.actor` is whoever acted last, not who wrote the pull. Ask "
                           "for `github.event.pull_request.user.login`."),
        "dangerous-triggers": ("warning", "This trigger runs a stranger's pull with the "
                               "repository's rights",
                               "With secrets and a token that can write. Use `pull_request`, or "
                               "make sure that no code of the pull is checked out or run."),
        "github-env": ("error", "What a stranger wrote may set the environment of later steps",
                       "A newline in it sets any variable, `LD_PRELOAD` for one, so it can run "
                       "any code. Do not write it to `GITHUB_ENV` or `GITHUB_PATH`."),
        "hardcoded-container-credentials": ("error", "A password is written into the workflow",
                                            "Whoever can read the repository can use it. Take it "
                                            "from `secrets`."),
        "insecure-commands": ("error", "Insecure workflow commands are switched on",
                              "Whatever a step prints can then set variables of later steps. "
                              "Write to `GITHUB_ENV` instead."),
        "overprovisioned-secrets": ("warning", "All secrets of the repository are handed over",
                                    "Name the ones that this step needs."),
        "template-injection": ("error", "What a stranger may have written becomes part of a script",
                               "`${{ }}` is put into the script before it runs: a title such as "
                               "`$(curl ...)` is executed. Pass it through `env:` and write "
                               "`\"$NAME\"`."),
        "unredacted-secrets": ("warning", "A secret that is taken apart is not masked in the log",
                               "`fromJSON` of a secret gives values that GitHub does not know "
                               "to be secret. Store them one by one."),
        "unsound-condition": ("error", "This condition is always true",
                              "Text around `${{ }}` makes it a string, and every string that is "
                              "not empty is true."),
        "unsound-contains": ("error", "This condition can be met by a name made for it",
                             "`contains` of a text finds parts of words. Compare with `==`, or "
                             "use `contains(fromJSON('[...]'), ...)`."),
    }
)  # fmt: skip
"""The audits that are asked for: severity, what is wrong, and why."""
# It fails where no file is a workflow, so one always is.
_NEVER_ALONE = {"999999.yml": "on: push\npermissions: {}\njobs: {}\n"}
_RIGHTS = re.compile(r"\b(pull_request_target|workflow_run|issue_comment)\b")
_WORKFLOW = re.compile(r"\.github/workflows/[^/]+\.ya?ml$")


@dataclass(frozen=True, slots=True)
class Zizmor:
    """Runs zizmor once over both sides of all workflows."""

    tool: Tool
    name: str = "zizmor"

    @property
    def version(self) -> str:
        """Return zizmor's version."""
        return self.tool.version

    @property
    def absent(self) -> str:
        """Say whether zizmor is missing."""
        return self.tool.absent

    def analyse(self, diff: Diff, source: Source) -> Iterable[Finding]:
        """Yield what the change brought."""
        judged = [one for one in pairs(diff, source) if _WORKFLOW.match(one.path)]
        texts = of_both(judged, _suffix)
        if not texts:
            return
        options = ["--quiet", "--offline", "--no-config", "--no-exit-codes", "--no-progress"]
        options += ["--color=never", "--persona=regular", "--min-confidence=medium"]
        out = self.tool.ask([*options, "--format=json-v1"], texts | _NEVER_ALONE)
        with self.tool.reading():
            items = [one for one in out if one["ident"] in RULES]
            found = by_file(
                items, lambda one: _primary(one)["symbolic"]["key"]["Local"]["verbatim_path"]
            )
            for number, pair in enumerate(judged):
                base, head = (
                    [_problem(one) for one in side if _is_sure(one, text)]
                    for side, text in zip(found(number), (pair.base, pair.head), strict=True)
                )
                yield from introduced(self.name, pair, base, head)


def open_analyzer() -> Analyzer:
    """Return the analyzer."""
    return Zizmor(find_tool("zizmor", "zizmor"))


def _suffix(pair: Pair) -> str:
    return "yml"


def _is_sure(item: Mapping[str, Any], text: str) -> bool:
    """Tell whether a finding matters: who acts does, where strangers' pulls have rights."""
    return item["ident"] != "bot-conditions" or bool(_RIGHTS.search(text))


def _primary(item: Mapping[str, Any]) -> Mapping[str, Any]:
    places: list[Mapping[str, Any]] = item["locations"]
    return next(one for one in places if one["symbolic"]["kind"] == "Primary")


def _problem(item: Mapping[str, Any]) -> Problem:
    place = _primary(item)["concrete"]["location"]
    first, end = place["start_point"]["row"] + 1, place["end_point"]
    last = max(first, end["row"] + (end["column"] > 0))
    severity, title, body = RULES[item["ident"]]
    return Problem(first, min(last, first + 9), item["ident"], severity, "security", title, body)
