"""Handing jobs in, asking after them, cancelling them. Runs none."""

from __future__ import annotations

import json
from operator import attrgetter

import sqlalchemy as sa
from dbos import DBOS, DBOSClient, DBOSPortableJSONSerializer, EnqueueOptions

from bot.database import translated
from bot.durable.log import adopt_log
from bot.durable.records import Records
from bot.jobs import Backlog, Job
from devchat.errors import StorageError

APPLICATION = "devchat-bot"
WORKFLOW = "job"
NO_LANE = "-"
"""The lane of jobs without one: DBOS wants a name."""


def open_client(database_url: str) -> DurableJobs:
    """Open the database, with the tables of jobs made. Raises StorageError."""
    adopt_log()
    records = Records(database_url)
    url = records.engine.url
    try:
        with records.writing() as connection:
            connection.execute(sa.text("SELECT 1"))
        with translated(url):
            DBOS.migrate(url.render_as_string(hide_password=False))
    except StorageError:
        records.close()
        raise
    return DurableJobs(records)


class DurableJobs:
    """The protocol `Jobs`, in the database. Safe in threads; not across a fork."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._client = DBOSClient(
            system_database_engine=records.engine,
            serializer=DBOSPortableJSONSerializer(),
            application_name=APPLICATION,
            lazy=True,
            retry_connection_errors=False,
        )

    def enqueue(self, *jobs: Job) -> None:
        """Take jobs on: once this returns, they will be done."""
        with self._records.writing() as connection:
            # Everyone in the same order: two with the same jobs don't wait for each other.
            for job in sorted(jobs, key=attrgetter("id")):
                # ASCII: a database takes neither lone surrogates nor NUL.
                known = job.kind, json.dumps(job.payload), job.lane
                self._client.enqueue_in_transaction(connection, _options(job), *known)

    def backlog(self) -> Backlog:
        """Count what waits and what is under way."""
        return self._records.backlog()

    def close(self) -> None:
        """Close the connections."""
        self._client.destroy()
        self._records.close()


def _options(job: Job) -> EnqueueOptions:
    options: EnqueueOptions = {
        "workflow_name": WORKFLOW,
        "queue_name": job.kind,
        "workflow_id": job.id,
    }
    if job.kind == "review":
        options["queue_partition_key"] = job.lane or NO_LANE
    if job.delay > 0:
        options["delay_seconds"] = job.delay
    return options
