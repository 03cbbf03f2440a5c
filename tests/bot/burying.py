"""A worker process for tests whose every job but a burial fails; burials go into the diary."""

from __future__ import annotations

from bot.durable import run_worker
from bot.errors import WaitError
from bot.jobs import Handler, Job, Kind, Steps, read_dead
from tests.bot.working import Diary


def live(url: str, diary: Diary, *, bury: bool) -> None:
    """Be a worker; one that knows of no burials is of an earlier version."""

    def fail(job: Job, steps: Steps) -> None:
        diary.write("began", job.id, "")
        if job.payload == {"wait": 60}:
            raise WaitError("GitHub is out of order", 60.0, "wait")
        raise ValueError("a bug, and a secret")

    def tell(job: Job, steps: Steps) -> None:
        dead = read_dead(job)
        diary.write("buried", dead.job.id, dead.why)
        steps.run("note", lambda: None)
        if dead.job.payload == {"bury": "badly"}:
            raise ValueError("a bug in a burial")

    handlers: dict[Kind, Handler] = {"intake": fail, "review": fail}
    run_worker(url, handlers | ({"bury": tell} if bury else {}))
