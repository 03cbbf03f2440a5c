"""The answer to a wish for redelivery."""

from __future__ import annotations

from tests.fakes.github.apps import attempt
from tests.fakes.github.calls import Call, Reply, route
from tests.fakes.github.models import answer
from tests.fakes.github.refusal import not_found
from tests.fakes.github.state import Attempt


def show_delivery(call: Call) -> Reply:
    """GET /app/hook/deliveries/ID"""
    found = _found(call)
    whole = attempt(found) | {"request": {"headers": {}, "payload": {}}}
    return Reply(200, answer("HookDelivery", whole | {"response": {"headers": {}, "payload": ""}}))


def redeliver(call: Call) -> Reply:
    """POST /app/hook/deliveries/ID/attempts: sent soon after."""
    call.state.wanted.append(_found(call))
    return Reply(202, {})


def _found(call: Call) -> Attempt:
    found = next((one for one in call.state.attempts if one.id == int(call.found["id"])), None)
    if found is None:
        raise not_found()
    return found


ROUTES = (
    route("GET", "/app/hook/deliveries/{id}", "app", show_delivery),
    route("POST", "/app/hook/deliveries/{id}/attempts", "app", redeliver),
)
