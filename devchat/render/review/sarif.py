"""A review as SARIF 2.1.0, for code scanning and editors.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from devchat import __version__
from devchat.changes import Finding, Review
from devchat.render.jsontext import to_json
from devchat.render.review import Shown
from devchat.render.review.facts import facts, overflow_line
from devchat.sanitize import single_line, visible

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_ROOT = "%SRCROOT%"
# What no file's name has, though Python's text may.
_NO_BYTE = re.compile("[\ud800-\udc7f\udd00-\udfff]")
_TOLD = ("skipped", "failed", "absent", "note")


def render(shown: Shown) -> str:
    """Write one log with one run."""
    return to_json(sarif_log(shown.review), indent=2) + "\n"


def sarif_log(review: Review) -> dict[str, Any]:
    """Return a review as a SARIF log."""
    rules = list(dict.fromkeys(map(_rule_id, review.findings)))
    run = {
        "tool": {"driver": _driver(review.findings, rules)},
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(review)],
        "results": [_result(one, rules) for one in review.findings],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _driver(findings: Sequence[Finding], rules: list[str]) -> dict[str, Any]:
    by_rule = {_rule_id(one): one for one in reversed(findings)}
    return {
        "name": "devchat",
        "semanticVersion": __version__,
        "rules": [_rule(rule, by_rule[rule]) for rule in rules],
    }


def _rule(rule: str, finding: Finding) -> dict[str, Any]:
    text = f"{finding.category}, found by {finding.source}"
    tags = {"tags": [single_line(finding.category)]} if finding.category else {}
    return {"id": rule, "shortDescription": {"text": single_line(text)}, "properties": tags}


def _rule_id(finding: Finding) -> str:
    return single_line(f"{finding.source}/{finding.rule or finding.category}")


def _result(finding: Finding, rules: list[str]) -> dict[str, Any]:
    rule = _rule_id(finding)
    removed = "" if finding.side == "RIGHT" else f"\n\n(about removed line {finding.line})"
    text = f"{single_line(finding.title)}\n\n{visible(finding.body)}".strip() + removed
    result: dict[str, Any] = {
        "ruleId": rule,
        "ruleIndex": rules.index(rule),
        "level": finding.severity,
        "message": {"text": text},
        "locations": [{"physicalLocation": _location(finding)}],
        "properties": {"category": finding.category, "side": finding.side},
    }
    if finding.fingerprint:
        result["partialFingerprints"] = {"devchat/v1": finding.fingerprint}
    if finding.suggestion is not None and finding.proven:
        result["fixes"] = [_fix(finding, finding.suggestion)]
    return result


def _location(finding: Finding) -> dict[str, Any]:
    """Say where; a removed line has no place in the files as they are now."""
    location: dict[str, Any] = {"artifactLocation": _artifact(finding)}
    if finding.line is not None and finding.side == "RIGHT":
        snippet = {"snippet": {"text": visible(finding.quote)}} if finding.quote else {}
        location["region"] = _lines(finding) | snippet
    return location


def _artifact(finding: Finding) -> dict[str, Any]:
    name = _NO_BYTE.sub("\ufffd", finding.path)
    path = quote(name.encode("utf-8", "surrogateescape"))
    return {"uri": path, "uriBaseId": _ROOT}


def _lines(finding: Finding) -> dict[str, Any]:
    return {"startLine": finding.start_line, "endLine": finding.line}


def _fix(finding: Finding, suggestion: str) -> dict[str, Any]:
    """Replace whole lines; to delete them takes their line end along."""
    assert finding.line is not None
    region = _lines(finding)
    replacement: dict[str, Any] = {"deletedRegion": region}
    if suggestion:
        replacement["insertedContent"] = {"text": suggestion.removesuffix("\n")}
    else:
        end = {"startColumn": 1, "endLine": finding.line + 1, "endColumn": 1}
        replacement["deletedRegion"] = region | end
    change = {"artifactLocation": _artifact(finding), "replacements": [replacement]}
    return {"description": {"text": "the suggested replacement"}, "artifactChanges": [change]}


def _invocation(review: Review) -> dict[str, Any]:
    """Say whether all was reviewed, and tell what was not."""
    told = [
        {"level": _level(fact.label), "message": {"text": f"{fact.label}: {fact.text}"}}
        for fact in facts(review.receipt)
        if fact.label in _TOLD
    ]
    if more := overflow_line(review):
        told.append({"level": "note", "message": {"text": more}})
    return {
        "executionSuccessful": not review.receipt.failed,
        "toolExecutionNotifications": told,
    }


def _level(label: str) -> str:
    return "error" if label == "failed" else "note"
