"""What `Jobs` promises, on SQLite and on a real PostgreSQL, with real worker processes."""

from __future__ import annotations

import time
from collections import Counter

from bot.durable import open_jobs
from bot.jobs import Backlog, Job
from tests.bot.crew import Crew

DAY = 24 * 3600


def test_a_job_is_done_once_however_often_it_comes(crew: Crew) -> None:
    for _ in range(3):
        crew.review("r")
    assert crew.jobs.backlog().waiting == 1
    crew.start()
    crew.finished("r")
    crew.idle()
    crew.review("r")
    assert crew.jobs.backlog() == Backlog(0, 0, 0.0)
    crew.review("s")
    crew.finished("s")
    assert crew.counts("began") == Counter((id, f"step{n}") for id in "rs" for n in (0, 1))
    assert crew.counts("finished") == Counter([("r", ""), ("s", "")])


def test_another_process_of_the_web_sees_the_same(crew: Crew) -> None:
    crew.review("r", delay=3600)
    crew.jobs.enqueue(Job("intake", "i", {"steps": 1, "pause": 0}))
    other = open_jobs(crew.url)
    backlog = other.backlog()
    other.close()
    assert (backlog.waiting, backlog.running) == (2, 0)
    assert 0 < backlog.oldest_seconds < 60


def test_a_job_goes_on_from_its_undone_step_when_it_waited(crew: Crew) -> None:
    crew.start("--concurrency", 1)
    crew.review("r", steps=3, wait=["step1", 3600])
    crew.wait("waited", "r", "step1")
    # It holds no place meanwhile, and its lane is free.
    crew.review("s", lane="r")
    crew.finished("s")
    assert ("finished", "r", "") not in crew.diary.read()
    crew.pass_time(3600)
    crew.finished("r")
    began = crew.counts("began")
    assert [began["r", f"step{n}"] for n in range(3)] == [1, 2, 1]


def test_a_wait_of_24_hours_survives_a_restart(crew: Crew) -> None:
    worker = crew.start("--name", "one")
    crew.review("told", steps=2, wait=["step1", DAY])
    crew.review("delayed", delay=DAY)
    crew.wait("waited", "told", "step1")
    crew.idle(waiting=2)
    crew.kill(worker)
    crew.start("--name", "one")
    crew.review("other")
    crew.finished("other")
    crew.pass_time(DAY - 3600)
    crew.review("another")
    crew.finished("another")
    crew.idle(waiting=2)
    crew.pass_time(3600)
    crew.finished("told", "delayed")
    assert set(crew.counts("did").values()) == {1}


def test_a_job_whose_storage_failed_goes_on(crew: Crew) -> None:
    crew.start()
    crew.review("r", steps=3, full="step1")
    crew.wait("full", "r", "step1")
    crew.idle(waiting=1)
    crew.pass_time(60)
    crew.finished("r")
    began = crew.counts("began")
    assert [began["r", f"step{n}"] for n in range(3)] == [1, 2, 1]


def test_a_bug_fails_its_job_alone(crew: Crew) -> None:
    worker = crew.start()
    crew.review("bad", steps=2, fail="step1")
    crew.review("good")
    crew.finished("good")
    crew.idle()
    logged = crew.said(worker)
    assert logged.count("job bad failed") == logged.count("ValueError: a bug") == 1
    assert crew.counts("finished") == Counter([("good", "")])
    assert crew.counts("began")["bad", "step1"] == 1


def test_a_delay_is_kept(crew: Crew) -> None:
    crew.start()
    handed_in = time.time()
    crew.review("late", delay=1)
    crew.finished("late")
    assert crew.diary.rows(["late"])[0][3] >= handed_in + 1


def test_one_lane_starves_no_other(crew: Crew) -> None:
    crew.start("--concurrency", 2, "--lanes", 1)
    crew.review("busy0", steps=1, hold="step0", lane="busy")
    crew.wait("began", "busy0", "step0")
    for number in range(1, 100):
        crew.review(f"busy{number}", steps=1, lane="busy")
    # It waits for none of the hundred: they stand behind the one that is held.
    crew.review("other", steps=1, lane="other")
    crew.finished("other")
    assert crew.diary.known() == 2
    crew.let("busy0", "step0")
    crew.begun(6)
    # A lane has one at a time.
    lane = [word for word, job, _ in crew.diary.read() if job != "other"]
    alternating = [word for word in lane if word in ("began", "finished")]
    assert set(zip(alternating[::2], alternating[1::2], strict=False)) == {("began", "finished")}


def test_jobs_handed_in_together_are_taken_on_once_each(crew: Crew) -> None:
    jobs = [Job("intake", id, {"steps": 1, "pause": 0}) for id in ("b", "a", "c")]
    crew.jobs.enqueue(*jobs[:2])
    crew.jobs.enqueue(*jobs)
    assert crew.jobs.backlog().waiting == 3
