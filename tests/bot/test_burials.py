"""Jobs that failed for good: each is told to those who wait for it, once, whatever killed it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest
import sqlalchemy as sa

from bot.durable.burying import DEADLY
from bot.durable.records import Records
from bot.durable.worker import MOST_RUNS
from bot.jobs import Job
from tests.bot.burying import live
from tests.bot.crew import Crew, nursery

FAILED = "devchat-bot itself failed: ValueError"


@contextmanager
def worker(crew: Crew, *, bury: bool = True) -> Iterator[None]:
    """A worker at work whose jobs fail."""
    process = nursery().Process(target=live, args=(crew.url, crew.diary), kwargs={"bury": bury})
    process.start()
    try:
        yield
    finally:
        process.kill()
        process.join()


def buried(crew: Crew) -> list[tuple[str, str]]:
    """What was buried, and why, in order."""
    return [(job, why) for word, job, why in crew.diary.read() if word == "buried"]


def states(crew: Crew) -> dict[str, str]:
    """How each job stands."""
    with closing(Records(crew.url)) as records, records.writing() as connection:
        job = records.jobs.c
        rows = connection.execute(sa.select(job.workflow_uuid, job.status))
        return {id: status for id, status in rows}


@pytest.fixture
def rests(crew: Crew) -> Callable[..., None]:
    """Wait until these jobs are at an end."""

    def wait(*ids: str) -> None:
        ended = {"SUCCESS", "ERROR", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"}
        crew.until(lambda: all(states(crew).get(id) in ended for id in ids))

    return wait


def test_a_job_that_failed_is_buried_once_and_a_burial_never(
    crew: Crew, rests: Callable[..., None]
) -> None:
    crew.jobs.enqueue(Job("review", "r1", {"text": "\udcff"}, "11"))
    crew.jobs.enqueue(Job("intake", "i1", {"bury": "badly"}))
    with worker(crew):
        rests("r1:buried", "i1:buried")
        crew.jobs.enqueue(Job("review", "r2", {}))
        rests("r2:buried")
    assert sorted(buried(crew)) == [("i1", FAILED), ("r1", FAILED), ("r2", FAILED)]
    assert states(crew)["i1:buried"] == "ERROR" and "i1:buried:buried" not in states(crew)


def test_a_job_is_buried_also_when_the_worker_that_had_it_is_gone(
    crew: Crew, rests: Callable[..., None]
) -> None:
    crew.jobs.enqueue(Job("review", "r1", {}))
    with worker(crew, bury=False):
        rests("r1")
    assert buried(crew) == []
    with worker(crew):
        rests("r1:buried")
    assert buried(crew) == [("r1", FAILED)]


def test_a_job_that_takes_every_worker_with_it_is_buried(
    crew: Crew, rests: Callable[..., None]
) -> None:
    crew.jobs.enqueue(Job("review", "r1", {}))
    with closing(Records(crew.url)) as records, records.writing() as connection:
        runs = sa.update(records.jobs).values(recovery_attempts=MOST_RUNS + 1)
        connection.execute(runs)
    with worker(crew):
        rests("r1:buried")
    assert states(crew)["r1"] == "MAX_RECOVERY_ATTEMPTS_EXCEEDED"
    assert buried(crew) == [("r1", DEADLY)] and crew.counts("began") == {}


def test_a_wait_that_does_not_end_is_buried(crew: Crew, rests: Callable[..., None]) -> None:
    crew.jobs.enqueue(Job("review", "r1", {"wait": 60}))
    with closing(Records(crew.url)) as records, records.writing() as connection:
        told = {"waiting": {"step": 0, "since": 0.0}}
        connection.execute(sa.update(records.jobs).values(attributes=told))
    with worker(crew):
        rests("r1:buried")
    assert buried(crew) == [("r1", "GitHub is out of order. wait")]


def test_waiting_is_counted_for_each_step_and_not_what_a_job_waits_for_its_turn(
    crew: Crew,
) -> None:
    crew.jobs.enqueue(Job("review", "r1", {}))
    with closing(Records(crew.url)) as records:
        with records.writing() as connection:
            connection.execute(sa.update(records.jobs).values(created_at=1))
        assert records.waited("r1") == 0.0
        first = records.waited("r1")
        assert 0.0 < first < records.waited("r1")
        with records.writing() as connection:
            insert = sa.text(
                f"INSERT INTO {records.steps.fullname} (workflow_uuid, function_id, function_name,"
                " retention_timestamp) VALUES ('r1', 1, 'open', 0)"
            )
            connection.execute(insert)
        assert records.waited("r1") == 0.0
