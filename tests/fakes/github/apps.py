"""Answers about being an App: itself, installations, tokens, deliveries."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlencode

from tests.fakes.github import values
from tests.fakes.github.calls import Call, Reply, paged, route
from tests.fakes.github.models import Json, answer, written_time
from tests.fakes.github.refusal import not_found
from tests.fakes.github.state import Attempt, Installation


def show_app(call: Call) -> Reply:
    """GET /app"""
    return Reply(200, answer("Integration", values.app(call.state)))


def show_hook(call: Call) -> Reply:
    """GET /app/hook/config"""
    config = {"url": call.state.hook or "https://nobody.example", "content_type": "json"}
    return Reply(200, answer("WebhookConfig", config))


def list_installations(call: Call) -> Reply:
    """GET /app/installations"""
    rows, headers = paged(call, list(call.state.installations.values()))
    return Reply(200, [_installation(call, one) for one in rows], headers)


def show_installation(call: Call) -> Reply:
    """GET /app/installations/ID"""
    return Reply(200, _installation(call, _found(call)))


def make_token(call: Call) -> Reply:
    """POST /app/installations/ID/access_tokens"""
    return Reply(201, answer("InstallationToken", call.access.mint(_found(call), call.body)))


def find_installation(call: Call) -> Reply:
    """GET /repos/OWNER/NAME/installation"""
    repository = call.state.repositories.get(call.found["repo"].lower())
    if repository is None:
        raise not_found()
    return Reply(200, _installation(call, repository.installation))


def list_deliveries(call: Call) -> Reply:
    """GET /app/hook/deliveries: latest first, by a cursor."""
    size = min(int(call.query.get("per_page", 30)), 100)
    before = int(call.query.get("cursor", 1 << 60))
    older = sorted((one for one in call.state.attempts if one.id < before), key=lambda one: -one.id)
    headers = {}
    if len(older) > size:
        following = urlencode({"per_page": size, "cursor": older[size - 1].id})
        headers = {"link": f'<{call.url}{call.path}?{following}>; rel="next"'}
    return Reply(200, [answer("HookDeliveryItem", attempt(one)) for one in older[:size]], headers)


def attempt(one: Attempt) -> Json:
    """Describe an attempt to hand over a delivery."""
    return {
        "id": one.id,
        "guid": one.guid,
        "delivered_at": written_time(datetime.fromtimestamp(one.at, UTC)),
        "redelivery": one.redelivery,
        "duration": 0.1,
        "status": one.status,
        "status_code": one.status_code,
        "event": one.event,
        "action": one.action,
        "installation_id": one.installation,
        "repository_id": one.repository,
    }


def show_limits(call: Call) -> Reply:
    """GET /rate_limit: costs nothing."""
    assert call.token is not None
    return Reply(200, call.access.limits(call.token.installation))


def list_repositories(call: Call) -> Reply:
    """GET /installation/repositories"""
    assert call.token is not None
    opened = call.token.repositories
    mine = [one for one in call.state.repositories.values() if one.id in opened]
    rows, headers = paged(call, mine)
    shown = [answer("Repository", values.repository(one)) for one in rows]
    return Reply(200, {"total_count": len(mine), "repositories": shown}, headers)


def _installation(call: Call, one: Installation) -> Json:
    whole: Json = answer("Installation", values.installation(call.state, one))
    return whole


def _found(call: Call) -> Installation:
    found = call.state.installations.get(int(call.found["id"]))
    if found is None:
        raise not_found()
    return found


ROUTES = (
    route("GET", "/app", "app", show_app),
    route("GET", "/app/installations", "app", list_installations),
    route("GET", "/app/installations/{id}", "app", show_installation),
    route("POST", "/app/installations/{id}/access_tokens", "app", make_token),
    route("GET", "/app/hook/config", "app", show_hook),
    route("GET", "/app/hook/deliveries", "app", list_deliveries),
    route("GET", "/repos/{repo}/installation", "app", find_installation),
    route("GET", "/rate_limit", "", show_limits),
    route("GET", "/installation/repositories", "", list_repositories),
)
