"""What `Jobs` promises, on SQLite and on a real PostgreSQL, with real worker processes."""

from __future__ import annotations

from collections import Counter

from bot.durable import open_jobs
from bot.jobs import Backlog, Job
from tests.bot.crew import Crew


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
    crew.review("r", steps=3, wait=["step1", 2])
    crew.wait("waited", "r", "step1")
    # It holds no place meanwhile, and its lane is free.
    crew.review("s", lane="r")
    crew.finished("s", "r")
    finished = [job for word, job, _ in crew.diary.read() if word == "finished"]
    assert finished == ["s", "r"]
    began = crew.counts("began")
    assert [began["r", f"step{n}"] for n in range(3)] == [1, 2, 1]


def test_a_job_whose_storage_failed_goes_on(crew: Crew) -> None:
    crew.start()
    crew.review("r", steps=3, full="step1")
    crew.finished("r")
    began = crew.counts("began")
    assert [began["r", f"step{n}"] for n in range(3)] == [1, 2, 1]


def test_a_bug_fails_its_job_alone(crew: Crew) -> None:
    worker = crew.start()
    crew.review("bad", steps=2, fail="step1")
    crew.review("good")
    crew.finished("good")
    crew.idle()
    logged = crew.stop(worker)
    assert logged.count("job bad failed") == logged.count("ValueError: a bug") == 1
    assert crew.counts("finished") == Counter([("good", "")])
    assert crew.counts("began")["bad", "step1"] == 1


def test_a_delay_is_kept(crew: Crew) -> None:
    crew.start()
    crew.review("late", delay=3)
    crew.review("now")
    crew.finished("late", "now")
    began = {row[1]: row[3] for row in crew.diary.rows() if row[2] == "step0"}
    assert began["late"] - began["now"] > 1


def test_a_cancelled_job_stops_between_two_steps(crew: Crew) -> None:
    crew.start("--concurrency", 1)
    crew.review("r", steps=3, pause=1.5)
    crew.review("waiting", lane="r")
    crew.wait("began", "r", "step0")
    crew.jobs.cancel("r")
    crew.jobs.cancel("waiting")
    crew.jobs.cancel("unknown")
    crew.idle()
    crew.review("after")
    crew.finished("after")
    done = [(word, job, step) for word, job, step in crew.diary.read() if job != "after"]
    assert done == [("began", "r", "step0"), ("did", "r", "step0")]


def test_a_cancelled_job_that_waits_does_not_come_back(crew: Crew) -> None:
    crew.start()
    crew.review("r", wait=["step0", 2])
    crew.wait("waited", "r", "step0")
    crew.until(lambda: crew.jobs.backlog().waiting == 1)
    crew.jobs.cancel("r")
    crew.review("after", delay=4)
    crew.finished("after")
    assert crew.counts("began")["r", "step0"] == 1


def test_one_lane_starves_no_other(crew: Crew) -> None:
    crew.start("--concurrency", 2, "--lanes", 1)
    for number in range(100):
        crew.review(f"busy{number}", steps=1, pause=0.2, lane="busy")
    crew.wait("began", "busy5", "step0")
    crew.review("other", steps=1, lane="other")
    crew.wait("began", "other", "step0")
    began = [(row[1], row[3]) for row in crew.diary.rows() if row[0] == "began"]
    # Of 94 that waited before it at most a few began.
    assert [job for job, _ in began].index("other") < 20
    # A lane has one at a time.
    lane = [word for word, job, _ in crew.diary.read() if job.startswith("busy")]
    alternating = [word for word in lane if word in ("began", "finished")]
    assert set(zip(alternating[::2], alternating[1::2], strict=False)) == {("began", "finished")}
