"""What we need of a durable queue: jobs that survive a kill, made of steps that are done once.

Knows no database. A step may run again where a kill came between its deed and its record, so
a step that writes to GitHub first looks for what it wrote.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

JSON = Any
"""A value that JSON can hold; never a token."""
Kind = Literal["intake", "review", "bury"]


BURIED = ":buried"
"""How the id of a burial ends; before it stands that of the job."""


@dataclass(frozen=True, slots=True)
class Job:
    """A piece of work. Its `id` alone decides about duplicates, for good.

    `lane` is what must not starve others (an installation); `delay` seconds before it starts.
    """

    kind: Kind
    id: str
    payload: JSON
    lane: str = ""
    delay: float = 0.0


@dataclass(frozen=True, slots=True)
class Dead:
    """A job that will not be done any more, and why."""

    job: Job
    why: str

    def burial(self) -> Job:
        """Make the job that tells those who wait for it."""
        job = self.job
        payload = {"kind": job.kind, "id": job.id, "payload": job.payload, "why": self.why}
        return Job("bury", f"{job.id}{BURIED}", payload, job.lane)


def read_dead(burial: Job) -> Dead:
    """Read what `Dead.burial` wrote."""
    dead = burial.payload
    return Dead(Job(dead["kind"], dead["id"], dead["payload"], burial.lane), dead["why"])


class Steps(Protocol):
    """The steps of one job while it runs."""

    def run(self, name: str, step: Callable[[], JSON]) -> JSON:
        """Do a step and keep its result; where the job is taken up again, give that back."""


Handler = Callable[[Job, Steps], None]
"""Does a job. Raises `WaitError` to be run again later, from its next undone step."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """How much is waiting: jobs not begun, jobs under way, seconds the oldest has waited."""

    waiting: int
    running: int
    oldest_seconds: float


class Jobs(Protocol):
    """Handing in jobs; a worker does them with a `Handler` for each kind."""

    def enqueue(self, *jobs: Job) -> None:
        """Take jobs on, durably, all or none; those whose id is known stay. Raises StorageError."""

    def backlog(self) -> Backlog:
        """Count what waits and what is under way."""

    def close(self) -> None:
        """Close the connections."""


Handlers = Mapping[Kind, Handler]
