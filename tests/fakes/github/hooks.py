"""Deliveries: what happened is told, signed, to one address, and kept to be sent again."""

from __future__ import annotations

import hashlib
import hmac
import json
import urllib.error
import urllib.request
from uuid import uuid4

from tests.fakes.github import values
from tests.fakes.github.models import Json, answer
from tests.fakes.github.state import Attempt, CheckRun, Pull, Repository, State

SECONDS = 10.0


def pull_event(action: str, pull: Pull, sender: str, **fields: Json) -> Json:
    """Write the payload of a `pull_request` event."""
    name = f"WebhookPullRequest{_camel(action)}"
    known = _around(pull.repository, sender) | fields
    known |= {"action": action, "number": pull.number, "pull_request": values.pull(pull)}
    whole: Json = answer(name, known)
    return whole


def check_event(action: str, check: CheckRun, pull: Pull, state: State, sender: str) -> Json:
    """Write the payload of a `check_run` event."""
    suite = {"id": check.id + 500_000, "head_sha": check.head, "app": values.app(state)}
    run = values.check_run(state, check) | {
        "check_suite": suite | {"pull_requests": [_minimal(pull)]},
        "pull_requests": [_minimal(pull)],
    }
    known = _around(pull.repository, sender) | {"action": action, "check_run": run}
    whole: Json = answer(f"WebhookCheckRun{_camel(action)}", known)
    return whole


def suite_event(action: str, check: CheckRun, pull: Pull, state: State, sender: str) -> Json:
    """Write the payload of a `check_suite` event."""
    suite = {
        "id": check.id + 500_000,
        "head_sha": check.head,
        "head_branch": pull.head_ref,
        "app": values.app(state),
        "pull_requests": [_minimal(pull)],
    }
    known = _around(pull.repository, sender) | {"action": action, "check_suite": suite}
    whole: Json = answer(f"WebhookCheckSuite{_camel(action)}", known)
    return whole


def _camel(action: str) -> str:
    return "".join(word.capitalize() for word in action.split("_"))


def _around(repository: Repository, sender: str) -> Json:
    return {
        "repository": values.repository(repository),
        "installation": {"id": repository.installation.id, "node_id": "I_1"},
        "sender": values.user(sender),
    }


def _minimal(pull: Pull) -> Json:
    here = {"id": pull.repository.id, "url": "", "name": pull.repository.name.partition("/")[2]}
    return {
        "id": pull.repository.id * 10_000 + pull.number,
        "number": pull.number,
        "url": "",
        "head": {"ref": pull.head_ref, "sha": pull.head, "repo": here},
        "base": {"ref": pull.base_ref, "sha": pull.base, "repo": here},
    }


def prepare(state: State, event: str, payload: Json, at: float) -> Attempt:
    """Make a delivery's first attempt, with a GUID of its own; it is not sent yet."""
    return Attempt(
        next(state.ids),
        str(uuid4()),
        event,
        payload.get("action"),
        json.dumps(payload).encode(),
        payload.get("installation", {}).get("id"),
        payload.get("repository", {}).get("id"),
        at,
    )


def again(state: State, first: Attempt, at: float) -> Attempt:
    """Make a further attempt of a delivery, under the same GUID."""
    return Attempt(
        next(state.ids),
        first.guid,
        first.event,
        first.action,
        first.body,
        first.installation,
        first.repository,
        at,
        redelivery=True,
    )


def send(attempt: Attempt, address: str, secret: str) -> None:
    """Send an attempt and note how that went: ten seconds, no redirects."""
    mac = hmac.new(secret.encode(), attempt.body, hashlib.sha256).hexdigest()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "GitHub-Hookshot/0000000",
        "X-GitHub-Delivery": attempt.guid,
        "X-GitHub-Event": attempt.event,
        "X-GitHub-Hook-ID": "1",
        "X-GitHub-Hook-Installation-Target-ID": "1",
        "X-GitHub-Hook-Installation-Target-Type": "integration",
        "X-Hub-Signature-256": f"sha256={mac}",
    }
    request = urllib.request.Request(address, attempt.body, headers)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=SECONDS) as response:
            attempt.status_code, attempt.status = response.status, "OK"
    except urllib.error.HTTPError as error:
        with error:
            attempt.status_code = error.code
            attempt.status = f"Invalid HTTP Response: {error.code}"
    except TimeoutError:
        attempt.status_code, attempt.status = 504, "timed out"
    except OSError:
        attempt.status_code, attempt.status = 502, "failed to connect to host"
