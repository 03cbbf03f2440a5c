"""A review that died is not waited for in vain: its check ends and says why."""

from __future__ import annotations

import pytest

from tests.bot.office import BROKEN, Office
from tests.fakes.queue import Bug

FILES = {"a.json": BROKEN}
WHY = "devchat-bot itself failed: KeyError"


def break_at(office: Office, step: str) -> None:
    """Let a bug end the next job that comes to a step."""

    def meanwhile(name: str) -> None:
        if name == step:
            office.queue.meanwhile = lambda name: None
            raise Bug(WHY)

    office.queue.meanwhile = meanwhile


@pytest.mark.parametrize("step", ["open", "fetch", "review", "post", "close"])
def test_a_review_that_failed_for_good_ends_its_check_as_neutral_with_the_reason(
    office: Office, step: str
) -> None:
    break_at(office, step)
    pull = office.open(FILES)
    office.work()
    (check,) = office.repository.checks
    assert (check.status, check.conclusion) == ("completed", "neutral")
    assert check.title == "The review could not be done"
    assert WHY in (check.summary or "") and "Re-run this check" in (check.summary or "")
    assert [row.outcome for row in office.ledger.reviews()] == ["failed"]
    office.ask_again(pull)
    office.work()
    assert [one.conclusion for one in office.repository.checks] == ["neutral", "failure"]
    assert len(pull.reviews) == 1


def test_a_review_that_failed_after_its_check_ended_leaves_it_as_it_is(office: Office) -> None:
    break_at(office, "note")
    pull = office.open(FILES)
    office.work()
    (check,) = office.repository.checks
    assert (check.conclusion, check.title) == ("failure", "1 error")
    assert [row.outcome for row in office.ledger.reviews()] == ["failed"]
    assert len(pull.reviews) == 1


@pytest.mark.parametrize("step", ["look", "enqueue"])
def test_a_delivery_that_failed_for_good_gets_a_neutral_check_too(
    office: Office, step: str
) -> None:
    break_at(office, step)
    pull = office.open(FILES)
    office.work()
    (check,) = office.repository.checks
    assert (check.conclusion, check.head) == ("neutral", pull.head)
    (delivery,) = office.ledger.deliveries()
    assert delivery.outcome == f"failed: {WHY}"
    office.ask_again(pull)
    office.work()
    assert [one.conclusion for one in office.repository.checks] == ["neutral", "failure"]


def test_a_pull_to_be_forgotten_gets_no_check_when_that_fails(office: Office) -> None:
    pull = office.hub.open_pull(office.repository, FILES)
    break_at(office, "look")
    office.tell(pull, "closed")
    office.work()
    assert office.repository.checks == []
    assert [one.outcome for one in office.ledger.deliveries()] == [f"failed: {WHY}"]


def test_what_asks_for_a_check_again_and_fails_ends_the_checks_of_its_pulls(
    office: Office,
) -> None:
    from tests.fakes.github import hooks

    pull = office.open(FILES, fork="mona/app")
    office.work()
    check = office.repository.checks[0]
    payload = hooks.suite_event("rerequested", check, pull, office.hub.state, "mona")
    payload["check_suite"]["pull_requests"] = []
    break_at(office, "look")
    office.hand_in("check_suite", "rerequested", payload)
    office.work()
    assert [one.conclusion for one in office.repository.checks] == ["failure", "neutral"]


def test_a_burial_waits_for_github_and_ends_where_the_repository_is_gone(office: Office) -> None:
    break_at(office, "fetch")
    office.open(FILES)
    office.hub.fail("GET .*/check-runs", "refuse", times=2)
    office.work()
    assert len(office.queue.waits) == 2
    break_at(office, "look")
    office.open({"b.json": BROKEN})
    office.hub.state.repositories.clear()
    office.work()
    assert [job.id for job in office.queue.waiting()] == []
    assert [one.conclusion for one in office.repository.checks] == ["neutral"]
