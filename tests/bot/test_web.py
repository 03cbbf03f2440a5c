"""The web under gunicorn: what it answers, and that nothing it acknowledged is lost."""

from __future__ import annotations

import signal
import sqlite3
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.webhook import MAX_BYTES, ROUTE
from tests.bot.payloads import HEAD, REPOSITORY, check, pull_request
from tests.bot.programs import Program, bot_environ, call, delivery_headers, run_bot, wait_for

OPENED = pull_request("opened", title="PWNED", body="PWNED")


@pytest.fixture
def web(home: Path) -> Iterator[Program]:
    with Program(bot_environ(home), home, "web") as program:
        yield program.ready()


def guid() -> str:
    return str(uuid.uuid4())


def waiting(web: Program) -> float:
    return web.metric('devchat_queue_jobs{state="waiting"}')


def test_a_delivery_is_taken_once_however_often_it_comes(web: Program) -> None:
    known = guid()
    for _ in range(3):
        answer = web.deliver(OPENED, "pull_request", known)
        assert (answer.status, answer.json) == (
            202,
            {"delivery": known, "outcome": "review: opened"},
        )
    assert waiting(web) == 1
    wait_for(lambda: web.metric('devchat_deliveries_total{event="pull_request"}'))
    assert web.metric('devchat_deliveries_total{event="pull_request"}') == 1
    web.deliver(OPENED, "pull_request", guid())
    assert waiting(web) == 2


def test_what_asks_for_nothing_is_taken_and_makes_no_job(web: Program) -> None:
    answers = [
        web.deliver({"zen": "Keep it logically awesome."}, "ping", guid()),
        web.deliver(check("check_run", sender="ci[bot]"), "check_run", guid()),
        web.deliver(pull_request("opened", draft=True), "pull_request", guid()),
    ]
    assert [one.status for one in answers] == [202] * 3
    assert answers[0].json["outcome"] == "nothing to do: `ping` asks for nothing"
    assert answers[2].json["outcome"] == "nothing to do: the pull is a draft"
    assert waiting(web) == 0
    wait_for(lambda: web.metric('devchat_deliveries_total{event="ping"}') == 1)


@pytest.mark.measured
def test_what_is_not_github_s_is_refused(web: Program) -> None:
    headers = delivery_headers(b"{}", "ping", guid(), "another secret of somebody")
    assert call(web.port, "POST", ROUTE, b"{}", headers).status == 401
    unsigned = {name: value for name, value in headers.items() if "Signature" not in name}
    assert call(web.port, "POST", ROUTE, b"{}", unsigned).status == 401
    odd = headers | {"X-Hub-Signature-256": "sha256=\xfc\xff"}
    assert call(web.port, "POST", ROUTE, b"{}", odd).status == 401
    bad = call(web.port, "POST", ROUTE, b"[", delivery_headers(b"[", "ping", guid()))
    assert (bad.status, bad.json) == (400, {"error": "the body is not JSON", "hint": ""})
    assert call(web.port, "GET", ROUTE).status == 405
    assert call(web.port, "GET", "/").json == {"error": "not found"}


def test_what_is_too_large_is_refused_unread(web: Program) -> None:
    headers = delivery_headers(b"", "ping", guid()) | {"Content-Length": str(MAX_BYTES + 1)}
    assert call(web.port, "POST", ROUTE, b"x" * 1_000, headers).status == 413


@pytest.mark.measured
def test_its_pages_say_how_it_is(web: Program) -> None:
    assert web.get("/healthz").json == {"ok": True}
    assert web.get("/readyz").json == {"ok": True, "waiting": 0, "running": 0}
    metrics = web.get("/metrics")
    assert metrics.headers["content-type"].startswith("text/plain; version=")
    assert b"# TYPE devchat_step_seconds summary" in metrics.body
    assert waiting(web) == web.metric("devchat_queue_oldest_seconds") == 0


def test_its_log_says_what_each_line_is_about_and_nothing_of_strangers(web: Program) -> None:
    known = guid()
    web.deliver(OPENED, "pull_request", known)
    said = [one for one in web.lines() if one.get("delivery") == known]
    assert [(one["message"], one["repository"], one["pull"]) for one in said] == [
        ("pull_request.opened: review: opened", REPOSITORY, "3")
    ]
    assert "PWNED" not in web.log.read_text()
    assert HEAD not in web.log.read_text()


def test_while_the_database_is_locked_github_hears_503_and_afterwards_202(
    web: Program, home: Path
) -> None:
    known = guid()
    other = sqlite3.connect(home / "data" / "bot.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    answer = web.deliver(OPENED, "pull_request", known)
    assert (answer.status, answer.headers["retry-after"]) == (503, "60")
    assert web.get("/healthz").status == 200
    other.execute("ROLLBACK")
    other.close()
    assert web.deliver(OPENED, "pull_request", known).status == 202
    assert waiting(web) == 1


def test_what_was_acknowledged_survives_a_kill(home: Path) -> None:
    environ, taken = bot_environ(home), []
    for _ in range(3):
        with Program(environ, home, "web") as web:
            web.ready()
            taken += [web.deliver(OPENED, "pull_request", guid()).status for _ in range(5)]
            assert web.stop(signal.SIGKILL) == -signal.SIGKILL
            wait_for(lambda: not listens(web.port))
    with Program(environ, home, "web") as web:
        assert taken == [202] * 15
        assert waiting(web.ready()) == 15
        assert web.stop() == 0


def test_what_is_not_written_down_yet_is_so_at_the_end(home: Path) -> None:
    environ = bot_environ(home)
    with Program(environ, home, "web") as web:
        web.ready()
        known = guid()
        web.deliver({"zen": ""}, "ping", known)
        assert web.stop() == 0
        assert [one["level"] for one in web.lines() if one["level"] != "info"] == []
    assert known in run_bot(environ, "status").stdout


def listens(port: int) -> bool:
    try:
        return call(port, "GET", "/healthz").status > 0
    except OSError:
        return False
