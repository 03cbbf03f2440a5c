"""Deliveries that did not arrive, or arrived by half: the work is done once, and shown as it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.durable import open_jobs
from bot.events import Nothing, read_intent, to_job
from bot.ledger import open_ledger
from bot.webhook import Delivery
from tests.bot.payloads import pull_request
from tests.bot.programs import Program, app_environ, run_bot, wait_for
from tests.fakes.github import GitHub

Setting = tuple[dict[str, str], GitHub]


@pytest.fixture
def setting(home: Path, hub: GitHub) -> Setting:
    """The environment of a bot, and the GitHub that delivers to it."""
    return app_environ(home, hub), hub


@pytest.fixture
def web(setting: Setting, home: Path) -> Iterator[Program]:
    """The receiver."""
    with Program(setting[0], home, "web") as program:
        yield program.ready()


def shown(environ: dict[str, str]) -> list[tuple[str, str]]:
    """What `devchat-bot status` shows of deliveries: action and outcome."""
    found = json.loads(run_bot(environ, "status", "--json").stdout)
    return [(one["action"], one["outcome"]) for one in found["deliveries"]]


@pytest.mark.measured
def test_crash_between_enqueue_and_record_then_redelivery(
    setting: Setting, web: Program, sqlite: str
) -> None:
    environ, _hub = setting
    payload, guid = pull_request("opened"), "11111111-2222"
    intent = read_intent(Delivery(guid, "pull_request", "opened", payload), 7)
    assert not isinstance(intent, Nothing)
    with closing(open_jobs(sqlite)) as jobs, closing(open_ledger(sqlite)) as ledger:
        jobs.enqueue(to_job(intent, guid))  # and the receiver was killed
        assert web.deliver(payload, "pull_request", guid).status == 202
        assert jobs.backlog().waiting == 1
        wait_for(lambda: shown(environ) == [("opened", "review: opened")])
        ledger.note_delivery(guid, "review of #1")
        assert web.deliver(payload, "pull_request", guid).status == 202
        wait_for(lambda: web.metric('devchat_deliveries_total{event="pull_request"}') == 1)
        assert jobs.backlog().waiting == 1
    assert shown(environ) == [("opened", "review of #1")]


def test_receiver_down_an_hour_then_redelivery(setting: Setting, home: Path) -> None:
    environ, hub = setting
    hub.open_pull(hub.repository("octo/app", {"a.py": "x\n"}), {"a.py": "y\n"})
    assert shown(environ) == []
    with Program(environ, home, "web") as web:
        web.ready()
        assert run_bot(environ, "redeliver").returncode == 0
        assert hub.redeliver() == 1
        assert web.metric('devchat_queue_jobs{state="waiting"}') == 1
        wait_for(lambda: shown(environ) == [("opened", "review: opened")])
        assert run_bot(environ, "redeliver").returncode == 0
        assert hub.redeliver() == 0
