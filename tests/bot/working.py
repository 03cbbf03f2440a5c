"""A worker process for tests: does jobs made of steps that write what they do into a file.

A job's payload is {"steps": how many, "pause": seconds in each} and, where wanted, {"hold": name
of a step} (that step goes on when it is let; with "linger" after its deed), {"wait": [name of a
step, seconds]} (that step asks once to wait), {"full": name of a step that once finds the disk
full}, {"fail": name of a step}. Version 2 has a step more. SIGUSR1 fills the disk, as far as this
process is concerned, and SIGUSR2 makes room again.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Iterable, Sequence
from functools import partial
from multiprocessing import connection, parent_process
from pathlib import Path

from bot.durable import run_worker
from bot.errors import WaitError
from bot.jobs import JSON, Job, Steps
from devchat.errors import DevchatError, StorageError


class Diary:
    """A file for each job, which any number of processes append lines to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)

    def write(self, word: str, job: str, step: str) -> None:
        """Add a line, whole."""
        line = json.dumps([word, job, step, time.time()]) + "\n"
        handle = os.open(self.folder / job, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.write(handle, line.encode())
        os.close(handle)

    def read(self, jobs: Iterable[str] = ()) -> list[tuple[str, str, str]]:
        """Return what was written about some jobs, or all: (word, job, step), by time."""
        return [(row[0], row[1], row[2]) for row in self.rows(jobs)]

    def rows(self, jobs: Iterable[str] = ()) -> list[list[JSON]]:
        """Return what was written, with times at the end."""
        files = [self.folder / job for job in jobs] or list(self.folder.iterdir())
        lines = [line for file in files if file.exists() for line in file.read_text().split("\n")]
        return sorted((json.loads(line) for line in lines if line), key=lambda row: float(row[3]))

    def known(self) -> int:
        """Count the jobs that something was written about."""
        return sum(1 for _ in self.folder.iterdir())


def do(job: Job, steps: Steps, diary: Diary, version: int) -> None:
    """Do the steps of a job; each looks for its own effect before it does it."""
    names = [f"step{number}" for number in range(job.payload["steps"])]
    if version > 1:
        names.insert(1, "added")
    seen = [steps.run(name, partial(_step, job, name, diary)) for name in names]
    assert seen == [f"\udcff\0{name}" for name in names]
    diary.write("finished", job.id, "")


def _step(job: Job, name: str, diary: Diary) -> str:
    diary.write("began", job.id, name)
    time.sleep(job.payload["pause"])
    _await(job, "hold", name, diary)
    before = diary.read([job.id])
    if ("waited", job.id, name) not in before and job.payload.get("wait", [""])[0] == name:
        diary.write("waited", job.id, name)
        raise WaitError("not now", job.payload["wait"][1])
    if ("full", job.id, name) not in before and job.payload.get("full") == name:
        diary.write("full", job.id, name)
        raise StorageError("the disk is full")
    if job.payload.get("fail") == name:
        raise ValueError("a bug")
    if ("did", job.id, name) not in before:
        diary.write("did", job.id, name)
    _await(job, "linger", name, diary)
    # Nothing that a database would take as it is.
    return f"\udcff\0{name}"


def _await(job: Job, wish: str, name: str, diary: Diary) -> None:
    while job.payload.get(wish) == name and ("let", job.id, name) not in diary.read([job.id]):
        time.sleep(0.02)


def fill_disk(*, full: bool) -> None:
    """Let no file of this process grow beyond 16 KiB, or let all grow."""
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (16384 if full else hard, hard))


def live(argv: Sequence[str], log: Path) -> None:
    """Be a worker, in a process of its own."""
    begin(log)
    sys.exit(work(argv))


def begin(log: Path) -> None:
    """Log into a file, and live as long as the process that started us."""
    with log.open("wb") as stderr:
        os.dup2(stderr.fileno(), 2)
    logging.basicConfig(level="INFO", format="%(message)s")
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    assert parent
    connection.wait([parent.sentinel])
    os.kill(os.getpid(), signal.SIGKILL)


def work(argv: Sequence[str]) -> int:
    """Run the worker until it is told to stop."""
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("diary", type=Path)
    parser.add_argument("--name", default="")
    parser.add_argument("--concurrency", type=int, default=4)
    parser.add_argument("--lanes", type=int, default=1)
    parser.add_argument("--version", type=int, default=1)
    parser.add_argument("--grace", type=float, default=20.0)
    parser.add_argument("--keep-days", type=float, default=30.0)
    args = parser.parse_args(argv)
    diary = Diary(args.diary)

    def handle(job: Job, steps: Steps) -> None:
        do(job, steps, diary, args.version)

    def told(number: int, _frame: object) -> None:
        fill_disk(full=number == signal.SIGUSR1)
        diary.write("signal", "worker", signal.Signals(number).name)

    for number in (signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(number, told)
    try:
        run_worker(
            args.url,
            {"intake": handle, "review": handle},
            name=args.name,
            concurrency=args.concurrency,
            lane_concurrency=args.lanes,
            grace=args.grace,
            keep_days=args.keep_days,
        )
    except DevchatError as error:
        print(f"error: {error.message}\nhint: {error.hint}", file=sys.stderr)
        return error.exit_code
    return 0
