"""One job while it runs: its steps, and what becomes of it when it can't go on.

The worker's outermost boundary: whatever a handler raises ends here.
"""

from __future__ import annotations

import json
import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from types import MappingProxyType, TracebackType

from dbos import DBOS
from dbos._error import DBOSUnexpectedStepError

from bot.database import translated
from bot.durable.records import Records
from bot.errors import WaitError
from bot.jobs import JSON, Handlers, Job, Kind
from devchat.errors import DevchatError, StorageError

STORAGE_WAIT = 5.0
"""Seconds until a job goes on that could not write something down."""
LONGEST_WAITS: MappingProxyType[Kind, float] = MappingProxyType(
    {"intake": 12 * 3600.0, "review": 12 * 3600.0, "bury": 7 * 86_400.0}
)
"""Seconds after which a job that was only ever told to wait, in one step, has failed."""
LOG = logging.getLogger("bot.durable")


class JobError(Exception):
    """A job failed for good; what DBOS writes down of it."""


class _Leaving(BaseException):
    """Leave the job as it stands in the database. No `Exception`, so no handler stops it."""


class _Failed(BaseException):
    """A step raised `error`. No `Exception`, so that DBOS does not keep it as the step's result."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error


class _Unrecorded:
    """Turn what a step raises into `_Failed`."""

    def __enter__(self) -> None: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, Exception):
            raise _Failed(error)


class Running:
    """The jobs that run in this process. `stopping` set: each is left at its next step."""

    def __init__(self, records: Records, worker: str, handlers: Handlers) -> None:
        self.stopping = threading.Event()
        self._records = records
        self._worker = worker
        self._handlers = handlers
        self._lock = threading.Lock()
        self._ids: Counter[str] = Counter()

    @property
    def ids(self) -> set[str]:
        """Return which jobs run now."""
        with self._lock:
            return set(self._ids)

    def do(self, id: str, kind: Kind, payload: str, lane: str) -> None:
        """Do a job, or what is left of it. Raises JobError where it failed for good."""
        job = Job(kind, id, json.loads(payload), lane)
        with self._noted(id):
            try:
                self._go(job)
            except StorageError as error:
                LOG.warning("job %s waits for storage: %s", id, error)
                self.leave(id, STORAGE_WAIT)
            except DevchatError as error:
                LOG.exception("job %s failed", id)
                raise JobError(f"{error.message}. {error.hint}".strip(". ")) from None
            except Exception as error:
                LOG.exception("job %s failed", id)
                raise JobError(f"devchat-bot itself failed: {type(error).__name__}") from None

    def leave(self, id: str, delay: float = 0.0) -> None:
        """Give the job's thread and place up; it goes on later, here or elsewhere."""
        try:
            self._records.put_back(id, self._worker, delay)
        except StorageError as error:
            # The worker's next look finds a job that is marked as running, and is not.
            LOG.warning("job %s could not be put back yet: %s", id, error)
        raise _Leaving

    def forget(self, id: str, first: int) -> None:
        """Do the steps from one on again: a version with other steps began this job."""
        LOG.warning("job %s has other steps than when it began: done again from there", id)
        self._records.forget_steps(id, first)
        self.leave(id)

    def recording(self) -> AbstractContextManager[None]:
        """Translate what the database may raise where DBOS writes."""
        return translated(self._records.engine.url)

    def _go(self, job: Job) -> None:
        try:
            self._handlers[job.kind](job, Steps(self, job.id))
        except WaitError as error:
            if self._records.waited(job.id) > LONGEST_WAITS[job.kind]:
                raise
            LOG.info("job %s waits %.0f s: %s", job.id, error.seconds, error)
            self.leave(job.id, error.seconds)

    @contextmanager
    def _noted(self, id: str) -> Iterator[None]:
        with self._lock:
            self._ids[id] += 1
        try:
            yield
        finally:
            with self._lock:
                self._ids -= Counter({id: 1})


class Steps:
    """The protocol `Steps`, each a step of DBOS."""

    def __init__(self, running: Running, id: str) -> None:
        self._running = running
        self._id = id

    def run(self, name: str, step: Callable[[], JSON]) -> JSON:
        """Do a step and keep its result, or give back the one that is kept."""
        if self._running.stopping.is_set():
            self._running.leave(self._id)
        try:
            with self._running.recording():
                return json.loads(DBOS.run_step({"name": name}, partial(_attempt, step)))
        except DBOSUnexpectedStepError as error:
            self._running.forget(self._id, error.inputs[1])
        except _Failed as failed:
            failure = failed.error
        raise failure


def _attempt(step: Callable[[], JSON]) -> str:
    with _Unrecorded():
        # ASCII: a database takes neither lone surrogates nor NUL.
        return json.dumps(step())
