"""Kill workers at random while they do many jobs: none may be lost, and nothing done twice."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from functools import partial
from multiprocessing.context import ForkServerProcess

from tests.bot.crew import Crew

STEPS, AT_ONCE, LANES = 3, 8, 40


def kill_workers(
    crew: Crew, start: Callable[[], ForkServerProcess], begun: Callable[[], int], kills: list[int]
) -> None:
    """Kill one of three workers (on SQLite the one there is) at random, and start another.

    Each kill comes a moment after so many jobs have begun: it strikes at work, however fast the
    machine is.
    """
    chance = random.Random(len(kills))
    running = [start() for _ in range(1 if "sqlite" in crew.url else 3)]
    for share in kills:
        crew.until(partial(_reached, begun, share))
        time.sleep(chance.uniform(0, 0.2))
        at = chance.randrange(len(running))
        crew.kill(running[at])
        running[at] = start()


def _reached(begun: Callable[[], int], share: int) -> bool:
    return begun() >= share


def shares(jobs: int, kills: int) -> list[int]:
    """Spread kills over jobs, from the first to short of the last."""
    return [jobs * (kill + 1) // (kills + 2) for kill in range(kills)]


def kill_often(crew: Crew, jobs: int, kills: int) -> None:
    """Do jobs with workers that are killed and started again; check every effect of each."""
    ids = [f"r{number}" for number in range(jobs)]
    for number, id in enumerate(ids):
        crew.review(id, STEPS, 0.02, lane=f"lane{number % LANES}")
    kill_workers(
        crew,
        lambda: crew.start("--concurrency", AT_ONCE),
        crew.diary.known,
        shares(jobs, kills),
    )
    crew.finished(*ids)
    crew.idle()
    expected = {(id, f"step{step}"): 1 for id in ids for step in range(STEPS)}
    assert crew.counts("did") == expected
    assert set(crew.counts("finished")) == {(id, "") for id in ids}
    again = crew.counts("began").total() - len(expected)
    # Only what was under way at a kill is begun again.
    assert again <= kills * AT_ONCE
