"""Jobs in memory, in order, taken up again after a wait or a kill; steps are kept as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict

from bot.errors import WaitError
from bot.jobs import BURIED, JSON, Backlog, Dead, Handlers, Job
from devchat.errors import DevchatError, StorageError

TRIES = 20


class Killed(BaseException):
    """The process ends here."""


class Bug(Exception):
    """What nobody thought of."""


class Queue:
    """The protocol `Jobs`, and the worker that does them.

    `kill` names a step after whose deed, and before whose record, the worker is killed once.
    `meanwhile` is called before each step. `waits` are the seconds that jobs asked to wait.
    """

    def __init__(self) -> None:
        self.jobs: dict[str, Job] = {}
        self.kept: dict[str, list[JSON]] = {}
        self.done: list[str] = []
        self.waits: list[float] = []
        self.kill = ""
        self.meanwhile: Callable[[str], None] = lambda step: None

    def enqueue(self, *jobs: Job) -> None:
        """Take jobs on whose ids are not known."""
        for job in jobs:
            # What a database would keep.
            self.jobs.setdefault(job.id, Job(**json.loads(json.dumps(asdict(job)))))

    def backlog(self) -> Backlog:
        """Count what waits."""
        return Backlog(len(self.waiting()), 0, 0.0)

    def close(self) -> None:
        """Close nothing."""

    def waiting(self) -> list[Job]:
        """List what is to be done, by when it may start."""
        left = [job for job in self.jobs.values() if job.id not in self.done]
        return sorted(left, key=lambda job: job.delay)

    def work(self, handlers: Handlers) -> None:
        """Do all jobs, also those that are handed in on the way."""
        tries = 0
        while waiting := self.waiting():
            tries += 1
            assert tries < TRIES, waiting
            self.attempt(handlers, waiting[0])

    def attempt(self, handlers: Handlers, job: Job) -> None:
        """Do one job, or what is left of it."""
        try:
            handlers[job.kind](job, Steps(self, self.kept.setdefault(job.id, [])))
        except WaitError as error:
            self.waits.append(error.seconds)
        except (StorageError, Killed):
            return
        except (Bug, DevchatError) as error:
            self.bury(job, str(error))
        else:
            self.done.append(job.id)

    def bury(self, job: Job, why: str) -> None:
        """Give a job up for good; whoever waits for it is told."""
        self.done.append(job.id)
        if not job.id.endswith(BURIED):
            self.enqueue(Dead(job, why).burial())


class Steps:
    """The protocol `Steps`, over what is kept of a job."""

    def __init__(self, queue: Queue, kept: list[JSON]) -> None:
        self._queue, self._kept, self._next = queue, kept, 0

    def run(self, name: str, step: Callable[[], JSON]) -> JSON:
        """Do a step and keep its result, or give back the one that is kept."""
        self._next += 1
        if self._next <= len(self._kept):
            return json.loads(self._kept[self._next - 1])
        self._queue.meanwhile(name)
        result = json.dumps(step())
        if self._queue.kill == name:
            self._queue.kill = ""
            raise Killed
        self._kept.append(result)
        return json.loads(result)
