"""Kill workers at random while they do many jobs: none may be lost, and nothing done twice."""

from __future__ import annotations

import random
import time

from tests.bot.crew import Crew

STEPS, AT_ONCE = 3, 8


def kill_often(crew: Crew, jobs: int, kills: int, workers: int) -> None:
    """Do jobs with workers that are killed and started again; check every effect of each.

    Kills come at random moments, each after another share of the jobs has begun: so all of them
    strike at work, however fast the machine is.
    """
    chance = random.Random(jobs)
    running = [crew.start("--concurrency", AT_ONCE) for _ in range(workers)]
    ids = [f"r{number}" for number in range(jobs)]
    for number, id in enumerate(ids):
        crew.review(id, STEPS, 0.02, lane=f"lane{number % 40}")
    for kill in range(kills):
        crew.begun(jobs * (kill + 1) // (kills + 2))
        time.sleep(chance.uniform(0, 0.2))
        at = chance.randrange(workers)
        crew.kill(running[at])
        running[at] = crew.start("--concurrency", AT_ONCE)
    crew.finished(*ids)
    crew.idle()
    expected = {(id, f"step{step}"): 1 for id in ids for step in range(STEPS)}
    assert crew.counts("did") == expected
    assert set(crew.counts("finished")) == {(id, "") for id in ids}
    again = crew.counts("began").total() - len(expected)
    # Only what was under way at a kill is begun again.
    assert again <= kills * AT_ONCE
