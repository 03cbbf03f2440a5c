"""A worker process for tests: does jobs made of steps that write what they do into a file.

    python -m tests.bot.working URL DIARY [--name N] [--concurrency N] [--lanes N] [--version N]

A job's payload is {"steps": how many, "pause": seconds in each} and, where wanted, {"wait":
[name of a step, seconds]} (that step asks once to wait), {"full": name of a step that once finds
the disk full}, {"fail": name of a step}. Version 2 has a step more. SIGUSR1 fills the disk, as
far as this process is concerned, and SIGUSR2 makes room again.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import resource
import signal
import sys
import time
from functools import partial
from pathlib import Path

from bot.durable import run_worker
from bot.errors import WaitError
from bot.jobs import JSON, Job, Steps
from devchat.errors import DevchatError, StorageError


class Diary:
    """A file that any number of processes append lines to."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, *words: object) -> None:
        """Add a line, whole."""
        line = json.dumps([*words, time.time()]) + "\n"
        handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.write(handle, line.encode())
        os.close(handle)

    def read(self) -> list[tuple[str, str, str]]:
        """Return what was written: (word, job, step)."""
        if not self.path.exists():
            return []
        return [(row[0], row[1], row[2]) for row in self.rows()]

    def rows(self) -> list[list[JSON]]:
        """Return what was written, with times at the end."""
        return [json.loads(line) for line in self.path.read_text().splitlines()]


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
    before = diary.read()
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
    # Nothing that a database would take as it is.
    return f"\udcff\0{name}"


def fill_disk(*, full: bool) -> None:
    """Let no file of this process grow beyond 16 KiB, or let all grow."""
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (16384 if full else hard, hard))


def main() -> int:
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
    args = parser.parse_args()
    logging.basicConfig(level="INFO", format="%(message)s")
    diary = Diary(args.diary)

    def handle(job: Job, steps: Steps) -> None:
        do(job, steps, diary, args.version)

    signal.signal(signal.SIGUSR1, lambda *_: fill_disk(full=True))
    signal.signal(signal.SIGUSR2, lambda *_: fill_disk(full=False))
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


if __name__ == "__main__":
    sys.exit(main())
