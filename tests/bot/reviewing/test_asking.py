"""What asks for a review, and what keeps it off, from the delivery to what stands on the pull."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.ledger import ReviewRow
from tests.bot.office import BROKEN, Office

FILES = {"a.json": BROKEN}


def test_the_label_asks_for_one_review_more_of_the_same_head(office: Office) -> None:
    pull = office.open(FILES)
    office.work()
    office.hub.label(pull, "devchat:review")
    for _ in range(2):
        office.tell(pull, "labeled", label={"name": "devchat:review"})
        office.work()
    assert [one.conclusion for one in office.repository.checks] == ["failure"] * 3
    assert len(pull.reviews) == 1  # what stands there is not said again


def test_a_review_is_asked_for_once_more_though_the_clock_was_set_back(office: Office) -> None:
    pull = office.hub.open_pull(office.repository, FILES)
    ids = [f"review:octo/app#{pull.number}:{pull.head}:{attempt}" for attempt in (1, 2, 3)]
    for id, at in zip(ids, (40.0, 20.0), strict=False):
        row = ReviewRow(id, "octo/app", pull.number, pull.head, at, "success")
        office.ledger.begin_review(row)
    office.tell(pull, "labeled", label={"name": "devchat:review"})
    office.work()
    assert [job.id for job in office.queue.jobs.values() if job.kind == "review"] == ids[2:]


def test_the_label_to_skip_wins_over_the_one_to_review(office: Office) -> None:
    pull = office.hub.open_pull(office.repository, FILES, labels=("devchat:skip",))
    office.tell(pull, "labeled", label={"name": "devchat:review"})
    office.work()
    assert (office.repository.checks, pull.reviews) == ([], [])


def test_the_label_to_skip_stops_a_review_under_way(office: Office) -> None:
    pull = office.open(FILES)

    def label(step: str) -> None:
        if step == "review":
            office.hub.label(pull, "devchat:skip")

    office.queue.meanwhile = label
    office.work()
    (check,) = office.repository.checks
    assert (check.conclusion, pull.reviews) == ("neutral", [])
    assert (check.title or "").startswith("Not to be reviewed")


def test_drafts_are_reviewed_where_the_owner_wants_that(office: Office) -> None:
    office.desk = replace(office.desk, drafts=True)
    pull = office.hub.open_pull(office.repository, FILES, draft=True)
    office.tell(pull, "opened")
    office.work()
    assert len(pull.reviews) == 1


@pytest.mark.parametrize(
    ("headers", "message", "seconds"),
    [
        ({"retry-after": "7"}, "slow", 7.0),
        ({}, "You have exceeded a secondary rate limit", 60.0),
        (
            {
                "x-ratelimit-remaining": "0",
                "x-ratelimit-limit": "5000",
                "x-ratelimit-reset": "1000000030",
                "date": "Sun, 09 Sep 2001 01:46:40 GMT",
            },
            "API rate limit exceeded",
            31.0,
        ),
    ],
)
def test_403_with_retry_after_primary_reset_and_403_without_header(
    office: Office, headers: dict[str, str], message: str, seconds: float
) -> None:
    office.hub.fail("POST .*/reviews$", "refuse", status=403, message=message, headers=headers)
    pull = office.open(FILES)
    office.work()
    assert office.queue.waits == [seconds]
    assert len(pull.reviews) == 1 and office.repository.checks[0].conclusion == "failure"


def test_what_is_wanted_of_a_token_is_what_its_step_needs(office: Office) -> None:
    office.open(FILES)
    office.work()
    asked = office.hub.asked("POST /app/installations/11/access_tokens")
    assert [one.body for one in asked] == [
        {"repositories": ["app"], "permissions": {"contents": "read", "pull_requests": "read"}},
        {"repositories": ["app"], "permissions": {"checks": "write", "pull_requests": "write"}},
    ]
