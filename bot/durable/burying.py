"""Jobs that failed for good are handed in once more, to be told to those who wait for them.

Looked for in the database, not where they fail: a job may have taken its worker with it.
"""

from __future__ import annotations

import json
import logging

from dbos import DBOS, WorkflowStatus

from bot.database import translated
from bot.durable.records import Records
from bot.jobs import Dead, Job, Jobs

DEADLY = "each worker that began it ended before it did"
LOG = logging.getLogger("bot.durable")


def bury_dead(records: Records, jobs: Jobs) -> None:
    """Hand in a burial for each job that died and has none. Raises StorageError."""
    ids = list(records.dead())
    if not ids:
        return
    with translated(records.engine.url):
        dead = DBOS.list_workflows(workflow_ids=ids)
    for one in dead:
        jobs.enqueue(Dead(_job(one), _why(one)).burial())
        LOG.info("job %s is to be buried", one.workflow_id)


def _job(status: WorkflowStatus) -> Job:
    assert status.input is not None  # it was asked for
    kind, payload, lane = status.input["args"]
    return Job(kind, status.workflow_id, json.loads(payload), lane)


def _why(status: WorkflowStatus) -> str:
    return DEADLY if status.error is None else str(status.error)
