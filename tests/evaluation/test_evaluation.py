"""What analyzers find and an ideal reviewer loses nothing of; and the page says so."""

from __future__ import annotations

import pytest

from tests.evaluation.cases import read_cases
from tests.evaluation.contestants import fixed, recorded
from tests.evaluation.page import PAGE, page
from tests.evaluation.running import run
from tests.evaluation.scoring import Outcome, Row, rows

pytestmark = pytest.mark.long
CASES = read_cases()
ORDER = ("note", "warning", "error")


@pytest.fixture(scope="module")
def table() -> list[Row]:
    """All rows of the evaluation: made once, for it takes most of a minute."""
    return rows(run((*fixed(), *recorded()), CASES))


@pytest.fixture(scope="module")
def analyzers(table: list[Row]) -> list[Outcome]:
    return list(table[0].outcomes)


@pytest.fixture(scope="module")
def oracle(table: list[Row]) -> list[Outcome]:
    return list(table[1].outcomes)


def test_analyzers_find_what_they_must(analyzers: list[Outcome]) -> None:
    must = {
        (case.name, golden.analyzer, golden.rule)
        for case in CASES
        for golden in case.golden
        if golden.analyzer
    }
    said = {(one.case.name, f.source, f.rule) for one in analyzers for f in one.review.findings}
    assert must - said == set()


def test_analyzers_say_nothing_but_where_a_fault_is(analyzers: list[Outcome]) -> None:
    theirs = {one.name for one in CASES if any(fault.analyzer for fault in one.golden)}
    assert {one.case.name for one in analyzers if one.found} == theirs
    assert {one.case.name for one in analyzers if one.review.findings} == theirs
    assert [one.case.name for one in analyzers if one.wrong] == []


def test_clean_changes_stay_silent(analyzers: list[Outcome], oracle: list[Outcome]) -> None:
    loud = [one for one in (*analyzers, *oracle) if one.case.clean and one.review.findings]
    assert [(one.case.name, one.review.findings) for one in loud] == []


def test_nothing_that_an_ideal_reviewer_says_is_lost(oracle: list[Outcome]) -> None:
    assert [one.case.name for one in oracle if one.missed or one.wrong] == []
    # There the parser stumbles over the markers as well.
    twice = [one for one in oracle if len(one.review.findings) > len(one.case.golden)]
    assert {one.case.name for one in twice} <= {"java-merge-markers"}
    states = {h.state for one in oracle for file in one.review.receipt.files for h in file.hunks}
    assert states == {"reviewed", "skipped"}


def test_a_fault_is_as_bad_as_it_deserves(oracle: list[Outcome], analyzers: list[Outcome]) -> None:
    soft = [
        (golden.path, finding.severity)
        for one in (*oracle, *analyzers)
        for golden in one.found
        for finding in one.review.findings
        if ORDER.index(finding.severity) < ORDER.index(golden.severity)
    ]
    assert soft == []


def test_the_suggestions_of_an_ideal_reviewer_are_proven(oracle: list[Outcome]) -> None:
    proven = {one.case.name for one in oracle if one.proven}
    suggested = {one.name for one in CASES if any(g.suggestion is not None for g in one.golden)}
    unproven = {one.name for one in CASES if any(fault.unproven for fault in one.golden)}
    assert proven == suggested - unproven


def test_the_page_is_what_the_command_makes(table: list[Row]) -> None:
    assert PAGE.read_text("utf-8") == page(table, CASES), "run `make eval`"
