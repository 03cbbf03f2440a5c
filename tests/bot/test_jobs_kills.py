"""Workers killed at any moment: their jobs go on, and no step that was done is done again."""

from __future__ import annotations

import signal
import time

import pytest

from tests.bot.crew import Crew
from tests.bot.killing import kill_often


@pytest.mark.parametrize("step", [0, 1, 2])
def test_kill_9_in_every_step(crew: Crew, step: int) -> None:
    worker = crew.start("--name", "one")
    crew.review("r", steps=3, pause=0.3)
    crew.wait("began", "r", f"step{step}")
    crew.kill(worker)
    crew.start("--name", "one")
    crew.finished("r")
    began = crew.counts("began")
    assert [began["r", f"step{n}"] for n in range(3)] == [2 if n == step else 1 for n in range(3)]
    assert crew.counts("did") == {("r", f"step{n}"): 1 for n in range(3)}


def test_kill_between_a_deed_and_its_record(crew: Crew) -> None:
    # The step's effect is there; its result may be not. It looks, and does nothing again.
    worker = crew.start("--name", "one")
    crew.review("r", steps=2)
    crew.wait("did", "r", "step1")
    crew.kill(worker)
    crew.start("--name", "one")
    crew.idle()
    assert crew.counts("did") == {("r", "step0"): 1, ("r", "step1"): 1}


def test_a_killed_worker_s_jobs_are_taken_over_by_another(postgres_crew: Crew) -> None:
    crew = postgres_crew
    first = crew.start("--name", "first")
    for number in range(4):
        crew.review(f"r{number}", steps=2, pause=1.0)
    crew.until(lambda: len(crew.counts("began")) == 4)
    second = crew.start("--name", "second")
    crew.review("known", lane="r0")
    crew.kill(first)
    killed = time.time()
    crew.finished("r0", "r1", "r2", "r3", "known")
    logged = crew.stop(second)
    assert "took over 4 jobs of worker first" in logged
    taken = min(row[3] for row in crew.diary.rows() if row[0] == "began" and row[3] > killed)
    # What is promised is 5 seconds from the kill; a busy machine needs a little more.
    assert taken - killed < 15


def test_a_worker_that_lives_is_not_taken_over_from(postgres_crew: Crew) -> None:
    crew = postgres_crew
    crew.start("--name", "first")
    second = crew.start("--name", "second")
    crew.review("r", steps=2, pause=4.0)
    crew.finished("r")
    assert crew.counts("began") == {("r", "step0"): 1, ("r", "step1"): 1}
    assert "took over" not in crew.stop(second)


def test_a_frozen_worker_that_wakes_up_does_nothing_twice(postgres_crew: Crew) -> None:
    crew = postgres_crew
    first = crew.start("--name", "first")
    crew.review("r", steps=3, pause=1.0)
    crew.wait("began", "r", "step0")
    first.send_signal(signal.SIGSTOP)
    crew.start("--name", "second")
    crew.review("other")
    crew.finished("other")
    assert ("finished", "r", "") not in crew.diary.read()
    first.send_signal(signal.SIGCONT)
    crew.finished("r")
    assert crew.counts("did")["r", "step0"] == 1


def test_sigterm_hands_back_what_is_between_two_steps(crew: Crew) -> None:
    worker = crew.start("--name", "one")
    crew.review("r", steps=3, pause=1.0)
    crew.wait("began", "r", "step0")
    crew.stop(worker)
    assert crew.jobs.backlog().waiting == 1
    crew.start("--name", "two")
    crew.finished("r")
    assert crew.counts("began") == {("r", f"step{n}"): 1 for n in range(3)}


def test_a_step_longer_than_the_grace_is_done_again(crew: Crew) -> None:
    worker = crew.start("--name", "one", "--grace", 1)
    crew.review("r", steps=2, pause=10.0)
    crew.wait("began", "r", "step0")
    assert "stopped in the middle of r" in crew.stop(worker)
    crew.start("--name", "two")
    crew.finished("r")
    assert crew.counts("began") == {("r", "step0"): 2, ("r", "step1"): 1}


def test_300_jobs_under_10_kills(crew: Crew) -> None:
    kill_often(crew, jobs=300, kills=10, workers=1 if "sqlite" in crew.url else 2)


@pytest.mark.soak
def test_1500_jobs_under_25_kills(crew: Crew) -> None:
    kill_often(crew, jobs=1500, kills=25, workers=1 if "sqlite" in crew.url else 3)
