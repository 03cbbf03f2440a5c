"""A review as SARIF, held to the official schema.

`sarif-2.1.0-rtm.5.json` is the schema of OASIS as the npm package @microsoft/jest-sarif
1.0.0-beta.0 carries it (MIT, Microsoft Corporation).
"""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import given
from jsonschema import Draft4Validator

from devchat.changes import Finding, Review
from devchat.render.review import render_review
from tests.render.review.sample import (
    CLEAN,
    DIFF,
    IDENTITY,
    NOWHERE,
    REMOVED,
    REVIEW,
    SECRET,
    one,
)
from tests.render.review.test_objects import REVIEWS


@cache
def official() -> Draft4Validator:
    schema = json.loads((Path(__file__).parent / "sarif-2.1.0-rtm.5.json").read_text())
    return Draft4Validator(schema)


def run_of(review: Review) -> Any:
    log = json.loads(render_review(review, DIFF, "sarif"))
    official().validate(log)
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    return run


def result_of(finding: Finding) -> Any:
    (result,) = run_of(one(finding))["results"]
    return result


@given(REVIEWS)
def test_any_review_matches_the_official_schema(review: Review) -> None:
    lines = tuple(replace(one, start_line=one.line) for one in review.findings)
    run_of(replace(review, findings=lines))


def test_a_finding_has_its_rule_place_and_fingerprint() -> None:
    result = result_of(IDENTITY)
    assert (result["ruleId"], result["level"]) == ("ruff/F632", "error")
    assert result["partialFingerprints"] == {"devchat/v1": "f00d"}
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "shop/cart.py", "uriBaseId": "%SRCROOT%"}
    assert (place["region"]["startLine"], place["region"]["endLine"]) == (42, 42)
    assert place["region"]["snippet"]["text"] == IDENTITY.quote


def test_rules_are_listed_once_and_pointed_at() -> None:
    run = run_of(replace(REVIEW, findings=(IDENTITY, SECRET, replace(IDENTITY, line=43))))
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert rules == ["ruff/F632", "secrets/AWS Access Key"]
    assert [one["ruleIndex"] for one in run["results"]] == [0, 1, 0]
    (rule,) = run_of(one(NOWHERE))["tool"]["driver"]["rules"]
    assert rule["id"] == "model/test"


def test_a_proven_suggestion_is_a_fix_of_whole_lines() -> None:
    (fix,) = result_of(IDENTITY)["fixes"]
    (replacement,) = fix["artifactChanges"][0]["replacements"]
    assert replacement == {
        "deletedRegion": {"startLine": 42, "endLine": 42},
        "insertedContent": {"text": "        if item.price == 0:"},
    }
    assert "fixes" not in result_of(replace(IDENTITY, proven=False))


def test_a_deletion_takes_the_line_end_along() -> None:
    (fix,) = result_of(replace(IDENTITY, suggestion=""))["fixes"]
    (replacement,) = fix["artifactChanges"][0]["replacements"]
    region = {"startLine": 42, "startColumn": 1, "endLine": 43, "endColumn": 1}
    assert replacement == {"deletedRegion": region}


def test_what_is_no_line_of_head_has_no_region() -> None:
    for finding in (REMOVED, NOWHERE):
        assert "region" not in result_of(finding)["locations"][0]["physicalLocation"]
    assert result_of(REMOVED)["message"]["text"].endswith("(about removed line 40)")


def test_paths_are_percent_encoded_whatever_their_bytes() -> None:
    finding = replace(IDENTITY, path="a b/%:名\udcff\ud800.py")
    place = result_of(finding)["locations"][0]["physicalLocation"]["artifactLocation"]
    assert place["uri"] == "a%20b/%25%3A%E5%90%8D%FF%EF%BF%BD.py"


def test_a_part_that_failed_makes_the_run_unsuccessful() -> None:
    (invocation,) = run_of(REVIEW)["invocations"]
    assert invocation["executionSuccessful"] is False
    told = [
        (one["level"], one["message"]["text"]) for one in invocation["toolExecutionNotifications"]
    ]
    assert ("error", "failed: 1 hunk in shop/web.py: no answer came") in told
    assert ("note", "2 more (1 warning, 1 note): --max-findings 6") in told
    assert run_of(CLEAN)["invocations"][0]["executionSuccessful"] is True
