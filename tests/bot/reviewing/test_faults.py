"""What may break between a delivery and its review, each row by its name."""

from __future__ import annotations

from pathlib import Path

import pytest

from devchat.settings import Paths
from tests.bot.office import BROKEN, Office
from tests.fakes.github import GitHub, Pull

FILES = {f"{number}.json": BROKEN for number in range(6)}


def holds_one_of_each(office: Office, pull: Pull) -> None:
    """One review with five comments, one comment for the rest, one completed check."""
    assert [len(one.comments) for one in pull.reviews] == [5]
    assert len(pull.comments) == 1
    assert [one.status for one in office.repository.checks] == ["completed"]
    assert len(office.repository.checks[0].annotations) == 5


@pytest.mark.parametrize(
    "step", ["look", "enqueue", "open", "fetch", "review", "post", "close", "note"]
)
def test_kill_between_a_write_to_github_and_its_record(office: Office, step: str) -> None:
    office.queue.kill = step
    pull = office.open(FILES)
    office.work()
    assert office.queue.kill == ""
    holds_one_of_each(office, pull)


@pytest.mark.parametrize("kind", ["after", "reset after", "refuse", "reset"])
@pytest.mark.parametrize(
    "match",
    ["POST .*/reviews$", "POST .*/check-runs$", "POST .*/comments$", "PATCH .*/check-runs/"],
)
def test_502_after_success_and_before_it(office: Office, match: str, kind: str) -> None:
    office.hub.fail(match, kind)  # type: ignore[arg-type]
    pull = office.open(FILES)
    office.work()
    assert len(office.queue.waits) == 1
    holds_one_of_each(office, pull)


@pytest.mark.parametrize(
    "match", ["GET .*/pulls/1$", "GET .*/contents", "POST .*/reviews$", "PATCH .*/check-runs/"]
)
def test_token_expiry_mid_review(office: Office, match: str) -> None:
    office.hub.fail(match, "expire")
    pull = office.open(FILES)
    office.work()
    assert office.queue.waits == []
    holds_one_of_each(office, pull)


def test_403_with_retry_after(office: Office) -> None:
    headers = {"retry-after": "7"}
    office.hub.fail("POST .*/reviews$", "refuse", status=403, message="slow", headers=headers)
    pull = office.open(FILES)
    office.work()
    assert office.queue.waits == [7.0]
    holds_one_of_each(office, pull)


def test_a_push_during_a_review_and_the_old_one_never_posts(office: Office) -> None:
    heads: list[str] = []
    pull = office.hub.open_pull(office.repository, FILES)

    def push(step: str) -> None:
        if step == "post" and not heads:
            heads.append(office.hub.push(pull, {"9.json": BROKEN}))

    office.queue.meanwhile = push
    office.tell(pull, "opened")
    office.work()
    # The newest head is reviewed even if its delivery never comes, and once if it does.
    assert [one.commit for one in pull.reviews] == heads
    old, new = office.repository.checks
    assert (old.conclusion, new.conclusion) == ("neutral", "failure")
    assert "newer commit" in (old.title or "")
    office.tell(pull, "synchronize")
    office.work()
    assert [one.commit for one in pull.reviews] == heads


def test_a_review_under_way_ends_when_a_newer_head_is_delivered(office: Office) -> None:
    pull = office.open(FILES)
    intake, *_ = office.queue.waiting()
    office.queue.attempt(office.handlers, intake)

    def push(step: str) -> None:
        if step == "fetch":
            office.queue.meanwhile = lambda step: None
            office.push(pull, {"9.json": BROKEN})
            office.queue.attempt(office.handlers, office.queue.jobs["guid-1"])

    office.queue.meanwhile = push
    office.work()
    assert [one.conclusion for one in office.repository.checks] == ["neutral", "failure"]
    assert [one.commit for one in pull.reviews] == [pull.head]
    outcomes = {row.head: row.outcome for row in office.ledger.reviews()}
    assert sorted(outcomes.values()) == ["failure", "superseded"]


def test_5_pushes_in_1_s_and_1_review_of_the_newest_head(office: Office) -> None:
    pull = office.open({"0.json": BROKEN})
    for number in range(1, 6):
        office.push(pull, {f"{number}.json": BROKEN})
    office.work()
    assert [one.commit for one in pull.reviews] == [pull.head]
    assert [one.head for one in office.repository.checks] == [pull.head]


def test_a_push_waits_a_moment_for_the_next(office: Office) -> None:
    pull = office.open({"0.json": BROKEN})
    office.work()
    office.push(pull, {"1.json": BROKEN})
    office.work()
    assert [job.delay for job in office.queue.jobs.values() if job.kind == "review"] == [0.0, 2.0]


def test_a_push_back_to_an_older_head_is_reviewed_again(office: Office) -> None:
    pull = office.hub.open_pull(office.repository, {"0.json": BROKEN})
    first = pull.head

    def push(step: str) -> None:
        if step == "post" and pull.head == first:
            office.hub.push(pull, {"1.json": BROKEN})

    office.queue.meanwhile = push
    office.tell(pull, "opened")
    office.work()
    office.queue.meanwhile = lambda step: None
    pull.head = first
    office.tell(pull, "synchronize")
    office.work()
    of_first = [row for row in office.ledger.reviews() if row.head == first]
    assert [row.outcome for row in of_first] == ["failure", "superseded"]
    checks = [one.conclusion for one in office.repository.checks if one.head == first]
    assert checks == ["neutral", "failure"]


def test_a_pull_closed_during_its_review_gets_nothing_posted(office: Office) -> None:
    pull = office.open(FILES)
    office.queue.meanwhile = lambda step: office.hub.close(pull) if step == "post" else None
    office.work()
    (check,) = office.repository.checks
    assert (check.conclusion, pull.reviews) == ("neutral", [])
    assert (check.title or "").startswith("Not to be reviewed")


def test_a_pull_that_is_reopened_while_its_review_ends_is_reviewed(office: Office) -> None:
    pull = office.open(FILES)

    def meanwhile(step: str) -> None:
        if step == "post":
            office.hub.close(pull)
        if step == "close":  # that it is not wanted is decided, and not written down yet
            office.queue.meanwhile = lambda step: None
            pull.state = "open"
            office.tell(pull, "reopened")
            office.queue.attempt(office.handlers, office.queue.jobs["guid-1"])

    office.queue.meanwhile = meanwhile
    office.work()
    assert [one.conclusion for one in office.repository.checks] == ["neutral", "failure"]
    assert [one.commit for one in pull.reviews] == [pull.head]


def test_a_pull_that_is_not_wanted_any_more_ends_before_it_is_opened(office: Office) -> None:
    pull = office.open(FILES)
    intake, *_ = office.queue.waiting()
    office.queue.attempt(office.handlers, intake)
    office.hub.label(pull, "devchat:skip")
    office.tell(pull, "labeled", label={"name": "devchat:skip"})
    office.queue.attempt(office.handlers, office.queue.jobs["guid-1"])
    office.work()
    assert (office.repository.checks, pull.reviews) == ([], [])
    assert [one.outcome for one in office.ledger.reviews()] == ["unwanted"]


def test_a_refusal_for_good_is_told_by_the_check(office: Office) -> None:
    office.hub.fail("GET .*/pulls/1/reviews", "refuse", status=403, message="not for you")
    pull = office.open(FILES)
    office.work()
    (check,) = office.repository.checks
    assert check.conclusion == "neutral" and "not for you" in (check.summary or "")
    assert [one.outcome for one in office.ledger.reviews()] == ["failed"]
    office.tell(pull, "reopened")
    office.work()
    assert len(pull.reviews) == 1


def test_a_repository_that_is_gone_ends_the_job(office: Office) -> None:
    office.open(FILES)
    intake, *_ = office.queue.waiting()
    office.queue.attempt(office.handlers, intake)
    office.hub.state.repositories.clear()
    office.work()
    assert [one.outcome for one in office.ledger.reviews()] == ["failed"]


def test_a_pull_that_is_gone_asks_for_nothing(office: Office) -> None:
    office.open(FILES)
    office.hub.state.repositories.clear()
    office.work()
    assert list(office.queue.jobs) == ["guid-0", "guid-0:later"]


def test_no_token_is_kept(office: Office, home: Path) -> None:
    office.open(FILES)
    office.work()
    tokens = set(office.hub.state.tokens)
    kept = str(office.queue.kept) + (home / "data" / "bot.db").read_bytes().decode("latin-1")
    assert tokens and not [one for one in tokens if one in kept or one[-40:] in kept]


def test_a_secret_of_the_change_is_kept_and_shown_nowhere(home: Path, paths: Paths) -> None:
    key = "AKIA" + "Q3EGRJ5T7XJ2LMNP"
    with GitHub(home) as hub:
        office = Office(hub, home, paths)
        pull = office.open({"a.py": f'key = "{key}"\n'})
        office.work()
        office.close()
    shown = str((pull.reviews, pull.comments, office.repository.checks))
    assert "a.py" in shown and key not in shown
    assert key not in str([steps[2] for steps in office.queue.kept.values() if len(steps) > 2])


def test_a_stale_answer_of_github_loses_no_review(office: Office) -> None:
    pull = office.hub.open_pull(office.repository, {"0.json": BROKEN})
    first, second = pull.head, office.hub.push(pull, {"1.json": BROKEN})
    office.tell(pull, "synchronize")

    def lag(step: str) -> None:
        # A copy of GitHub's that has not heard of the push answers the first look and the fetch.
        jobs = [one for one in office.queue.jobs.values() if one.kind == "intake"]
        pull.head = first if step in ("look", "fetch") and len(jobs) < 3 else second

    office.queue.meanwhile = lag
    office.work()
    assert [one.commit for one in pull.reviews] == [second]


@pytest.mark.parametrize(
    ("action", "field", "old", "new"),
    [("ready_for_review", "draft", True, False), ("reopened", "state", "closed", "open")],
)
def test_a_stale_answer_that_nothing_is_to_be_reviewed_loses_no_review(
    office: Office, action: str, field: str, old: object, new: object
) -> None:
    pull = office.hub.open_pull(office.repository, {"0.json": BROKEN})
    office.tell(pull, action)

    def lag(step: str) -> None:
        setattr(pull, field, old if step == "look" and len(office.queue.jobs) == 1 else new)

    office.queue.meanwhile = lag
    office.work()
    assert [one.commit for one in pull.reviews] == [pull.head]


def test_a_check_that_was_opened_is_closed_though_a_kill_hid_it(office: Office) -> None:
    pull = office.open(FILES)
    intake, *_ = office.queue.waiting()
    office.queue.attempt(office.handlers, intake)
    office.queue.kill = "open"
    office.queue.attempt(office.handlers, office.queue.waiting()[0])
    office.push(pull, {"9.json": BROKEN})
    office.queue.attempt(office.handlers, office.queue.jobs["guid-1"])
    office.work()
    assert [one.conclusion for one in office.repository.checks] == ["neutral", "failure"]
    assert [one.commit for one in pull.reviews] == [pull.head]


def test_what_a_worker_left_for_dead_can_be_asked_for_again(office: Office) -> None:
    pull = office.open(FILES)
    intake, *_ = office.queue.waiting()
    office.queue.attempt(office.handlers, intake)
    office.queue.kill = "fetch"
    (job,) = office.queue.waiting()
    office.queue.attempt(office.handlers, job)
    office.queue.done.append(job.id)  # given up for good
    office.ask_again(pull)
    office.work()
    assert [one.status for one in office.repository.checks] == ["in_progress", "completed"]
    assert len(pull.reviews) == 1
