"""Strangers who reach the port: they learn nothing, stop nothing, and write no line of the log."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from bot.webhook import MAX_BYTES, ROUTE
from tests.bot.payloads import pull_request
from tests.bot.programs import Program, bot_environ, call, delivery_headers

GUID = "72d3162e-cc78-11e3-81ab-4c9367dc0958"
THREADS = 16
BEGUN = f"POST {ROUTE} HTTP/1.1\r\nHost: bot\r\n".encode()
SHORT = BEGUN + b"Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
REST = (
    f"X-GitHub-Event: ping\r\nX-GitHub-Delivery: {GUID}\r\nContent-Type: application/json\r\n"
).encode()


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    home = tmp_path_factory.mktemp("port")
    with Program(bot_environ(home), home, "web") as program:
        yield program.ready()


def say(web: Program, text: bytes) -> bytes:
    """Send bytes as they are, and return what comes back."""
    with socket.create_connection(("127.0.0.1", web.port), timeout=60) as one:
        one.sendall(text)
        one.shutdown(socket.SHUT_WR)
        return one.makefile("rb").read()


def hold(web: Program, stack: ExitStack, text: bytes) -> None:
    """Open more connections than there are threads, say this on each, and then no more."""
    for _ in range(THREADS + 4):
        one = stack.enter_context(socket.create_connection(("127.0.0.1", web.port)))
        one.sendall(text)


@pytest.mark.parametrize("texts", [(b"",), (BEGUN, SHORT)], ids=["silent", "half said"])
def test_connections_that_don_t_go_on_stop_nobody_else(
    web: Program, texts: tuple[bytes, ...]
) -> None:
    with ExitStack() as stack:
        for text in texts:
            hold(web, stack, text)
        assert web.get("/healthz").status == 200


def test_what_is_wrong_with_the_database_is_not_told_to_strangers(home: Path) -> None:
    with Program(bot_environ(home), home, "web") as web:
        web.ready()
        for one in (home / "data").glob("bot.db*"):
            one.write_bytes(b"no database" * 10_000)
        answers = [web.get("/readyz"), web.get("/metrics")]
        assert [one.status for one in answers] == [503] * 2
        assert not [one for one in answers if b"bot.db" in one.body or b"malformed" in one.body]
        assert "bot.db" in web.log.read_text()


@pytest.mark.parametrize("number", ["1e999", "-1e999", "[]", "null", '"x"', "{}"])
def test_a_number_that_is_none_is_refused(web: Program, number: str) -> None:
    text = json.dumps(pull_request("opened")).replace('"number": 3', f'"number": {number}')
    answer = call(
        web.port,
        "POST",
        ROUTE,
        text.encode(),
        delivery_headers(text.encode(), "pull_request", GUID),
    )
    assert (answer.status, answer.json["error"]) == (
        400,
        "the payload is not one of `pull_request.opened`",
    )


def test_a_body_in_chunks_is_read_as_any_other_and_has_an_end(web: Program) -> None:
    signed = delivery_headers(b"{}", "ping", GUID)["X-Hub-Signature-256"].encode()
    head = BEGUN + REST + b"X-Hub-Signature-256: " + signed + b"\r\nTransfer-Encoding: chunked\r\n"
    assert b" 202 " in say(web, head + b"\r\n2\r\n{}\r\n0\r\n\r\n")[:20]
    assert b" 401 " in say(web, head + b"\r\n2\r\n[]\r\n0\r\n\r\n")[:20]
    chunk = b"%x\r\n" % (1 << 20) + bytes(1 << 20) + b"\r\n"
    with socket.create_connection(("127.0.0.1", web.port), timeout=60) as one:
        one.sendall(head + b"\r\n")
        with pytest.raises(ConnectionError):
            for _ in range(4 * MAX_BYTES >> 20):
                one.sendall(chunk)


@pytest.mark.parametrize(
    "text",
    [
        BEGUN + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        BEGUN + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        BEGUN + b"Content-Length: -1\r\n\r\n",
        BEGUN + b"X-Long: " + b"x" * 100_000 + b"\r\n\r\n",
        b"GET /\r\n{forged} HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
)
def test_what_is_no_request_is_refused_or_not_answered(web: Program, text: bytes) -> None:
    answer = say(web, text)
    assert answer == b"" or answer[:12] in (b"HTTP/1.1 400", b"HTTP/1.1 431", b"HTTP/1.1 505")
    assert web.get("/healthz").status == 200


def test_no_stranger_writes_a_line_of_the_log(web: Program) -> None:
    forged = '\r\n{"level": "info", "message": "forged"}'
    spaced = forged.encode().replace(b"\r\n", b"\n ")
    say(web, BEGUN + b"X-Hub-Signature-256: sha256=" + spaced + b"\r\nContent-Length: 0\r\n\r\n")
    call(web.port, "POST", f"{ROUTE}?x=%0a%7b%22message%22%3a%22forged%22%7d")
    assert [one for one in web.lines() if one["message"] == "forged"] == []


@pytest.mark.parametrize("verb", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT"])
def test_nothing_but_a_delivery_is_taken(web: Program, verb: str) -> None:
    assert call(web.port, verb, ROUTE).status in (405, 501)


@pytest.mark.parametrize("path", ["/..%2f..%2fetc/passwd", "//", "/static/x", f"{ROUTE}/", "/*"])
def test_there_is_nothing_else(web: Program, path: str) -> None:
    assert call(web.port, "GET", path).status in (301, 308, 404)


def test_one_of_two_signatures_is_none(web: Program) -> None:
    good = delivery_headers(b"{}", "ping", GUID)["X-Hub-Signature-256"]
    head = BEGUN + REST + b"Content-Length: 2\r\n"
    for first, second in ((good, "sha256=0"), ("sha256=0", good)):
        said = f"X-Hub-Signature-256: {first}\r\nX-Hub-Signature-256: {second}\r\n\r\n{{}}"
        assert b" 401 " in say(web, head + said.encode())[:20]
    underscored = good.join(("X_Hub_Signature_256: ", "\r\n\r\n{}"))
    assert b" 401 " in say(web, head + underscored.encode())[:20]
