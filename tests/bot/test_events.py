"""What each delivery asks for, on payloads that GitHub's own description accepts."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from bot.events import (
    REVIEW,
    SKIP,
    TRIGGERS,
    ForgetPull,
    Intent,
    Nothing,
    ReviewPulls,
    from_job,
    read_intent,
    to_job,
)
from bot.webhook import Delivery, DeliveryError, to_delivery
from tests.bot.payloads import (
    APP,
    HEAD,
    INSTALLATION,
    OTHER,
    REPOSITORY,
    check,
    named_pull,
    pull_request,
    repository,
)

GUID = "72d3162e-cc78-11e3-81ab-4c9367dc0958"


def decide(event: str, payload: dict[str, Any], *, drafts: bool = False) -> Intent:
    return read_intent(to_delivery(GUID, event, payload), APP, drafts=drafts)


def review(trigger: str, *, numbers: tuple[int, ...] = (3,), again: bool = False) -> ReviewPulls:
    return ReviewPulls(REPOSITORY, numbers, HEAD, INSTALLATION, trigger, again)


def forget(why: str) -> ForgetPull:
    return ForgetPull(REPOSITORY, 3, INSTALLATION, why)


@pytest.mark.parametrize("action", sorted(TRIGGERS))
def test_a_pull_that_opens_or_changes_is_reviewed(action: str) -> None:
    assert decide("pull_request", pull_request(action)) == review(action)


OURS = f"review:{REPOSITORY}#12:{HEAD}:1"
LEADS_AWAY = named_pull(4, base=77)
PULLS: list[tuple[dict[str, Any], Intent]] = [
    (pull_request("closed"), forget("closed")),
    (pull_request("closed", sender="merge-queue[bot]"), forget("closed")),
    (pull_request("converted_to_draft", draft=True), forget("converted to a draft")),
    (pull_request("labeled", added=SKIP, labels=[SKIP]), forget(f"label {SKIP}")),
    (pull_request("labeled", added=REVIEW), review(f"label {REVIEW}", again=True)),
    (pull_request("labeled", added="bug"), Nothing("`pull_request.labeled` asks for nothing")),
    (pull_request("edited", changes={}), Nothing("`pull_request.edited` asks for nothing")),
    (pull_request("opened", sender="renovate[bot]"), Nothing("sent by a bot")),
    (pull_request("synchronize", sender="devchat[bot]"), Nothing("sent by a bot")),
    (pull_request("opened", draft=True), Nothing("the pull is a draft")),
    (pull_request("labeled", added=REVIEW, draft=True), Nothing("the pull is a draft")),
    (pull_request("labeled", added=REVIEW, state="closed"), Nothing("the pull is closed")),
    (pull_request("opened", labels=[SKIP]), Nothing(f"the pull has the label `{SKIP}`")),
    (
        pull_request("labeled", added=REVIEW, labels=[SKIP, REVIEW]),
        Nothing(f"the pull has the label `{SKIP}`"),
    ),
]
RUN, SUITE = "check_run rerequested", "check_suite rerequested"
CHECKS: list[tuple[str, dict[str, Any], Intent]] = [
    ("check_run", {"pulls": [named_pull(3)]}, review(RUN, again=True)),
    ("check_suite", {"pulls": [named_pull(3)]}, review(SUITE, again=True)),
    (
        "check_suite",
        {"pulls": [named_pull(3), named_pull(8), named_pull(9, head=OTHER), LEADS_AWAY]},
        review(SUITE, numbers=(3, 8), again=True),
    ),
    # A fork's pulls are not named; our own check says which it was.
    ("check_run", {"external_id": OURS}, review(RUN, numbers=(12,), again=True)),
    ("check_run", {"external_id": "another's"}, review(RUN, numbers=(), again=True)),
    ("check_run", {"external_id": OURS.replace(HEAD, OTHER)}, review(RUN, numbers=(), again=True)),
    ("check_suite", {}, review(SUITE, numbers=(), again=True)),
    ("check_run", {"app": {"id": 8, "slug": "ci"}}, Nothing("the check is another App's")),
    ("check_suite", {"sender": "ci[bot]"}, Nothing("sent by a bot")),
]


@pytest.mark.parametrize(("payload", "intent"), PULLS)
def test_what_a_pull_request_asks_for(payload: dict[str, Any], intent: Intent) -> None:
    assert decide("pull_request", payload) == intent


@pytest.mark.parametrize(("event", "fields", "intent"), CHECKS)
def test_what_a_requested_check_asks_for(
    event: str, fields: dict[str, Any], intent: Intent
) -> None:
    assert decide(event, check(event, **fields)) == intent


@pytest.mark.parametrize(("accounts", "wanted"), [((), True), (("octo",), True), (("x",), False)])
def test_only_the_owner_s_accounts_are_reviewed(accounts: tuple[str, ...], wanted: bool) -> None:
    payload = pull_request("opened") | {"repository": repository("Octo/app")}
    delivery = to_delivery(GUID, "pull_request", payload)
    intent = read_intent(delivery, APP, accounts=accounts)
    assert isinstance(intent, ReviewPulls) == wanted
    closed = to_delivery(GUID, "pull_request", pull_request("closed"))
    assert isinstance(read_intent(closed, APP, accounts=accounts), ForgetPull)


def test_drafts_are_reviewed_where_the_owner_says_so() -> None:
    assert decide("pull_request", pull_request("opened", draft=True), drafts=True) == review(
        "opened"
    )
    became = decide("pull_request", pull_request("converted_to_draft", draft=True), drafts=True)
    assert became == Nothing("`pull_request.converted_to_draft` asks for nothing")


@pytest.mark.parametrize(
    ("event", "action"), [("ping", ""), ("check_run", "created"), ("push", "")]
)
def test_other_events_ask_for_nothing(event: str, action: str) -> None:
    name = f"{event}.{action}" if action else event
    intent = read_intent(Delivery(GUID, event, action, {}), APP)
    assert intent == Nothing(f"`{name}` asks for nothing")


def broken(**fields: Any) -> dict[str, Any]:
    return pull_request("opened") | fields


@pytest.mark.parametrize(
    "payload",
    [
        broken(pull_request=None),
        broken(pull_request={"number": 3}),
        broken(installation={}),
        broken(repository={"full_name": "../../etc"}),
        broken(repository={"full_name": 7}),
        pull_request("opened", head={"sha": "HEAD; rm -rf"}),
        broken(sender="ann"),
    ],
)
def test_a_payload_of_another_form_is_refused(payload: dict[str, Any]) -> None:
    with pytest.raises(DeliveryError, match=r"not one of `pull_request.opened`") as caught:
        decide("pull_request", payload)
    assert caught.value.status == 400


@pytest.mark.parametrize("intent", [review("opened", numbers=(3, 8)), forget("closed")])
def test_an_intent_survives_the_queue(intent: ReviewPulls | ForgetPull) -> None:
    job = to_job(intent, GUID)
    assert (job.kind, job.id, job.lane) == ("intake", GUID, str(INSTALLATION))
    assert from_job(replace(job, payload=json.loads(json.dumps(job.payload)))) == intent


def test_nothing_that_a_stranger_wrote_goes_into_the_queue() -> None:
    intent = decide("pull_request", pull_request("opened", title="PWNED", body="PWNED"))
    assert isinstance(intent, ReviewPulls)
    assert "PWNED" not in json.dumps(to_job(intent, GUID).payload)
