"""Jobs that survive a kill, by DBOS: SQLite on one machine, PostgreSQL for many workers.

The only room that imports dbos. `open_jobs` is the side that hands jobs in (web, commands, and
handlers that hand in further ones); `run_worker` does them. Both make the tables they need.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.jobs import Backlog, Handlers, Jobs

__all__ = ["open_jobs", "read_backlog", "run_worker"]


def open_jobs(database_url: str) -> Jobs:
    """Open the side that hands jobs in; it starts no thread. Raises StorageError."""
    from bot.durable.client import open_client

    return open_client(database_url)


def read_backlog(database_url: str) -> Backlog:
    """Count what waits and what is under way, without dbos, which takes longer to import than all
    else together. Raises StorageError.
    """
    from contextlib import closing

    from bot.durable.records import Records
    from bot.jobs import Backlog

    with closing(Records(database_url)) as records:
        return records.backlog() if records.exist() else Backlog(0, 0, 0.0)


def run_worker(
    database_url: str,
    handlers: Handlers,
    *,
    name: str = "",
    concurrency: int = 2,
    lane_concurrency: int = 1,
    keep_days: float = 30.0,
    grace: float = 20.0,
) -> int:
    """Do jobs until SIGTERM or SIGINT, then hand back what is between two steps.

    `concurrency` reviews at once, `lane_concurrency` of one lane in all workers together. A step
    under way has `grace` seconds to end; then the process ends, and the step is done again by
    another worker or after a restart. Jobs that ended are forgotten after `keep_days`.
    `name` is this worker's among those on one PostgreSQL; SettingsError where it is taken.
    Returns the exit code: 0, or 130 after SIGINT.
    """
    from bot.durable.worker import Terms, work

    terms = Terms(name, concurrency, lane_concurrency, keep_days * 86400, grace)
    return work(database_url, handlers, terms)
