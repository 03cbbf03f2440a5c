"""What runners of tests print: which tests failed, where, and why."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from devchat.explain.message import LONGEST, Message
from devchat.explain.sample import LONGEST_LINE, clipped, matches

Read = tuple[list[Message], str]
"""The failed tests, and the runner's own summary."""

# pytest: a heading for each failed test, its traceback, then a line for each of them.
_HEADING = re.compile(r"_{2,} (?P<error>ERROR (?:at \w+ of|collecting) )?(?P<test>\S.*?) _{2,}$")
_PLACE = re.compile(
    r"(?P<path>[^\s:]+\.py):(?P<line>\d{1,9}): (?:in .+|(?P<code>\w+(?:Error|Exception)?))$"
)
_REASON = re.compile(r"E {3,}(?P<text>\S.*)")
_FAILED = re.compile(
    r"(?P<severity>FAILED|ERROR) (?P<path>[^\s:]+)(?:::(?P<test>\S+))?(?: - (?P<text>.*))?$"
)
_SUMMARY = re.compile(r"=* ?(?P<text>\d+ (?:passed|failed|error).* in [\d.]+s.*?) ?=*$")

# go test: the test, and below it what it said and where.
_GO_TEST = re.compile(r"\s*--- FAIL: (?P<test>\S+)")
_GO_SAID = re.compile(r"\s+(?P<path>[^\s:]+\.go):(?P<line>\d{1,9}): (?P<text>.*)")
_GO_SUMMARY = re.compile(r"(?P<text>(?:FAIL|ok)\s+\S+\s+\S+.*)")


@dataclass(slots=True)
class _Failure:
    """A failed test while its lines are read; the last place is the innermost."""

    test: str
    severity: str
    path: str = ""
    line: int = 0
    reason: str = ""
    code: str = ""

    def read(self, line: str) -> None:
        if found := _REASON.match(line):
            self.reason = self.reason or found["text"]
        elif found := _PLACE.match(line):
            self.path, self.line = found["path"], int(found["line"])
            self.code = found["code"] or self.code

    def message(self) -> Message:
        return _message(self.path, self.line, self.severity, self.test, self.reason, self.code)


def _message(
    path: str, line: int, severity: str, test: str, reason: str, code: str = ""
) -> Message:
    text = " - ".join(part for part in (test, reason) if part)
    return Message(path, line, severity, clipped(text, LONGEST), code)


def _of_pytest(lines: Sequence[str]) -> Read:
    """Take each failed test from its traceback, and from the summary where that was left out."""
    failures: list[_Failure] = []
    told: list[Message] = []
    for line in (line[:LONGEST_LINE] for line in lines):
        if found := _HEADING.match(line):
            failures.append(_Failure(found["test"], "error" if found["error"] else "failed"))
        elif found := _FAILED.match(line):
            test = (found["test"] or "").replace("::", ".")
            if not any(one.test in (test, found["path"]) and one.path for one in failures):
                severity = found["severity"].lower()
                told.append(_message(found["path"], 0, severity, test, found["text"] or ""))
        elif failures:
            failures[-1].read(line)
    return [*(one.message() for one in failures if one.path), *told], _summary(lines, _SUMMARY)


def _of_go(lines: Sequence[str]) -> Read:
    return list(_go_failures(lines)), _summary(lines, _GO_SUMMARY)


def _go_failures(lines: Sequence[str]) -> Iterator[Message]:
    test = ""
    for line in (line[:LONGEST_LINE] for line in lines):
        if found := _GO_TEST.match(line):
            test = found["test"]
        elif test and (found := _GO_SAID.match(line)):
            yield _message(found["path"], int(found["line"]), "failed", test, found["text"])


def _summary(lines: Sequence[str], form: re.Pattern[str]) -> str:
    found = [match["text"] for _, match in matches(lines, form)]
    return clipped(" ".join(found[-1].split()), LONGEST) if found else ""


RUNNERS: Mapping[str, Callable[[Sequence[str]], Read]] = {"pytest": _of_pytest, "go-test": _of_go}
"""By kind."""
