"""How many jobs workers do in a minute on one PostgreSQL, and how soon one begins a job: an idle
one, one that is busy with another installation, one that takes over from a killed one.

A job is three kept steps of 50 ms in which the machine does nothing, as when GitHub is waited for.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median

from tests.benchmarks.pairs import Row
from tests.bot.crew import Crew
from tests.bot.postgres import make_database, open_server

JOBS, LANES, SINGLE = 60, 12, 10
STARTS_WITHIN, TAKEN_OVER_WITHIN = 2.0, 5.0
KILLS, CROWD = 5, 100


def measure(environ: Mapping[str, str]) -> list[Row]:
    """Do the same jobs with 1, 2 and 4 workers, then single ones."""
    seconds, starts = {}, list[float]()
    with open_server() as server:
        for workers in (1, 2, 4):
            url = make_database(server, f"jobs{workers}")
            with tempfile.TemporaryDirectory() as folder, Crew(url, Path(folder)) as crew:
                seconds[workers] = _many(crew, workers)
                starts += _starts(crew)
        taken = [_takeover(make_database(server, f"kill{number}")) for number in range(KILLS)]
        alone = [_beside(make_database(server, f"lane{number}")) for number in range(KILLS)]
    rates = ", ".join(f"{count}: {JOBS / taken * 60:.0f}" for count, taken in seconds.items())
    begun = f"median {median(starts):.2f} s, of {len(starts)}"
    return [
        Row(
            f"time of {JOBS} jobs, 4 workers : 1",
            seconds[4] / seconds[1],
            1.0,
            "x",
            f"a minute: {rates}",
        ),
        Row("from enqueue to start, worst", max(starts), STARTS_WITHIN, " s", begun),
        Row(
            "from enqueue to start beside 100 jobs of another installation, worst",
            max(alone),
            STARTS_WITHIN,
            " s",
            f"median {median(alone):.2f} s, of {KILLS}",
        ),
        Row(
            "from kill -9 of a worker to its job begun by another, worst",
            max(taken),
            TAKEN_OVER_WITHIN,
            " s",
            f"median {median(taken):.2f} s, of {KILLS}",
        ),
    ]


def _many(crew: Crew, workers: int) -> float:
    for _ in range(workers):
        crew.start("--concurrency", 4)
    for number in range(workers * 2):
        crew.review(f"warm{number}", steps=1, pause=0.5)
    crew.idle()
    begin = time.perf_counter()
    for number in range(JOBS):
        crew.review(f"r{number}", steps=3, pause=0.05, lane=f"lane{number % LANES}")
    crew.idle()
    return time.perf_counter() - begin


def _starts(crew: Crew) -> list[float]:
    handed = {}
    for number in range(SINGLE):
        handed[f"single{number}"] = time.time()
        crew.review(f"single{number}", steps=1)
        crew.finished(f"single{number}")
    began = {row[1]: row[3] for row in crew.diary.rows() if row[0] == "began"}
    return [float(began[job] - at) for job, at in handed.items()]


def _beside(url: str) -> float:
    """Hand in a job while a hundred of another lane wait for one worker."""
    with tempfile.TemporaryDirectory() as folder, Crew(url, Path(folder)) as crew:
        crew.start("--concurrency", 2)
        for number in range(CROWD):
            crew.review(f"busy{number}", steps=1, pause=0.5, lane="busy")
        crew.begun(2)
        handed_in = time.time()
        crew.review("other", steps=1)
        crew.finished("other")
        return float(crew.diary.rows(["other"])[0][3] - handed_in)


def _takeover(url: str) -> float:
    """Kill one of two workers in the middle of a job."""
    with tempfile.TemporaryDirectory() as folder, Crew(url, Path(folder)) as crew:
        killed = crew.start("--concurrency", 1)
        crew.review("r", hold="step0")
        crew.wait("began", "r", "step0")
        crew.start()
        # The first has its hands full: this one is at work.
        crew.review("other")
        crew.finished("other")
        begin = time.time()
        crew.kill(killed)
        crew.wait("began", "r", "step0", times=2)
        return float([row[3] for row in crew.diary.rows(["r"]) if row[0] == "began"][1] - begin)
