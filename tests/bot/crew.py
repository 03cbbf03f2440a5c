"""Worker processes on one database, and what they wrote down."""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import closing
from multiprocessing.context import ForkServerContext, ForkServerProcess
from multiprocessing.forkserver import ensure_running
from pathlib import Path
from types import TracebackType

import sqlalchemy as sa

from bot.durable import open_jobs
from bot.durable.records import Records
from bot.jobs import Job
from tests.bot.working import Diary, live

PATIENCE = 180.0
"""A guard against waiting for ever, not a measure."""
LEAVE = 3.0
"""Seconds that a worker has to end by itself after its test."""
PRELOADED = [
    "tests.bot.working",
    "bot.durable.worker",
    "tests.bot.reviewer",
    "sqlalchemy.dialects.sqlite",
    "sqlalchemy.dialects.postgresql.psycopg",
]


def nursery() -> ForkServerContext:
    """Return what forks workers off one process that has imported all they need, once."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    return context


def open_nursery() -> None:
    """Begin the process that workers are forked off; it is measured if we are."""
    nursery()
    ensure_running()


def _labour(measured: bool, target: Callable[..., None], *args: object) -> None:
    if not measured and (coverage := sys.modules.get("coverage")):
        coverage.Coverage.current().stop()
    target(*args)


class Crew:
    """Starts workers, kills them, and waits for what they do."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.jobs = open_jobs(url)
        self.diary = Diary(folder / "diary")
        self.workers: dict[ForkServerProcess, Path] = {}
        self._folder = folder

    def start(self, *args: object) -> ForkServerProcess:
        """Start a worker; `args` are those of `tests.bot.working`."""
        argv = [self.url, str(self.diary.folder), *map(str, args)]
        return self.fork(live, argv)

    def fork(self, target: Callable[..., None], *args: object) -> ForkServerProcess:
        """Start a process that calls something with `args` and where to log to."""
        log = self._folder / f"worker{len(self.workers)}.log"
        measured = "COVERAGE_PROCESS_CONFIG" in os.environ
        all_args = (measured, target, *args, log)
        worker = nursery().Process(target=_labour, args=all_args, daemon=True)
        worker.start()
        self.workers[worker] = log
        return worker

    def send(self, worker: ForkServerProcess, number: int) -> None:
        """Send a signal to a worker."""
        assert worker.pid
        os.kill(worker.pid, number)

    def kill(self, worker: ForkServerProcess) -> None:
        """Kill a worker as the kernel would."""
        worker.kill()
        worker.join()

    def ended(self, worker: ForkServerProcess) -> str:
        """Wait until a worker ends; return what it logged."""
        worker.join(PATIENCE)
        assert worker.exitcode is not None, self.said(worker)
        return self.said(worker)

    def said(self, worker: ForkServerProcess) -> str:
        """Return what a worker has logged so far."""
        log = self.workers[worker]
        return log.read_text() if log.exists() else ""

    def stop(self, worker: ForkServerProcess) -> str:
        """Ask a worker to stop; return what it logged."""
        worker.terminate()
        logged = self.ended(worker)
        assert worker.exitcode == 0, logged
        return logged

    def review(self, id: str, steps: int = 2, pause: float = 0.0, **wishes: object) -> None:
        """Hand in a job; `lane` and `delay` are the job's, the rest its payload's."""
        lane, delay = str(wishes.pop("lane", id)), float(str(wishes.pop("delay", 0)))
        self.jobs.enqueue(
            Job("review", id, {"steps": steps, "pause": pause, **wishes}, lane, delay)
        )

    def let(self, id: str, step: str) -> None:
        """Let go on a step that is held."""
        self.diary.write("let", id, step)

    def pass_time(self, seconds: float) -> None:
        """Let so much time pass for the jobs that wait until a moment."""
        with closing(Records(self.url)) as records, records.writing() as connection:
            due = records.jobs.c.delay_until_epoch_ms
            sooner = {"delay_until_epoch_ms": due - int(seconds * 1000)}
            connection.execute(sa.update(records.jobs).where(due.is_not(None)).values(sooner))

    def begun(self, jobs: int) -> None:
        """Wait until so many jobs were begun."""
        self.until(lambda: self.diary.known() >= jobs)

    def wait(self, word: str, id: str, step: str, times: int = 1) -> None:
        """Wait until a line has been written so often."""
        self.until(lambda: self.diary.read([id]).count((word, id, step)) >= times)

    def finished(self, *ids: str) -> None:
        """Wait until these jobs are finished."""
        for id in ids:
            self.wait("finished", id, "")

    def until(self, done: Callable[[], bool]) -> None:
        """Wait for something to come true."""
        limit = time.monotonic() + PATIENCE
        while not done():
            assert time.monotonic() < limit, (self.diary.read()[-20:], self.jobs.backlog())
            time.sleep(0.05)

    def idle(self, waiting: int = 0) -> None:
        """Wait until so many jobs wait and none is under way."""

        def rests() -> bool:
            backlog = self.jobs.backlog()
            return (backlog.waiting, backlog.running) == (waiting, 0)

        self.until(rests)

    def counts(self, word: str, ids: Iterable[str] = ()) -> Counter[tuple[str, str]]:
        """Count (job, step) among the lines that begin with a word."""
        lines = self.diary.read(ids)
        return Counter((job, step) for found, job, step in lines if found == word)

    def __enter__(self) -> Crew:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # What a killed process covered is not written down.
        for worker in self.workers if error is None else ():
            worker.terminate()
        for worker in self.workers:
            worker.join(LEAVE if error is None else 0)
            self.kill(worker)
        self.jobs.close()
