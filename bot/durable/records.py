"""What DBOS writes down about jobs, read and moved in place.

DBOS itself only offers: run, cancel, delete. A job that waits, or whose worker is gone, goes back
into its queue by one statement here, with its steps' results and its id. Made for the tables of
the one version of DBOS that we pin: https://docs.dbos.dev/explanations/system-tables
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from bot.database import open_engine, translated
from bot.jobs import BURIED, Backlog

WAITING = ("ENQUEUED", "DELAYED")
# In the words of DBOS' own indexes: without these each look would read all jobs of a month.
IN_FLIGHT = sa.text("status IN ('ENQUEUED', 'PENDING')")
DELAYED = sa.text("status = 'DELAYED'")
FAILED = sa.text("status IN ('ERROR', 'CANCELLED', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED')")
MOST_DEAD = 100
"""How many dead jobs are looked at in one go."""


class Records:
    """The tables of DBOS. Everything raises StorageError."""

    def __init__(self, database_url: str) -> None:
        self.engine = open_engine(database_url)
        schema = None if self.engine.dialect.name == "sqlite" else "dbos"
        columns = [*map(sa.column, _JOB_COLUMNS), sa.column("attributes", _ATTRIBUTES)]
        self.jobs = sa.table("workflow_status", *columns, schema=schema)
        self.steps = sa.table("operation_outputs", *map(sa.column, _STEP_COLUMNS), schema=schema)

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Write in one transaction."""
        with translated(self.engine.url), self.engine.begin() as connection:
            yield connection

    def exist(self) -> bool:
        """Tell whether there are tables: who first opens the queue makes them."""
        with self.writing() as connection:
            return sa.inspect(connection).has_table(self.jobs.name, self.jobs.schema)

    def backlog(self) -> Backlog:
        """Count what waits and what is under way."""
        job = self.jobs.c
        due = sa.case(
            (job.delay_until_epoch_ms > job.updated_at, job.delay_until_epoch_ms),
            else_=job.updated_at,
        )
        counted = sa.select(job.status, sa.func.count(), sa.func.min(due)).group_by(job.status)
        query = sa.union_all(counted.where(IN_FLIGHT), counted.where(DELAYED))
        with self.writing() as connection:
            found = {status: (count, since) for status, count, since in connection.execute(query)}
        since = found.get("ENQUEUED", (0, None))[1]
        return Backlog(
            waiting=sum(found.get(status, (0, 0))[0] for status in WAITING),
            running=found.get("PENDING", (0, 0))[0],
            oldest_seconds=0.0 if since is None else max(0.0, time.time() - since / 1000),
        )

    def put_back(self, id: str, worker: str, delay: float = 0.0) -> None:
        """Put a job of a worker back into its queue; nothing where it is no longer that worker's.

        It was not its fault, so this run does not count against it.
        """
        values = dict(_QUEUED, recovery_attempts=0)
        if delay > 0:
            values["status"] = "DELAYED"
            values["delay_until_epoch_ms"] = int((time.time() + delay) * 1000)
        with self.writing() as connection:
            held = self._held_by(worker) & (self.jobs.c.workflow_uuid == id)
            connection.execute(sa.update(self.jobs).where(held).values(values | _now()))

    def release(self, worker: str) -> int:
        """Put all jobs of a worker that is gone back into their queues, and count them."""
        with self.writing() as connection:
            held = self._held_by(worker)
            moved = connection.execute(sa.update(self.jobs).where(held).values(_QUEUED | _now()))
            return moved.rowcount

    def held(self, worker: str) -> set[str]:
        """Return the jobs under way that a worker has taken on."""
        with self.writing() as connection:
            query = sa.select(self.jobs.c.workflow_uuid).where(self._held_by(worker))
            return set(connection.execute(query).scalars())

    def holders(self) -> set[str]:
        """Return the workers that have taken on jobs which are under way."""
        job = self.jobs.c
        query = sa.select(job.executor_id).where(job.status == "PENDING").distinct()
        with self.writing() as connection:
            return {name for name in connection.execute(query).scalars() if name}

    def waited(self, id: str) -> float:
        """Return for how many seconds a job has been told to wait in the step that it is in."""
        job, step, now = self.jobs.c, self.steps.c, time.time()
        done = sa.select(sa.func.count()).where(step.workflow_uuid == id).scalar_subquery()
        here = job.workflow_uuid == id
        with self.writing() as connection:
            row = connection.execute(sa.select(job.attributes, done).where(here)).one()
            known = (row[0] or {}).get("waiting", {})
            if known.get("step") == row[1]:
                return float(now - known["since"])
            first = {"waiting": {"step": row[1], "since": now}}
            connection.execute(sa.update(self.jobs).where(here).values(attributes=first))
        return 0.0

    def dead(self) -> tuple[str, ...]:
        """Return some of the jobs that failed for good and have no burial yet."""
        job, burial = self.jobs.c, self.jobs.alias("burial").c
        buried = sa.exists().where(burial.workflow_uuid == job.workflow_uuid.concat(BURIED))
        query = (
            sa.select(job.workflow_uuid)
            .where(FAILED, job.status != "CANCELLED", ~job.workflow_uuid.endswith(BURIED), ~buried)
            .limit(MOST_DEAD)
        )
        with self.writing() as connection:
            return tuple(connection.execute(query).scalars())

    def forget_steps(self, id: str, first: int) -> None:
        """Forget the results of a job's steps from one on: they belong to an older version."""
        step = self.steps.c
        late = (step.workflow_uuid == id) & (step.function_id >= first)
        with self.writing() as connection:
            connection.execute(sa.delete(self.steps).where(late))

    def forget_ended(self) -> None:
        """Forget the steps of jobs that ended: nobody needs them, and there is code in them."""
        ended = sa.select(self.jobs.c.workflow_uuid).where(
            self.jobs.c.status.not_in((*WAITING, "PENDING"))
        )
        with self.writing() as connection:
            here = self.steps.c.workflow_uuid.in_(ended)
            connection.execute(sa.delete(self.steps).where(here))

    def close(self) -> None:
        """Close the connections."""
        self.engine.dispose()

    def _held_by(self, worker: str) -> sa.ColumnElement[bool]:
        return (self.jobs.c.status == "PENDING") & (self.jobs.c.executor_id == worker)


_JOB_COLUMNS = (
    "workflow_uuid",
    "status",
    "executor_id",
    "owner_xid",
    "created_at",
    "updated_at",
    "started_at_epoch_ms",
    "delay_until_epoch_ms",
    "recovery_attempts",
)
_ATTRIBUTES = sa.JSON().with_variant(JSONB(), "postgresql")
_STEP_COLUMNS = ("workflow_uuid", "function_id")
# Without its owner's token nothing that the former run still writes is accepted.
_QUEUED: dict[str, object] = {
    "status": "ENQUEUED",
    "owner_xid": None,
    "started_at_epoch_ms": None,
}


def _now() -> dict[str, object]:
    return {"updated_at": int(time.time() * 1000)}
