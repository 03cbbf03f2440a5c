"""When a GitHub of our own says no, later, or nothing: one error of ours for each, and no retry."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import ForgeError, GoneError, RejectedError, TooLargeError, WaitError
from bot.forge import Check, LineComment, PullRef
from bot.github import open_app
from bot.github.failure import Refusal, explain
from bot.github.meter import Meter
from devchat.errors import DevchatError
from tests.fakes.github import GitHub, Pull
from tests.fakes.github.faults import Kind

REF = PullRef("octo/app", 1)
NOW = 1_800_000_000.0
SECONDARY = (
    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
)

NO_DIFF = json.dumps(
    {
        "message": "Server Error: Sorry, this diff is taking too long to generate.",
        "errors": [{"resource": "PullRequest", "field": "diff", "code": "not_available"}],
    }
).encode()


@pytest.fixture
def pull(hub: GitHub) -> Pull:
    return hub.open_pull(hub.repository("octo/app", {"a.py": "1\n"}), {"a.py": "2\n"})


def refusal(status: int, message: str = "", body: bytes | None = None, **headers: str) -> Refusal:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    text = json.dumps({"message": message}).encode() if body is None else body
    return Refusal("GET /x", status, named, text)


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        (refusal(403, SECONDARY, retry_after="7"), 7),
        (refusal(403, SECONDARY, retry_after="0"), 1),
        (refusal(403, SECONDARY, retry_after="1e9"), 6 * 3600),
        (refusal(403, SECONDARY, retry_after="Fri, 01 Jan 2027 00:00:00 GMT"), 60),
        (refusal(403, SECONDARY), 60),
        (refusal(403, "You have triggered an abuse detection mechanism."), 60),
        (refusal(429, "slow down"), 60),
        (refusal(429, "slow down", retry_after="90"), 90),
        (refusal(429, body=b"<html>"), 60),
        (
            refusal(
                403,
                "API rate limit exceeded for installation ID 1.",
                x_ratelimit_remaining="0",
                x_ratelimit_reset=str(int(NOW) + 600),
            ),
            601,
        ),
        (
            refusal(
                429,
                "API rate limit exceeded",
                x_ratelimit_remaining="0",
                x_ratelimit_reset=str(int(NOW) + 600),
                date="Fri, 15 Jan 2027 08:08:20 GMT",  # 500 s after NOW: our clock is slow
            ),
            101,
        ),
        (
            refusal(403, "x", x_ratelimit_remaining="0", x_ratelimit_reset=str(int(NOW) - 9)),
            1,
        ),
        (refusal(403, SECONDARY, x_ratelimit_remaining="0", x_ratelimit_reset="soon"), 60),
        (refusal(403, SECONDARY, x_ratelimit_remaining="12", x_ratelimit_reset="1"), 60),
        (refusal(500), 33),
        (refusal(502, body=b"<!DOCTYPE html>"), 33),
        (refusal(503, retry_after="7"), 33),
        (refusal(503, retry_after="70"), 70),
    ],
)
def test_github_asks_to_wait(answer: Refusal, seconds: float) -> None:
    error = explain(answer, NOW, 33)
    assert isinstance(error, WaitError)
    assert error.seconds == seconds


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (refusal(404, "Not Found"), GoneError),
        (refusal(410, "Gone"), GoneError),
        (refusal(451, "Repository access blocked"), GoneError),
        (refusal(403, "This installation has been suspended"), GoneError),
        (refusal(406, "too large"), TooLargeError),
        (refusal(422, body=NO_DIFF), TooLargeError),
        (refusal(500, body=NO_DIFF), TooLargeError),
        (refusal(422, "Validation Failed"), RejectedError),
        (refusal(403, "Resource not accessible by integration"), ForgeError),
        (refusal(403, "x", x_ratelimit_remaining="0"), ForgeError),
        (refusal(401, "Bad credentials"), ForgeError),
        (refusal(400, "Problems parsing JSON"), ForgeError),
        (refusal(302, ""), ForgeError),
        (refusal(409, body=b"[]"), ForgeError),
    ],
)
def test_github_says_no(answer: Refusal, kind: type[ForgeError]) -> None:
    error = explain(answer, NOW, 33)
    assert type(error) is kind
    assert error.hint or kind in (TooLargeError, RejectedError)
    assert "\n" not in error.message


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"message": "No", "errors": ["Line could not be resolved"]}, "No; Line could not be"),
        ({"message": "No", "errors": [{"field": "body", "code": "invalid"}]}, "No; body invalid"),
        ({"message": "No", "errors": [{"message": "is too long", "code": "x"}]}, "is too long"),
        ({"message": "No", "errors": "text"}, "No"),
        ({"message": "a ghs_12_eyJhbGciOiJIUzI1NiJ9.eyJqdGkiOiIxIn0.xyz b"}, "a •••••• b"),
        ({"message": "\x1b[31mred\u202e\n"}, "␛[31mred<U+202E>"),
        ({}, "it did not say why"),
        (None, "it did not say why"),
    ],
)
def test_githubs_own_words_are_told_in_one_harmless_line(body: object, said: str) -> None:
    assert said in explain(refusal(422, body=json.dumps(body).encode()), NOW, 1).message


@given(
    status=st.integers(300, 599),
    body=st.binary(max_size=200) | st.text().map(lambda text: json.dumps(text).encode()),
    headers=st.dictionaries(
        st.sampled_from(
            ["retry-after", "x-ratelimit-remaining", "x-ratelimit-reset", "date", "link"]
        ),
        st.sampled_from(["", "0", "-1", "nan", "inf", "1e400", "soon"]) | st.text(),
    ),
)
def test_any_refusal_becomes_an_error_of_ours(
    status: int, body: bytes, headers: dict[str, str]
) -> None:
    error = explain(Refusal("GET /x", status, headers, body), NOW, 5)
    assert isinstance(error, DevchatError)
    assert not isinstance(error, WaitError) or 1 <= error.seconds <= 6 * 3600


def test_primary_reset(hub: GitHub, pull: Pull) -> None:
    forge = open_app(hub.app_id, hub.private_key, hub.url)
    reader = forge.pulls(11, "octo/app")
    reader.pull(REF)
    pull.repository.installation.left = 0
    for hub.access.too_many in (403, 429):
        with pytest.raises(WaitError) as caught:
            reader.pull(REF)
        assert 3_500 < caught.value.seconds <= 3_602
    assert forge.traffic().left[11] == 0


@pytest.mark.parametrize(("said", "seconds"), [(7, 7), (None, 60)])
def test_secondary_limit_with_retry_after_and_without(
    hub: GitHub, pull: Pull, said: int | None, seconds: float
) -> None:
    hub.access.contents_a_minute, hub.access.retry_after = 3, said
    writer = open_app(hub.app_id, hub.private_key, hub.url).reviews(11, "octo/app")
    for _ in range(3):
        writer.post_comment(REF, "x")
    with pytest.raises(WaitError) as caught:
        writer.post_comment(REF, "x")
    assert caught.value.seconds == seconds
    assert len(pull.comments) == 3
    writer.open_check("octo/app", pull.head, "x", Check("t", "s"))  # makes no content


FAULTS: list[Kind] = ["refuse", "after", "reset", "reset after", "hang"]


@pytest.mark.parametrize("kind", FAULTS)
def test_a_write_is_sent_once_whatever_becomes_of_its_answer(
    hub: GitHub, pull: Pull, kind: Kind
) -> None:
    writer = open_app(hub.app_id, hub.private_key, hub.url, seconds=1).reviews(11, "octo/app")
    hub.fail("POST .*/comments$", kind)
    with pytest.raises(WaitError) as caught:
        writer.post_comment(REF, "once")
    assert caught.value.seconds == 5
    assert len(hub.asked("POST /repos/octo/app/issues/1/comments")) == 1
    done = kind in ("after", "reset after")
    assert [one.body for one in pull.comments] == ["once"] * done
    assert [one.body for one in writer.comments(REF)] == ["once"] * done


@pytest.mark.parametrize("kind", FAULTS)
@pytest.mark.parametrize("path", ["/pulls/1$", "/pulls/1/files", "/contents/a.py", "access_tokens"])
def test_a_read_that_gets_no_answer_can_be_asked_again(
    hub: GitHub, pull: Pull, path: str, kind: Kind
) -> None:
    reader = open_app(hub.app_id, hub.private_key, hub.url, seconds=1).pulls(11, "octo/app")
    asks: dict[str, Callable[[], object]] = {
        "/pulls/1$": lambda: reader.diff(REF),
        "/pulls/1/files": lambda: list(reader.files(REF)),
        "/contents/a.py": lambda: reader.content("octo/app", "a.py", pull.head),
        "access_tokens": lambda: reader.pull(REF),
    }
    hub.fail(path, kind)
    with pytest.raises(WaitError):
        asks[path]()
    assert asks[path]()


def test_the_longer_github_is_out_the_longer_is_the_wait() -> None:
    now = [1000.0]
    meter = Meter(lambda: now[0])
    waits = []
    for _ in range(9):
        waits.append(meter.trouble())
        now[0] += waits[-1]
    assert waits == [5, 5, 10, 20, 40, 80, 160, 300, 300]
    assert [meter.trouble() for _ in range(20)] == [300] * 20
    meter.count(0, 200, {})
    assert meter.trouble() == 5


def test_nobody_answers_at_the_address() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    forge = open_app(1, _key(), f"http://127.0.0.1:{port}")
    with pytest.raises(WaitError) as caught:
        forge.standing()
    assert "DEVCHAT_GITHUB_API_URL" in caught.value.hint
    assert forge.traffic().requests == {0: 1}


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]", "a form that is not known"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nnull", "a form that is not known"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n<html>", "a form that is not known"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 90\r\n\r\n{}", "can't be reached"),
        (b"HTTP/1.1 301 M\r\nlocation: https://evil.example/\r\n\r\n", "elsewhere"),
        (b"HTTP/1.1 302 F\r\nlocation: http://evil.example/\r\ncontent-length: 0\r\n\r\n", "302"),
        (b"SSH-2.0-OpenSSH_9\r\n", "can't be reached"),
        (b"", "can't be reached"),
    ],
)
def test_what_answers_is_no_github(answer: bytes, said: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_answer_once, args=(server, answer))
        thread.start()
        forge = open_app(1, _key(), f"http://127.0.0.1:{server.getsockname()[1]}", seconds=2)
        with pytest.raises(ForgeError) as caught:
            forge.standing()
        forge.close()
        thread.join()
    assert said in caught.value.message
    assert caught.value.hint


def test_a_repository_that_was_renamed_is_followed_on_the_same_host(
    hub: GitHub, pull: Pull
) -> None:
    writer = open_app(hub.app_id, hub.private_key, hub.url).reviews(11, "octo/app")
    headers = {"location": f"{hub.url}/repos/octo/app/issues/1/comments"}
    hub.fail("POST /repos/.*/pulls/1/reviews", "refuse", status=301, headers=headers)
    with pytest.raises(RejectedError):  # a review's fields are no comment's: it was sent on
        writer.post_review(REF, pull.head, "x", [LineComment("a.py", "RIGHT", 1, 1, "x")])
    assert len(hub.asked("POST /repos/octo/app/issues/1/comments")) == 1


def test_nothing_waits_inside(hub: GitHub, pull: Pull) -> None:
    """Else this would last for hours."""
    hub.access.contents_a_minute = 0
    hub.access.retry_after = 3600
    writer = open_app(hub.app_id, hub.private_key, hub.url).reviews(11, "octo/app")
    for _ in range(20):
        with pytest.raises(WaitError):
            writer.post_comment(REF, "x")
    assert pull.comments == []


def _key() -> str:
    from tests.fakes.github import new_key

    return new_key()[0]


def _answer_once(server: socket.socket, answer: bytes) -> None:
    connection, _address = server.accept()
    with connection:
        connection.recv(65_536)
        connection.sendall(answer)
