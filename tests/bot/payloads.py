"""Webhooks as GitHub's description has them: the fields that matter given, the others filled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.fakes.github.models import answer
from tests.fakes.github.values import label, user

Json = dict[str, Any]
APP = 7
INSTALLATION = 99
REPOSITORY = "octo/app"
HEAD, OTHER = "a" * 40, "b" * 40


def repository(name: str = REPOSITORY, id: int = 5) -> Json:
    """Describe a repository."""
    owner, _, short = name.partition("/")
    return {"id": id, "name": short, "full_name": name, "owner": user(owner)}


def envelope(action: str, sender: str, **fields: Any) -> Json:
    """Describe what every webhook of an App has."""
    installation = {"id": INSTALLATION, "node_id": "x"}
    shared = {"repository": repository(), "sender": user(sender), "installation": installation}
    return {"action": action, **shared, **fields}


def pull_request(
    action: str,
    *,
    sender: str = "ann",
    labels: Sequence[str] = (),
    added: str = "",
    **fields: Any,
) -> Json:
    """Write a webhook about pull 3; `added` is the label of `labeled`."""
    names = {"synchronize": "Synchronize", "ready_for_review": "ReadyForReview"}
    name = names.get(action) or action.title().replace("_", "")
    pull = {
        "number": 3,
        "state": "closed" if action == "closed" else "open",
        "draft": False,
        "head": {"sha": HEAD, "ref": "topic", "repo": repository("ann/app", 6)},
        "base": {"sha": OTHER, "ref": "main", "repo": repository()},
        "labels": [label(one) for one in labels],
        **fields,
    }
    known = envelope(action, sender, number=3, pull_request=pull)
    if action == "synchronize":
        known |= {"before": OTHER, "after": HEAD}
    if action == "labeled":
        known["label"] = label(added)
    written: Json = answer(f"WebhookPullRequest{name}", known)
    return written


def check(event: str, *, pulls: Sequence[Json] = (), sender: str = "ann", **fields: Any) -> Json:
    """Write a webhook about a re-requested `check_run` or `check_suite`."""
    name = {
        "check_run": "WebhookCheckRunRerequested",
        "check_suite": "WebhookCheckSuiteRerequested",
    }
    about = {
        "id": 1,
        "head_sha": HEAD,
        "app": {"id": APP, "slug": "devchat"},
        "pull_requests": list(pulls),
        **fields,
    }
    written: Json = answer(name[event], envelope("rerequested", sender, **{event: about}))
    return written


def named_pull(number: int, *, head: str = HEAD, base: int = 5) -> Json:
    """Describe a pull as a check names it; `base` is the id of the repository it leads into."""
    return {
        "id": number,
        "number": number,
        "url": "https://api.github.example/pull",
        "head": {"sha": head, "ref": "topic", "repo": _short(5)},
        "base": {"sha": OTHER, "ref": "main", "repo": _short(base)},
    }


def _short(id: int) -> Mapping[str, Any]:
    return {"id": id, "name": "app", "url": "https://api.github.example/repo"}
