"""`devchat ask` by a service: named once in the settings, called for real on loopback."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Devchat
from tests.fakes.service import Reply, Service, delta, plain, refused, said, streamed

SECRET = "sk-test-0123456789abcdef"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64


def name_service(home: Path, url: str, **fields: object) -> None:
    """Write settings with a provider `work` that wants a key, and its model as the default."""
    table = {"base_url": url, "key": "work", "images": True} | fields
    lines = [f"{key} = {json.dumps(value)}" for key, value in table.items()]
    (home / "config").mkdir(exist_ok=True)
    text = "\n".join(['model = "work:bright-1"', "[providers.work]", *lines])
    (home / "config" / "config.toml").write_text(text)


KEY = {"WORK_API_KEY": SECRET}


def test_one_setting_is_enough(devchat: Devchat, home: Path) -> None:
    with Service([said("It is ", "**so**.")]) as service:
        name_service(home, service.url)
        done = devchat("ask", "--temperature", "0.5", "is it so?", env=KEY)
        (asked,) = service.bodies
        (request,) = service.requests
    assert (done.stdout, done.stderr, done.returncode) == ("It is **so**.\n", "", 0)
    assert (asked["model"], asked["temperature"]) == ("bright-1", 0.5)
    assert [message["role"] for message in asked["messages"]] == ["system", "user"]
    assert request.headers["authorization"] == f"Bearer {SECRET}"


def test_the_json_object_says_where_the_answer_comes_from(devchat: Devchat, home: Path) -> None:
    with Service([said("yes")]) as service:
        name_service(home, service.url)
        reply = json.loads(devchat("ask", "--json", "is it?", env=KEY).stdout)
    assert reply["model"] == "work:bright-1"
    assert service.address in reply["location"]
    assert reply["usage"]["prompt_tokens"] == 7 and reply["usage"]["exact"] is True


def test_a_picture_goes_along(devchat: Devchat, home: Path) -> None:
    (home / "shot.png").write_bytes(PNG)
    with Service([said("a button")]) as service:
        name_service(home, service.url)
        assert devchat("ask", "-f", "shot.png", "what is it?", env=KEY).stdout == "a button\n"
        (asked,) = service.bodies
    kinds = [part["type"] for part in asked["messages"][-1]["content"]]
    assert kinds == ["text", "image_url"]


def test_a_picture_for_a_model_that_reads_text_is_refused_before_anything_is_sent(
    devchat: Devchat, home: Path
) -> None:
    (home / "shot.png").write_bytes(PNG)
    with Service([said("never")]) as service:
        name_service(home, service.url, images=False)
        done = devchat("ask", "-f", "shot.png", "what is it?", env=KEY)
        assert service.requests == []
    assert done.returncode == 5 and "shot.png" in done.stderr


def test_a_dry_run_sends_nothing_and_shows_no_key(devchat: Devchat, home: Path) -> None:
    with Service([said("never")]) as service:
        name_service(home, service.url)
        dry = devchat("ask", "--dry-run", "is it?", env=KEY)
        as_json = devchat("ask", "--dry-run", "--json", "is it?", env=KEY)
        assert service.requests == []
    assert "is it?" in dry.stdout and "about" in dry.stdout
    assert json.loads(as_json.stdout)["exact"] is False
    assert SECRET not in dry.stdout + dry.stderr + as_json.stdout + as_json.stderr


FAULTS: dict[str, tuple[list[Reply], int, str]] = {
    "a wrong key": ([refused(401, f"bad key {SECRET}")], 4, "WORK_API_KEY"),
    "no such model": ([refused(404, "no such model")], 3, "`bright-1`"),
    "no quota": ([refused(429, "used up", code="insufficient_quota")], 4, "used up"),
    "an outage": ([refused(500, "oops", retry_after="0")], 3, "500"),
    "no JSON": ([plain("<html>hello</html>")], 3, "base_url"),
    "cut": ([streamed(delta(content="It beg"), cut=True)], 3, "incomplete"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_of_a_service_are_clear(devchat: Devchat, home: Path, fault: str) -> None:
    replies, code, said_of_it = FAULTS[fault]
    with Service(replies) as service:
        name_service(home, service.url)
        done = devchat("ask", "is it?", env=KEY | {"DEVCHAT_REMOTE_RETRIES": "1"})
    error, blank, hint, rest = done.stderr.split("\n")
    assert (done.returncode, blank, rest) == (code, "", "")
    assert error.startswith("error: ") and hint.startswith("hint: ")
    assert said_of_it in done.stderr
    assert SECRET not in done.stdout + done.stderr
    assert done.stdout == ("It beg\n" if fault == "cut" else "")


def test_a_service_that_is_busy_is_asked_again(devchat: Devchat, home: Path) -> None:
    busy = refused(429, "slow down", retry_after="0")
    with Service([busy, said("now")]) as service:
        name_service(home, service.url)
        done = devchat("ask", "well?", env=KEY)
        assert len(service.bodies) == 2
    assert (done.stdout, done.returncode) == ("now\n", 0)


def test_a_service_that_is_down_is_not_replaced_by_another(devchat: Devchat, home: Path) -> None:
    with Service([said("x")]) as service:
        name_service(home, service.url)
    done = devchat("ask", "anyone?", env=KEY)
    assert (done.stdout, done.returncode) == ("", 3)
    assert service.address in done.stderr


def test_without_its_key_a_service_is_not_called(devchat: Devchat, home: Path) -> None:
    with Service([said("never")]) as service:
        name_service(home, service.url)
        done = devchat("ask", "anyone?")
        assert service.requests == []
    assert done.returncode == 3
    assert "WORK_API_KEY" in done.stderr and "keys.work" in done.stderr
