"""Worker processes on one database, and what they wrote down."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from bot.durable import open_jobs
from bot.jobs import Job
from tests.bot.working import Diary

ROOT = Path(__file__).parent.parent.parent
PATIENCE = 120.0
"""A guard against waiting for ever, not a measure."""


class Crew:
    """Starts workers, kills them, and waits for what they do."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.jobs = open_jobs(url)
        self.diary = Diary(folder / "diary")
        self.workers: dict[subprocess.Popen[bytes], Path] = {}
        self._folder = folder

    def start(self, *args: object) -> subprocess.Popen[bytes]:
        """Start a worker; `args` are those of `tests.bot.working`."""
        command = [sys.executable, "-m", "tests.bot.working", self.url, str(self.diary.path)]
        log = self._folder / f"worker{len(self.workers)}.log"
        with log.open("wb") as stderr:
            worker = subprocess.Popen([*command, *map(str, args)], cwd=ROOT, stderr=stderr)
        self.workers[worker] = log
        return worker

    def kill(self, worker: subprocess.Popen[bytes]) -> None:
        """Kill a worker as the kernel would."""
        worker.kill()
        worker.wait()

    def ended(self, worker: subprocess.Popen[bytes]) -> str:
        """Wait until a worker ends; return what it logged."""
        worker.wait(PATIENCE)
        return self.workers[worker].read_text()

    def stop(self, worker: subprocess.Popen[bytes]) -> str:
        """Ask a worker to stop; return what it logged."""
        worker.terminate()
        logged = self.ended(worker)
        assert worker.returncode == 0, logged
        return logged

    def review(self, id: str, steps: int = 2, pause: float = 0.0, **wishes: object) -> None:
        """Hand in a job; `lane` and `delay` are the job's, the rest its payload's."""
        lane, delay = str(wishes.pop("lane", id)), float(str(wishes.pop("delay", 0)))
        self.jobs.enqueue(
            Job("review", id, {"steps": steps, "pause": pause, **wishes}, lane, delay)
        )

    def wait(self, *line: str) -> None:
        """Wait until a line is in the diary: word, job, step."""
        self.until(lambda: line in self.diary.read())

    def finished(self, *ids: str) -> None:
        """Wait until these jobs are finished."""
        self.until(
            lambda: set(ids) <= {job for word, job, _ in self.diary.read() if word == "finished"}
        )

    def until(self, done: Callable[[], bool]) -> None:
        """Wait for something to come true."""
        limit = time.monotonic() + PATIENCE
        while not done():
            assert time.monotonic() < limit, (self.diary.read()[-20:], self.jobs.backlog())
            time.sleep(0.02)

    def idle(self, waiting: int = 0) -> None:
        """Wait until so many jobs wait and none is under way."""

        def rests() -> bool:
            backlog = self.jobs.backlog()
            return (backlog.waiting, backlog.running) == (waiting, 0)

        self.until(rests)

    def counts(self, word: str) -> Counter[tuple[str, str]]:
        """Count (job, step) among the lines that begin with a word."""
        return Counter((job, step) for found, job, step in self.diary.read() if found == word)

    def __enter__(self) -> Crew:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for worker in self.workers:
            self.kill(worker)
        self.jobs.close()
