"""Workers killed at any moment: their jobs go on, and no step that was done is done again."""

from __future__ import annotations

import signal

import pytest

from tests.bot.crew import Crew
from tests.bot.killing import kill_often


def test_kill_9_in_every_step(crew: Crew) -> None:
    worker = crew.start("--name", "one")
    for step in range(3):
        id = f"r{step}"
        crew.review(id, steps=3, hold=f"step{step}")
        crew.wait("began", id, f"step{step}")
        crew.kill(worker)
        worker = crew.start("--name", "one")
        crew.let(id, f"step{step}")
        crew.finished(id)
        began = crew.counts("began", [id])
        assert [began[id, f"step{n}"] for n in range(3)] == [
            2 if n == step else 1 for n in range(3)
        ]
        assert crew.counts("did", [id]) == {(id, f"step{n}"): 1 for n in range(3)}


def test_kill_between_a_deed_and_its_record(crew: Crew) -> None:
    # The step's effect is there; its result is not. It looks, and does nothing again.
    worker = crew.start("--name", "one")
    crew.review("r", steps=2, linger="step1")
    crew.wait("did", "r", "step1")
    crew.kill(worker)
    crew.start("--name", "one")
    crew.wait("began", "r", "step1", times=2)
    crew.let("r", "step1")
    crew.finished("r")
    assert crew.counts("did") == {("r", "step0"): 1, ("r", "step1"): 1}


def test_a_killed_worker_s_jobs_are_taken_over_by_another(postgres_crew: Crew) -> None:
    crew = postgres_crew
    first = crew.start("--name", "first")
    ids = [f"r{number}" for number in range(4)]
    for id in ids:
        crew.review(id, hold="step0")
    for id in ids:
        crew.wait("began", id, "step0")
    second = crew.start("--name", "second")
    crew.review("known", lane="r0")
    crew.kill(first)
    for id in ids:
        crew.wait("began", id, "step0", times=2)
        crew.let(id, "step0")
    crew.finished(*ids, "known")
    assert "took over 4 jobs of worker first" in crew.said(second)
    assert set(crew.counts("did").values()) == {1}


def test_a_frozen_worker_that_wakes_up_does_nothing_twice(postgres_crew: Crew) -> None:
    crew = postgres_crew
    frozen = crew.start("--name", "frozen")
    crew.review("r", steps=3, hold="step0")
    crew.wait("began", "r", "step0")
    crew.send(frozen, signal.SIGSTOP)
    killed = crew.start("--name", "killed")
    crew.review("other", hold="step0")
    crew.wait("began", "other", "step0")
    watching = crew.start("--name", "watching")
    crew.kill(killed)
    # Whoever took this over has looked twice at all who hold jobs.
    crew.wait("began", "other", "step0", times=2)
    assert "of worker frozen" not in crew.said(watching)
    crew.send(frozen, signal.SIGCONT)
    for id in ("r", "other"):
        crew.let(id, "step0")
    crew.finished("r", "other")
    assert crew.counts("began", ["r"]) == {("r", f"step{n}"): 1 for n in range(3)}
    assert set(crew.counts("did").values()) == {1}


def test_sigterm_hands_back_what_is_between_two_steps(crew: Crew) -> None:
    worker = crew.start("--name", "one")
    crew.review("r", steps=3, hold="step0")
    crew.wait("began", "r", "step0")
    worker.terminate()
    crew.until(lambda: "told to stop" in crew.said(worker))
    crew.let("r", "step0")
    crew.stop(worker)
    assert crew.jobs.backlog().waiting == 1
    crew.start("--name", "two")
    crew.finished("r")
    assert crew.counts("began") == {("r", f"step{n}"): 1 for n in range(3)}


def test_a_step_longer_than_the_grace_is_done_again(crew: Crew) -> None:
    worker = crew.start("--name", "one", "--grace", 1)
    crew.review("r", hold="step0")
    crew.wait("began", "r", "step0")
    assert "stopped in the middle of r" in crew.stop(worker)
    crew.start("--name", "two")
    crew.let("r", "step0")
    crew.finished("r")
    assert crew.counts("began") == {("r", "step0"): 2, ("r", "step1"): 1}


@pytest.mark.soak
def test_1500_jobs_under_25_kills(crew: Crew) -> None:
    kill_often(crew, jobs=1500, kills=25)
