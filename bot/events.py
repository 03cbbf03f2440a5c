"""A delivery -> what should happen, as a value. Pure: asks nobody and does nothing.

Of a delivery only numbers, shas and names go on: no text that a stranger wrote.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from bot.jobs import Job
from bot.webhook import Delivery, DeliveryError

SKIP, REVIEW = "devchat:skip", "devchat:review"
"""The labels that keep us off a pull, and that ask us to review it (again)."""
EVENTS = ("check_run", "check_suite", "pull_request")
"""What GitHub must tell us of; `app.yml` asks for exactly this."""
TRIGGERS = {"opened", "reopened", "ready_for_review", "synchronize"}
_OURS = re.compile(r"review:(?P<repository>[^#]+)#(?P<number>\d+):(?P<head>[0-9a-f]{40,64}):\d+")
_REPOSITORY = re.compile(r"[\w.-]{1,100}/[\w.-]{1,100}", re.ASCII)
_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


@dataclass(frozen=True, slots=True)
class ReviewPulls:
    """Review pulls at a head. `again`: a person asks, so do it even where it was done.

    `numbers` is empty where GitHub names none (it never does for a fork's checks): those pulls
    are meant whose newest head this is.
    """

    repository: str
    numbers: tuple[int, ...]
    head: str
    installation: int
    trigger: str
    again: bool = False


@dataclass(frozen=True, slots=True)
class ForgetPull:
    """Stop what is under way for a pull."""

    repository: str
    number: int
    installation: int
    why: str


@dataclass(frozen=True, slots=True)
class Nothing:
    """Nothing is to be done, and why."""

    why: str


Intent = ReviewPulls | ForgetPull | Nothing


def read_intent(
    delivery: Delivery, app: int, *, drafts: bool = False, accounts: Collection[str] = ()
) -> Intent:
    """Decide what a delivery asks for, being the App of that id.

    Where there are `accounts` (in lower case), nobody else's pulls are reviewed. Raises
    DeliveryError where a field that GitHub documents is missing.
    """
    try:
        intent = _intent(delivery, app, drafts=drafts)
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise DeliveryError(400, f"the payload is not one of `{delivery.name}`") from error
    if accounts and isinstance(intent, ReviewPulls):
        account = intent.repository.partition("/")[0]
        if account.lower() not in accounts:
            return Nothing(f"`{account}` is not one of `DEVCHAT_ACCOUNTS`")
    return intent


def _intent(delivery: Delivery, app: int, *, drafts: bool) -> Intent:
    if delivery.event == "pull_request":
        return _pull_intent(delivery, drafts=drafts)
    if delivery.event in ("check_run", "check_suite") and delivery.action == "rerequested":
        return _check_intent(delivery, app)
    return Nothing(f"`{delivery.name}` asks for nothing")


def subject_of(intent: Intent) -> dict[str, str]:
    """Say what an intent is about, for the logs."""
    if isinstance(intent, Nothing):
        return {}
    numbers = (intent.number,) if isinstance(intent, ForgetPull) else intent.numbers
    return {"repository": intent.repository, "pull": ",".join(map(str, numbers))}


def _pull_intent(delivery: Delivery, *, drafts: bool) -> Intent:
    payload, pull = delivery.payload, delivery.payload["pull_request"]
    label = payload["label"]["name"] if delivery.action == "labeled" else ""
    if ends := _ending(delivery.action, label, drafts=drafts):
        return ForgetPull(_repository(payload), int(pull["number"]), _installation(payload), ends)
    asked = label == REVIEW
    if not asked and delivery.action not in TRIGGERS:
        return Nothing(f"`{delivery.name}` asks for nothing")
    if why := _objection(payload, pull, drafts=drafts):
        return Nothing(why)
    trigger = f"label {REVIEW}" if asked else delivery.action
    numbers, head = (int(pull["number"]),), _sha(pull["head"]["sha"])
    where = _repository(payload), numbers, head, _installation(payload)
    return ReviewPulls(*where, trigger, again=asked)


def _ending(action: str, label: str, *, drafts: bool) -> str:
    """Say why nothing more is wanted for a pull; "" where something may be."""
    if action == "closed":
        return "closed"
    if action == "converted_to_draft" and not drafts:
        return "converted to a draft"
    return f"label {SKIP}" if label == SKIP else ""


def _objection(payload: Mapping[str, Any], pull: Mapping[str, Any], *, drafts: bool) -> str:
    """Say why a pull is not reviewed; "" where it is."""
    if _is_bot(payload):
        return "sent by a bot"
    if pull["state"] != "open":
        return "the pull is closed"
    if SKIP in [label["name"] for label in pull["labels"]]:
        return f"the pull has the label `{SKIP}`"
    return "the pull is a draft" if pull.get("draft") and not drafts else ""


def _check_intent(delivery: Delivery, app: int) -> Intent:
    payload, check = delivery.payload, delivery.payload[delivery.event]
    if check["app"]["id"] != app:
        return Nothing("the check is another App's")
    if _is_bot(payload):
        return Nothing("sent by a bot")
    repository, head = _repository(payload), _sha(check["head_sha"])
    named = [one for one in check["pull_requests"] if one["head"]["sha"] == head]
    numbers = [int(one["number"]) for one in named if _is_of(one, payload)]
    ours = _OURS.fullmatch(check.get("external_id") or "")
    if ours and (ours["repository"], ours["head"]) == (repository, head):
        numbers = [int(ours["number"])]
    trigger, installation = f"{delivery.event} {delivery.action}", _installation(payload)
    return ReviewPulls(repository, tuple(numbers), head, installation, trigger, again=True)


def _is_of(pull: Mapping[str, Any], payload: Mapping[str, Any]) -> bool:
    """Tell a pull into this repository from one that leads from it into another."""
    return bool(pull["base"]["repo"]["id"] == payload["repository"]["id"])


def _is_bot(payload: Mapping[str, Any]) -> bool:
    sender = payload["sender"]
    return sender["type"] == "Bot" or str(sender["login"]).endswith("[bot]")


def _repository(payload: Mapping[str, Any]) -> str:
    return _matched(_REPOSITORY, payload["repository"]["full_name"])


def _sha(value: object) -> str:
    return _matched(_SHA, value)


def _matched(form: re.Pattern[str], value: object) -> str:
    if not isinstance(value, str) or not form.fullmatch(value):
        raise ValueError("not a name of GitHub's")
    return value


def _installation(payload: Mapping[str, Any]) -> int:
    return int(payload["installation"]["id"])


def to_job(intent: ReviewPulls | ForgetPull, id: str, delay: float = 0.0) -> Job:
    """Make the job that sees to an intent; a delivery's has its GUID as id."""
    kind = "review" if isinstance(intent, ReviewPulls) else "forget"
    return Job("intake", id, {"kind": kind, **asdict(intent)}, str(intent.installation), delay)


def from_job(job: Job) -> ReviewPulls | ForgetPull:
    """Read the intent of a job that `to_job` made."""
    fields = {name: value for name, value in job.payload.items() if name != "kind"}
    if job.payload["kind"] == "forget":
        return ForgetPull(**fields)
    return ReviewPulls(**fields | {"numbers": tuple(fields["numbers"])})
