"""Kill workers at random while they do many jobs: none may be lost, and nothing done twice."""

from __future__ import annotations

import random
import time

from tests.bot.crew import Crew

STEPS = 3


def kill_often(crew: Crew, jobs: int, kills: int, workers: int) -> None:
    """Do jobs with workers that are killed and started again; check every effect of each."""
    chance = random.Random(jobs)
    running = [crew.start("--concurrency", 8) for _ in range(workers)]
    for number in range(jobs):
        crew.review(f"r{number}", STEPS, 0.05, lane=f"lane{number % 40}")
    for _ in range(kills):
        time.sleep(chance.uniform(0.5, 2.5))
        at = chance.randrange(workers)
        crew.kill(running[at])
        running[at] = crew.start("--concurrency", 8)
    crew.idle()
    expected = {(f"r{number}", f"step{step}"): 1 for number in range(jobs) for step in range(STEPS)}
    assert crew.counts("did") == expected
    assert set(crew.counts("finished")) == {(f"r{number}", "") for number in range(jobs)}
    again = crew.counts("began").total() - len(expected)
    # Only what was under way at a kill is begun again.
    assert again <= kills * 8
