"""A model that ends, hangs or raves during a review: the check says so, and the next one works."""

from __future__ import annotations

import os
import resource
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from bot.ledger import Head
from devchat.backends.local.control import engines, stop_engines
from devchat.models import LocalModel
from devchat.settings import Local, Provider, Remote
from tests.bot.crew import PATIENCE
from tests.bot.office import BROKEN, Office
from tests.fakes.service import Reply, Seen, Service, delta, said, streamed

FILES = {"a.json": BROKEN, "b.py": "x = 1\n"}


@pytest.fixture
def local(office: Office, embedded: LocalModel) -> Iterator[Office]:
    """A bot whose model is the embedded one, with engines of its own."""
    settings = office.desk.settings
    settings = replace(settings, model=embedded.name, local=Local(threads=1))
    office.desk = replace(office.desk, settings=settings)
    yield office
    stop_engines(settings.paths.runtime)


@contextmanager
def at_work(
    office: Office, deed: Callable[[int], object], *, early: bool = False
) -> Iterator[None]:
    """Do something to the process of the first engine that is at work, or `early`: that starts."""
    runtime = office.desk.settings.paths.runtime

    def do() -> None:
        limit = time.monotonic() + PATIENCE
        while not (found := [one for one in engines(runtime) if early or one.queued]):
            assert time.monotonic() < limit
            time.sleep(0.01)
        deed(found[0].pid)

    thread = threading.Thread(target=do)
    thread.start()
    yield
    thread.join(PATIENCE)


@pytest.mark.engine
@pytest.mark.parametrize(
    ("number", "patience", "told"),
    [
        (signal.SIGKILL, 120.0, "signal 9"),
        (signal.SIGABRT, 120.0, "signal 6"),
        (signal.SIGSTOP, 4.0, "no sign of life for 4 seconds"),
    ],
)
def test_an_engine_that_ends_or_hangs_is_told_by_the_check_and_the_next_review_works(
    local: Office, number: int, patience: float, told: str
) -> None:
    patient, settings = local.desk, local.desk.settings
    impatient = replace(settings, local=Local(threads=1, stall_seconds=patience))
    local.desk = replace(patient, settings=impatient)
    with at_work(local, lambda pid: os.kill(pid, number)):
        pull = local.open(FILES)
        local.work()
    (check,) = local.repository.checks
    assert (check.status, len(pull.reviews)) == ("completed", 1)
    assert told in (check.summary or "")
    local.desk = patient
    local.push(pull, {"a.json": "{}\n"})
    local.work()
    latest = local.repository.checks[-1]
    assert latest.conclusion == "success" and told not in (latest.summary or "")


def served(office: Office, service: Service, seconds: float = 60.0) -> None:
    """Let the bot's model be a service."""
    providers = {"fake": Provider("fake", service.url)}
    settings = replace(office.desk.settings, model="fake:bright-1", providers=providers)
    settings = replace(settings, remote=Remote(timeout=1.0, retries=0))
    office.desk = replace(office.desk, settings=settings, seconds=seconds)


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (said("I am a teapot."), "failed"),
        (said('{"findings": [{"path": 7}]}'), "failed"),
        (streamed(b"\xff\x00 rubbish\n\n"), "failed"),
        (Reply(0), "failed"),
        (streamed(delta(content="{"), delta(content="}"), pause=3.0), "failed"),
    ],
)
def test_a_service_that_raves_drops_or_falls_silent_leaves_a_partial_review(
    office: Office, reply: Reply, told: str
) -> None:
    with Service([reply]) as service:
        served(office, service)
        pull = office.open(FILES)
        office.work()
    check = office.repository.checks[0]
    assert (check.status, len(pull.reviews)) == ("completed", 1)
    assert told in (check.summary or "") and check.conclusion == "failure"
    assert "Not all of it was reviewed" in pull.comments[0].body


def test_a_model_that_goes_on_for_ever_is_given_up_and_the_analyzers_speak_alone(
    office: Office,
) -> None:
    drip = streamed(*[delta(content=" ")] * 300, pause=0.2)
    with Service([drip]) as service:
        served(office, service, seconds=2.0)
        pull = office.open({"a.json": BROKEN})
        office.work()
        pull_of_clean = office.hub.open_pull(office.repository, {"b.py": "x = 1\n"})
        office.tell(pull_of_clean, "opened")
        office.work()
    first, second = office.repository.checks
    assert (first.conclusion, second.conclusion) == ("failure", "neutral")
    assert "given up after 2 seconds" in (second.summary or "")
    assert [row["path"] for row in pull.reviews[0].comments] == ["a.json"]
    assert "Not all of it was reviewed" in pull_of_clean.comments[0].body


def test_a_review_under_a_silent_model_ends_once_a_newer_head_is_known(office: Office) -> None:
    drip = streamed(*[delta(content=" ")] * 300, pause=0.2)
    pull = office.hub.open_pull(office.repository, {"a.json": BROKEN})

    def answer(_seen: Seen) -> Reply:
        newer = Head("octo/app", 1, 11, "f" * 40, time.time() + 60)
        office.ledger.see_head(newer)
        return drip

    with Service(answer) as service:
        served(office, service)
        office.tell(pull, "opened")
        for _ in range(2):  # the delivery, and its review
            office.queue.attempt(office.handlers, office.queue.waiting()[0])
    assert [one.outcome for one in office.ledger.reviews()] == ["superseded"]
    assert "newer commit" in (office.repository.checks[0].title or "") and pull.reviews == []


@pytest.mark.engine
def test_an_engine_that_grows_beyond_its_memory_is_told_and_the_next_review_works(
    local: Office,
) -> None:
    few = (160 << 20, 160 << 20)
    with at_work(local, lambda pid: resource.prlimit(pid, resource.RLIMIT_DATA, few), early=True):
        pull = local.open(FILES)
        local.work()
    (check,) = local.repository.checks
    assert (check.status, len(pull.reviews)) == ("completed", 1)
    assert "no summary came from the model" in (check.summary or "")
    local.push(pull, {"a.json": "{}\n"})
    local.work()
    assert local.repository.checks[-1].conclusion == "success"
