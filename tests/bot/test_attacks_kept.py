"""Whoever reads the database finds no code of a pull in it for longer than its job took."""

from __future__ import annotations

from contextlib import closing

import pytest
import sqlalchemy as sa

from bot.durable.records import Records
from tests.bot.crew import Crew


def kept(crew: Crew) -> set[str]:
    """List the jobs whose steps are kept."""
    with closing(Records(crew.url)) as records, records.writing() as connection:
        return set(connection.execute(sa.select(records.steps.c.workflow_uuid)).scalars())


@pytest.mark.measured
def test_the_steps_of_jobs_are_forgotten_once_these_ended(crew: Crew) -> None:
    worker = crew.start("--name", "one")
    crew.review("done", steps=2)
    crew.review("failed", steps=2, fail="step1")
    crew.review("waiting", steps=2, wait=["step1", 3600])
    crew.finished("done")
    crew.wait("waited", "waiting", "step1")
    crew.idle(waiting=1)
    crew.stop(worker)
    crew.start("--name", "one")
    crew.until(lambda: kept(crew) == {"waiting"})
    crew.pass_time(3600)
    crew.finished("waiting")
    assert crew.counts("began")["waiting", "step0"] == 1
