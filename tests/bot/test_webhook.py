"""Nothing unsigned is read, whatever its headers; what is signed is read within limits."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.webhook import (
    MAX_BYTES,
    MAX_DEPTH,
    Delivery,
    DeliveryError,
    check_signature,
    parse_payload,
    read_event,
    sign,
)

OLD, NEW = "the old secret of the App", "the new secret of the App"
GUID = "72d3162e-cc78-11e3-81ab-4c9367dc0958"
BODY = b'{"action": "opened", "number": 3}'


def headers(
    body: bytes = BODY, secret: str = NEW, changed: Mapping[str, str | None] | None = None
) -> dict[str, str]:
    found: dict[str, str | None] = {
        "X-Hub-Signature-256": sign(body, secret).decode(),
        "X-GitHub-Delivery": GUID,
        "X-GitHub-Event": "pull_request",
        "Content-Type": "application/json; charset=utf-8",
    }
    found |= changed or {}
    return {name: value for name, value in found.items() if value is not None}


def refused(
    given_headers: dict[str, str], body: bytes = BODY, secrets: tuple[str, ...] = (NEW,)
) -> tuple[int, str]:
    with pytest.raises(DeliveryError) as caught:
        read_event(given_headers, body, secrets)
    return caught.value.status, caught.value.message


# https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
def test_the_signature_is_that_of_the_documentation() -> None:
    made = sign(b"Hello, World!", "It's a Secret to Everybody")
    assert made == b"sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"


def test_a_signed_delivery_is_read() -> None:
    payload = {"action": "opened", "number": 3}
    assert read_event(headers(), BODY, [NEW]) == Delivery(GUID, "pull_request", "opened", payload)


@pytest.mark.parametrize("secret", [OLD, NEW])
def test_two_secrets_hold_while_one_is_replaced(secret: str) -> None:
    assert read_event(headers(secret=secret), BODY, [OLD, NEW]).guid == GUID


@pytest.mark.parametrize(
    "signature",
    [
        None,
        "",
        "sha256=",
        "sha256=" + "0" * 64,
        sign(BODY, OLD).decode(),
        sign(BODY + b" ", NEW).decode(),
        sign(BODY, NEW).decode().upper(),
        sign(BODY, NEW).decode() + ", " + sign(BODY, NEW).decode(),
        "sha256=ü" + "\udcff" * 3,
        "sha1=757107ea",
    ],
)
def test_another_signature_is_refused(signature: str | None) -> None:
    assert refused(headers(changed={"X-Hub-Signature-256": signature}))[0] == 401


@pytest.mark.parametrize("secrets", [(), ("",), ("", "")])
def test_without_a_secret_everything_is_refused(secrets: tuple[str, ...]) -> None:
    assert refused(headers(secret=""), secrets=secrets)[0] == 401


@given(signature=st.text(), body=st.binary(max_size=64))
def test_no_guess_is_a_signature(signature: str, body: bytes) -> None:
    with pytest.raises(DeliveryError) as caught:
        check_signature(signature, body, [OLD, NEW])
    assert caught.value.status == 401


def test_the_signature_comes_before_the_json_and_the_size_before_both() -> None:
    assert refused(headers(b"{", OLD), b"{")[0] == 401
    assert refused({}, bytes(MAX_BYTES + 1))[0] == 413


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"X-GitHub-Delivery": None}, "the header `x-github-delivery` is missing"),
        ({"X-GitHub-Delivery": "a b"}, "the header `x-github-delivery` is not what GitHub sends"),
        (
            {"X-GitHub-Delivery": "x" * 65},
            "the header `x-github-delivery` is not what GitHub sends",
        ),
        ({"X-GitHub-Event": None}, "the header `x-github-event` is missing"),
        (
            {"X-GitHub-Event": "Pull\nRequest"},
            "the header `x-github-event` is not what GitHub sends",
        ),
        ({"Content-Type": None}, "the body is not `application/json`"),
        (
            {"Content-Type": "application/x-www-form-urlencoded"},
            "the body is not `application/json`",
        ),
    ],
)
def test_headers_that_github_always_sends_are_needed(
    changed: dict[str, str | None], message: str
) -> None:
    assert refused(headers(changed=changed)) == (400, message)


NESTED = b'{"a":' * (MAX_DEPTH + 1) + b"1" + b"}" * (MAX_DEPTH + 1)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "the body is not JSON"),
        (b"{", "the body is not JSON"),
        (b"\xff\xfe{}", "the body is not JSON"),
        (b'{"a": NaN}', "the body is not JSON"),
        (b"1" * 5_000, "the body is not JSON"),
        (b"[" * 200_000, "the body is not JSON"),
        (b'"text"', "the body is no JSON object"),
        (b"[{}]", "the body is no JSON object"),
        (NESTED, f"the body is nested deeper than {MAX_DEPTH}"),
        (b'{"action": 7}', "`action` is no name"),
        (b'{"action": "Opened!"}', "`action` is no name"),
    ],
)
def test_a_signed_body_is_read_within_limits(body: bytes, message: str) -> None:
    assert refused(headers(body), body) == (400, message)


def test_the_deepest_body_that_is_allowed_is_read() -> None:
    body = b'{"a":' * MAX_DEPTH + b"1" + b"}" * MAX_DEPTH
    assert read_event(headers(body), body, [NEW]).payload["a"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@pytest.mark.no_cover
@given(value=st.dictionaries(st.text(), JSON))
def test_every_object_is_read_as_it_was_written(value: dict[str, object]) -> None:
    assert parse_payload(json.dumps(value).encode()) == value
