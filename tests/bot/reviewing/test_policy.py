"""`.devchat.toml`: from the default branch only, the last good one, and never another's."""

from __future__ import annotations

import pytest

from bot.forge import PullRef
from bot.reviewing import preview
from tests.bot.office import BROKEN, Office

FILE = ".devchat.toml"
IGNORE = 'ignore = ["*.json"]\n'
LEFT_OUT = "Nothing was reviewed: 1 file left out"


def titles(office: Office) -> list[str | None]:
    """The titles of all checks, oldest first."""
    return [one.title for one in office.repository.checks]


def test_the_policy_of_the_default_branch_holds(office: Office) -> None:
    office.hub.commit(office.repository, {FILE: IGNORE})
    pull = office.open({"a.json": BROKEN})
    office.work()
    assert titles(office) == [LEFT_OUT] and pull.reviews == []


def test_a_pull_can_t_change_how_it_is_reviewed(office: Office) -> None:
    pull = office.open({"a.json": BROKEN, FILE: IGNORE})
    office.work()
    (check,) = office.repository.checks
    assert check.conclusion == "failure" and len(pull.reviews[0].comments) == 1
    assert "alters `.devchat.toml`" in (check.summary or "").replace("\\", "")


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ('ignore = ["docs/"]\nignroe = []\n', 2, "unknown key"),
        ("[limits]\nmax_findings = 1000\n", 2, "whole number"),
        ('ignore = ["src/[a-Z]*.py"]\n', 1, "is no glob"),
        (b"language = '\xff'\n", 1, "not UTF-8"),
    ],
)
def test_a_pull_that_breaks_the_policy_is_told_at_the_line(
    office: Office, text: str | bytes, line: int, said: str
) -> None:
    pull = office.open({FILE: text})
    office.work()
    (comment,) = pull.reviews[0].comments
    assert (comment["path"], comment["line"]) == (FILE, line)
    assert said in comment["body"]
    assert office.repository.checks[0].conclusion == "failure"


def test_the_last_good_policy_stays_in_force(office: Office) -> None:
    office.hub.commit(office.repository, {FILE: IGNORE})
    pull = office.open({"a.json": BROKEN})
    office.work()
    office.hub.commit(office.repository, {FILE: "ignore = 7\n"})
    office.push(pull, {"b.json": BROKEN})
    office.work()
    check = office.repository.checks[-1]
    assert check.title == "Nothing was reviewed: 2 files left out"
    assert "the last good one is in force" in (check.summary or "")


@pytest.mark.parametrize("text", ["ignore = 7\n", 'ignore = ["src/[a-Z]*.py"]\n'])
def test_a_broken_policy_without_a_good_one_is_none(office: Office, text: str) -> None:
    office.hub.commit(office.repository, {FILE: text})
    pull = office.open({"a.json": BROKEN})
    office.work()
    assert len(pull.reviews) == 1
    assert "no policy is in force" in (office.repository.checks[0].summary or "")


def test_a_policy_that_went_away_is_not_taken_for_the_last_good_one(office: Office) -> None:
    office.hub.commit(office.repository, {FILE: IGNORE})
    pull = office.open({"a.json": BROKEN})
    office.work()
    office.hub.commit(office.repository, {FILE: None})
    office.push(pull, {"b.json": BROKEN})
    office.work()
    assert len(pull.reviews[0].comments) == 2


def test_no_policy_is_visible_to_another_repository(office: Office) -> None:
    office.hub.commit(office.repository, {FILE: IGNORE})
    other = office.hub.repository("octo/other", {"README.md": "another\n", FILE: "ignore = 7\n"})
    office.open({"a.json": BROKEN})
    pull = office.hub.open_pull(other, {"a.json": BROKEN})
    office.tell(pull, "opened")
    office.work()
    assert titles(office) == [LEFT_OUT]
    assert len(pull.reviews[0].comments) == 1


def test_a_preview_writes_nothing_anywhere(office: Office) -> None:
    pull = office.hub.open_pull(office.repository, {"a.json": BROKEN})
    office.hub.commit(office.repository, {FILE: "ignore = 7\n"})
    seen = preview(office.app, PullRef("octo/app", 1), office.desk)
    assert [one.path for one in seen.review.findings] == ["a.json"]
    assert [one.path for one in seen.diff.files] == ["a.json"]
    assert (pull.reviews, pull.comments, office.repository.checks) == ([], [], [])
    assert [
        one for one in office.hub.requests if one.method != "GET" and "/repos/" in one.path
    ] == []
