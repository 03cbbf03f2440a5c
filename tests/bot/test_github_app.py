"""Being an App at a GitHub of our own: logging in, narrow tokens, deliveries that failed."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from bot.errors import ForgeError, GoneError
from bot.forge import LineComment, PullRef
from bot.github import PERMISSIONS, open_app
from bot.github import GitHub as Forge
from bot.github.addresses import clone_address
from devchat.errors import SettingsError
from tests.fakes.github import GitHub

REF = PullRef("octo/app", 1)


def open_at(hub: GitHub) -> Forge:
    return open_app(hub.app_id, hub.private_key, hub.url, seconds=2)


def make_pull(hub: GitHub) -> None:
    repository = hub.repository("octo/app", {"a.py": "x = 1\n"})
    hub.open_pull(repository, {"a.py": "x = 2\n"})


def test_the_app_says_what_it_may_do(hub: GitHub) -> None:
    assert open_at(hub).standing().permissions == hub.state.permissions
    assert PERMISSIONS.items() <= hub.state.permissions.items()


def test_a_repository_tells_its_installation(hub: GitHub) -> None:
    hub.repository("octo/app", {"a": "1"}, installation=11)
    hub.repository("mona/Lib", {"a": "1"}, installation=12)
    forge = open_at(hub)
    assert [forge.installation(name) for name in ("octo/app", "mona/Lib")] == [11, 12]
    with pytest.raises(GoneError):
        forge.installation("octo/other")


def test_a_wrong_app_id_is_refused_with_a_remedy(hub: GitHub) -> None:
    with pytest.raises(ForgeError) as caught:
        open_app(1, hub.private_key, hub.url).standing()
    assert "401" in caught.value.message
    assert "private key" in caught.value.hint


def test_a_clock_that_is_wrong_by_minutes_is_refused_and_told(hub: GitHub) -> None:
    hub.access.ahead = -900.0
    forge = open_at(hub)
    with pytest.raises(ForgeError) as caught:
        forge.standing()
    assert "clock" in caught.value.hint
    ahead = forge.traffic().ahead
    assert ahead is not None
    assert 890 < ahead < 960


def other_key(password: bytes = b"") -> str:
    """Make a key of a kind that GitHub does not use, or one with a password."""
    lock = serialization.BestAvailableEncryption(password) if password else None
    key = (
        rsa.generate_private_key(65537, 2048) if password else ed25519.Ed25519PrivateKey.generate()
    )
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        lock or serialization.NoEncryption(),
    ).decode()


@pytest.mark.parametrize(
    "make",
    [
        lambda: "",
        lambda: "rubbish",
        lambda: "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n",
        lambda: "\udcff",
        other_key,
        lambda: other_key(b"a password"),
    ],
)
def test_a_key_that_signs_nothing_is_not_shown(make: Callable[[], str]) -> None:
    key = make()
    with pytest.raises(SettingsError) as caught:
        open_app(1, key, "https://api.github.com")
    assert "private key can't be used" in caught.value.message
    assert not set(key.split()) & set(str(caught.value).split())
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("address", "clone"),
    [
        ("https://api.github.com", "https://github.com/o/r.git"),
        ("https://api.acme.ghe.com", "https://acme.ghe.com/o/r.git"),
        ("https://git.example/api/v3", "https://git.example/o/r.git"),
        ("https://api.example:8443/api/v3", "https://api.example:8443/o/r.git"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/o/r.git"),
        ("http://localhost:8000/api/v3", "http://localhost:8000/o/r.git"),
        ("http://[::1]:8000", "http://[::1]:8000/o/r.git"),
    ],
)
def test_repositories_are_cloned_from_beside_the_api(address: str, clone: str) -> None:
    assert clone_address(address, "o/r") == clone


@pytest.mark.parametrize("name", ["", "octo", "octo/..", "octo/.", "../x", "o/a/b", "o/a b", "o/é"])
def test_what_is_no_repository_is_not_asked_for(hub: GitHub, name: str) -> None:
    with pytest.raises(GoneError):
        open_at(hub).installation(name)
    assert hub.requests == []


def test_a_token_opens_one_repository_for_what_a_step_needs(hub: GitHub) -> None:
    make_pull(hub)
    hub.repository("octo/other", {"a": "1"})
    forge = open_at(hub)
    forge.pulls(11, "octo/app").pull(REF)
    list(forge.reviews(11, "octo/app").comments(REF))
    app = hub.state.repositories["octo/app"]
    assert [(token.repositories, token.permissions) for token in hub.state.tokens.values()] == [
        (frozenset({app.id}), {"metadata": "read", "contents": "read", "pull_requests": "read"}),
        (frozenset({app.id}), {"metadata": "read", "checks": "write", "pull_requests": "write"}),
    ]
    assert forge.pulls(11, "octo/app").content("octo/other", "a", "main") is None
    with pytest.raises(GoneError):
        forge.pulls(11, "octo/app").pull(PullRef("octo/other", 1))


def test_a_token_for_reading_cannot_write(hub: GitHub) -> None:
    make_pull(hub)
    forge = open_at(hub)
    forge.pulls(11, "octo/app").pull(REF)
    writer = forge.reviews(11, "octo/app")
    hub.state.installations[11].permissions["checks"] = "read"
    with pytest.raises(GoneError) as caught:
        writer.post_comment(REF, "hello")
    assert "permission" in caught.value.hint
    assert hub.state.repositories["octo/app"].pulls[1].comments == []


def test_a_token_is_kept_until_shortly_before_its_end(hub: GitHub) -> None:
    make_pull(hub)
    late = [0.0]
    forge = open_app(hub.app_id, hub.private_key, hub.url, clock=lambda: time.time() + late[0])
    for late[0] in (0.0, 1_000.0, 3_200.0):
        forge.pulls(11, "octo/app").pull(REF)
    assert len(hub.asked("POST /app/installations/11/access_tokens")) == 1
    late[0] = 3_400.0
    forge.pulls(11, "octo/app").pull(REF)
    assert len(hub.asked("POST /app/installations/11/access_tokens")) == 2


def test_token_expiry_mid_review(hub: GitHub) -> None:
    make_pull(hub)
    forge = open_at(hub)
    reader, writer = forge.pulls(11, "octo/app"), forge.reviews(11, "octo/app")
    head = reader.pull(REF).head
    hub.expire_tokens()
    assert reader.pull(REF).head == head
    assert "x = 2" in reader.diff(REF)
    hub.fail("POST .*/reviews$", "expire")
    writer.post_review(REF, head, "one", [LineComment("a.py", "RIGHT", 1, 1, "hm")])
    assert [one.body for one in hub.state.repositories["octo/app"].pulls[1].reviews] == ["one"]


def test_an_installation_that_is_suspended_or_gone(hub: GitHub) -> None:
    make_pull(hub)
    forge = open_at(hub)
    reader = forge.pulls(11, "octo/app")
    reader.pull(REF)
    hub.state.installations[11].suspended = True
    for one in (reader, forge.pulls(11, "octo/app")):
        with pytest.raises(GoneError, match="suspended"):
            one.pull(REF)
    with pytest.raises(GoneError):
        forge.pulls(99, "octo/app").pull(REF)


def test_a_repository_taken_from_the_app(hub: GitHub) -> None:
    hub.repository("octo/app", {"a": "1"})
    with pytest.raises(GoneError) as caught:
        open_at(hub).pulls(11, "octo/gone").pull(PullRef("octo/gone", 1))
    assert "octo/gone" in caught.value.message


def test_no_token_is_ever_shown(hub: GitHub, caplog: pytest.LogCaptureFixture) -> None:
    make_pull(hub)
    forge = open_at(hub)
    reader = forge.pulls(11, "octo/app")
    origin = reader.origin("octo/app")
    text = origin.token
    assert text.startswith("ghs_4242_")
    assert len(text) > 300
    token = forge._tokens.token(reader._scope)
    assert text not in f"{token!r} {vars(reader)} {vars(forge)} {origin}"
    hub.fail("GET .*/pulls/1$", "refuse", status=404, message=f"no {text}, no {hub.private_key}")
    with pytest.raises(GoneError) as caught:
        reader.pull(REF)
    assert "ghs_" not in str(caught.value)
    assert "BEGIN" not in str(caught.value)
    assert text not in caplog.text


def test_deliveries_that_never_arrived_are_told_once(hub: GitHub) -> None:
    make_pull(hub)
    pull = hub.state.repositories["octo/app"].pulls[1]
    hub.hook = "http://127.0.0.1:9/nobody"  # the port named discard
    lost = [hub.tell(pull, "reopened") for _ in range(3)]
    forge = open_at(hub)
    failed = list(forge.failed_deliveries(0.0))
    assert [one.guid for one in failed] == [one.guid for one in lost[::-1] if one]
    assert list(forge.failed_deliveries(time.time() + 60)) == []
    for one in failed:
        forge.redeliver(one.id)
    assert hub.redeliver() == 3
    again = list(forge.failed_deliveries(0.0))
    assert {one.guid for one in again} == {one.guid for one in failed}
    assert {one.id for one in again}.isdisjoint(one.id for one in failed)
    for attempt in hub.state.attempts[-3:]:
        attempt.status_code = 202
    assert list(forge.failed_deliveries(0.0)) == []


def test_deliveries_are_paged_by_a_cursor(hub: GitHub) -> None:
    make_pull(hub)
    pull = hub.state.repositories["octo/app"].pulls[1]
    hub.hook = "http://127.0.0.1:9/nobody"
    for _ in range(205):
        hub.tell(pull, "reopened")
    assert len({one.guid for one in open_at(hub).failed_deliveries(0.0)}) == 205
    assert len(hub.asked("GET /app/hook/deliveries")) == 3


def test_a_delivery_that_is_too_old_is_gone(hub: GitHub) -> None:
    with pytest.raises(GoneError):
        open_at(hub).redeliver(77)


def test_traffic_is_counted_with_what_is_left(hub: GitHub) -> None:
    make_pull(hub)
    forge = open_at(hub)
    assert (forge.traffic().requests, forge.traffic().left) == ({}, {})
    forge.pulls(11, "octo/app").pull(REF)
    forge.pulls(11, "octo/app").content("octo/app", "nope", "main")
    traffic = forge.traffic()
    assert traffic.requests == {200: 1, 201: 1, 404: 1}
    # What was refused was not counted in the header of the last good answer.
    assert traffic.left == {0: 4999, 11: 4999}
    assert traffic.ahead is not None
    assert abs(traffic.ahead) < 60
    forge.close()
    assert forge.standing()
