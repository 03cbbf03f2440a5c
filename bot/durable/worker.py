"""A worker: does jobs, watches over its name, and takes over the jobs of workers that are gone."""

from __future__ import annotations

import logging
import os
import signal
import time
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime

from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer

from bot.database import read_address, translated
from bot.durable.burying import bury_dead
from bot.durable.client import APPLICATION, WORKFLOW, DurableJobs, open_client
from bot.durable.lease import Lease, open_lease
from bot.durable.log import adopt_log
from bot.durable.records import Records
from bot.durable.running import Running
from bot.jobs import Handlers, Jobs, Kind
from devchat.errors import StorageError

BEAT = 1.0
"""Seconds between two looks at our name, at other workers, and at what was left lying."""
POLL = 0.2
"""Seconds between two looks for new jobs."""
SLOW_POLL = 1.0
INTAKE_CONCURRENCY = 4
CLEANING = 3600.0
"""Seconds between two times that old jobs are forgotten."""
MOST_RUNS = 50
"""A job that took this many workers down with it is left alone."""
# Jobs don't care which version began them: without a fixed one an upgrade would strand them all.
VERSION = "any"
LOG = logging.getLogger("bot.durable")


@dataclass(frozen=True, slots=True)
class Terms:
    """How a worker works; `bot.durable.run_worker` says what they mean. Times are seconds."""

    name: str
    concurrency: int
    lane_concurrency: int
    keep: float
    grace: float


def work(database_url: str, handlers: Handlers, terms: Terms) -> int:
    """Do jobs until told to stop; return the exit code, 130 after SIGINT."""
    open_client(database_url).close()
    with closing(open_lease(database_url, terms.name)) as lease:
        with closing(Records(database_url)) as records:
            running = Running(records, lease.name, handlers)
            told = _listen(running)
            _launch(database_url, running, lease.name, terms)
            try:
                jobs = DurableJobs(records) if "bury" in handlers else None
                Watch(lease, records, running, terms, jobs).keep()
            finally:
                running.stopping.set()
                LOG.info("told to stop: jobs between two steps go back")
                DBOS.destroy(workflow_completion_timeout_sec=int(terms.grace))
        code = 130 if told[:1] == [signal.SIGINT] else 0
        if running.ids:
            # A step that does not end would keep the process; it is done again elsewhere.
            LOG.warning("stopped in the middle of %s", ", ".join(sorted(running.ids)))
            lease.close()
            logging.shutdown()
            os._exit(code)
    return code


def _launch(database_url: str, running: Running, name: str, terms: Terms) -> None:
    config: DBOSConfig = {
        "name": APPLICATION,
        "system_database_url": database_url,
        "application_version": VERSION,
        "executor_id": name,
        "serializer": DBOSPortableJSONSerializer(),
        "enable_otlp": False,
        "db_engine_kwargs": {"hide_parameters": True},
        "log_level": "WARNING",
    }
    DBOS(config=config)
    adopt_log()

    @DBOS.workflow(name=WORKFLOW, max_recovery_attempts=MOST_RUNS)
    def job(kind: Kind, payload: str, lane: str) -> None:
        running.do(str(DBOS.workflow_id), kind, payload, lane)

    with translated(read_address(database_url)):
        DBOS.launch()
        DBOS.register_queue(
            "intake", worker_concurrency=INTAKE_CONCURRENCY, polling_interval_sec=POLL
        )
        DBOS.register_queue(
            "review",
            worker_concurrency=terms.concurrency,
            partition_concurrency=terms.lane_concurrency,
            polling_interval_sec=POLL,
        )
        DBOS.register_queue("bury", worker_concurrency=1, polling_interval_sec=SLOW_POLL)


def _listen(running: Running) -> list[int]:
    """Stop at SIGTERM and SIGINT; return what comes to hold which came."""
    told: list[int] = []

    def hear(number: int, _frame: object) -> None:
        told.append(number)
        running.stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, hear)
    return told


class Watch:
    """What a worker looks after while jobs run."""

    def __init__(
        self,
        lease: Lease,
        records: Records,
        running: Running,
        terms: Terms,
        burials: Jobs | None,
    ) -> None:
        self._lease = lease
        self._burials = burials
        self._records = records
        self._running = running
        self._keep = terms.keep
        self._astray: set[str] = set()
        self._cleaned = 0.0

    def keep(self) -> None:
        """Look after things at every beat, until told to stop."""
        while not self._running.stopping.wait(BEAT):
            try:
                self._look()
            except StorageError as error:
                LOG.warning("%s; %s", error.message, error.hint)

    def _look(self) -> None:
        self._lease.keep()
        self._take_over()
        self._take_up()
        if self._burials is not None:
            bury_dead(self._records, self._burials)
        if time.monotonic() - self._cleaned > CLEANING or not self._cleaned:
            self._cleaned = time.monotonic()
            self._records.forget_ended()
            with self._running.recording():
                _forget(time.time() - self._keep)

    def _take_over(self) -> None:
        """Put the jobs of workers that are gone back into their queues."""
        for name in self._lease.gone(self._records.holders() - {self._lease.name}):
            LOG.warning("took over %d jobs of worker %s", self._records.release(name), name)

    def _take_up(self) -> None:
        """Put back our own jobs that don't run, seen twice: their end could not be written down."""
        astray = self._records.held(self._lease.name) - self._running.ids
        for id in astray & self._astray:
            LOG.warning("job %s was left lying: taken up again", id)
            self._records.put_back(id, self._lease.name)
        self._astray = astray


def _forget(before: float) -> None:
    """Delete jobs that ended before a time, with their steps."""
    moment = datetime.fromtimestamp(before, UTC).isoformat()
    while True:
        ended = DBOS.list_workflows(
            completed_before=moment, limit=500, load_input=False, load_output=False
        )
        if not ended:
            return
        DBOS.delete_workflows([job.workflow_id for job in ended])
        LOG.info("forgot %d jobs that ended before %s", len(ended), moment)
