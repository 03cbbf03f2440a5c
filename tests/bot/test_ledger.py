"""The ledger, the same on SQLite and PostgreSQL."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.database import open_engine
from bot.ledger import DeliveryRow, FindingRow, Head, Measure, ReviewRow, open_ledger
from bot.ledger.store import Ledger
from bot.ledger.tables import MIGRATIONS, metadata
from devchat.errors import StorageError
from tests.bot.crew import PATIENCE


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger]:
    """An empty ledger, of both kinds."""
    with closing(open_ledger(database_url)) as ledger:
        yield ledger


def test_a_delivery_is_counted_once_however_often_it_comes(ledger: Ledger) -> None:
    first = DeliveryRow("g1", "pull_request", "opened", "octo/app", 10.0)
    second = DeliveryRow("g2", "check_run", "rerequested", "octo/app", 20.0)
    for one in (first, first, second):
        ledger.record_deliveries([one])
    ledger.note_delivery("g1", "review")
    told = ledger.deliveries()
    assert [(one.guid, one.outcome) for one in told] == [("g2", ""), ("g1", "review")]
    assert ledger.deliveries(limit=1) == (second,)
    assert ledger.measures() == (
        Measure("deliveries", "check_run", 1, 1.0),
        Measure("deliveries", "pull_request", 1, 1.0),
    )


def test_of_two_deliveries_with_one_guid_that_come_together_the_first_is_kept(
    ledger: Ledger,
) -> None:
    first, again, other = (
        DeliveryRow(guid, "pull_request", "opened", "octo/app", at)
        for guid, at in (("g1", 10.0), ("g1", 11.0), ("g2", 5.0))
    )
    ledger.record_deliveries([first, again, other])
    assert ledger.deliveries() == (first, other)
    assert ledger.measures() == (Measure("deliveries", "pull_request", 2, 2.0),)


def test_a_delivery_whose_work_was_done_before_its_record_shows_how_it_ended(
    ledger: Ledger,
) -> None:
    ledger.note_delivery("g1", "review of #1")
    known = DeliveryRow("g1", "pull_request", "opened", "octo/app", 10.0, "review: opened")
    for _ in range(2):
        ledger.record_deliveries([known])
    assert ledger.deliveries() == (replace(known, outcome="review of #1"),)
    assert ledger.measures() == (Measure("deliveries", "pull_request", 1, 1.0),)


def test_a_review_fails_only_where_it_is_not_known_how_it_ended(ledger: Ledger) -> None:
    for id in ("r1", "r2"):
        ledger.begin_review(ReviewRow(id, "octo/app", 7, "a", 1.0))
    ledger.finish_review("r1", "success")
    assert [ledger.fail_review(id) for id in ("r1", "r2", "r2", "r3")] == [
        False,
        True,
        False,
        False,
    ]
    assert {one.id: one.outcome for one in ledger.reviews()} == {"r1": "success", "r2": "failed"}


def test_the_newest_head_wins_in_whatever_order_they_come(ledger: Ledger) -> None:
    old, new = (Head("octo/app", 7, 11, head, at) for head, at in (("a", 1.0), ("b", 2.0)))
    assert ledger.newest_head("octo/app", 7) is None
    for one in (new, old):
        ledger.see_head(one)
    assert ledger.newest_head("octo/app", 7) == new
    ledger.see_head(Head("octo/app", 8, 11, "b", 3.0))
    ledger.see_head(Head("octo/other", 9, 11, "b", 3.0))
    assert ledger.pulls_at("octo/app", "b") == (7, 8)
    ledger.close_pull("octo/app", 7)
    assert ledger.pulls_at("octo/app", "b") == (8,)
    assert ledger.newest_head("octo/app", 7) == Head("octo/app", 7, 11, "b", 2.0, open=False)


def test_a_head_that_was_seen_by_a_clock_that_ran_fast_does_not_last(ledger: Ledger) -> None:
    now = time.time()
    for head, at in (("a", now + 60), ("b", now), ("c", now - 60)):
        ledger.see_head(Head("octo/app", 7, 11, head, at))
    assert ledger.newest_head("octo/app", 7) == Head("octo/app", 7, 11, "b", now)


def test_a_review_is_begun_once_and_ends(ledger: Ledger) -> None:
    ledger.begin_review(ReviewRow("r1", "octo/app", 7, "a", 1.0))
    ledger.finish_review(
        "r1", "success", model="m", prompt_tokens=5, completion_tokens=6, finished_at=4.0
    )
    ledger.begin_review(ReviewRow("r1", "octo/app", 7, "a", 9.0))
    ledger.begin_review(ReviewRow("r2", "octo/app", 7, "b", 2.0))
    done = ReviewRow("r1", "octo/app", 7, "a", 1.0, "success", 4.0, "m", 5, 6)
    assert ledger.reviews() == (ReviewRow("r2", "octo/app", 7, "b", 2.0), done)
    ledger.finish_review("r2", "failure")
    assert ledger.reviews(1)[0].finished_at > 1e9


def test_a_finding_is_recognised_in_a_later_review(ledger: Ledger) -> None:
    for id, started_at in (("r1", 1.0), ("r2", 2.0)):
        ledger.begin_review(ReviewRow(id, "octo/app", 7, id, started_at))
    stays, moved = (FindingRow("f", "a.py", line, "error", "F632") for line in (3, 5))
    ledger.keep_findings("r1", [stays, stays, FindingRow("h", "b.py", 1, "note", "")])
    ledger.keep_findings("r2", [FindingRow("gone", "c.py", 1, "note", "")])
    ledger.keep_findings("r2", [moved])
    known = {
        one.fingerprint: (one.line, one.seen_at) for one in ledger.known_findings("octo/app", 7)
    }
    assert known == {"f": (5, 1.0), "h": (1, 1.0)}
    ledger.keep_findings("r2", [])
    assert len(ledger.known_findings("octo/app", 7)) == 2
    assert ledger.known_findings("octo/app", 8) == ()


def test_the_last_good_policy(ledger: Ledger) -> None:
    assert ledger.good_policy("octo/app") is None
    for text in ("a", "b"):
        ledger.keep_policy("octo/app", "revision", text)
    assert (ledger.good_policy("octo/app"), ledger.good_policy("octo/other")) == ("b", None)


def test_what_strangers_write_is_storable(ledger: Ledger) -> None:
    ledger.begin_review(ReviewRow("r", "octo/app", 7, "a", 1.0))
    ledger.keep_findings("r", [FindingRow("f", "\udcff\0ä.py", 1, "note", "")])
    assert ledger.known_findings("octo/app", 7)[0].path == "\\udcff\\x00ä.py"


def test_figures_are_added_up_by_many_at_once(ledger: Ledger, database_url: str) -> None:
    def count() -> None:
        with closing(open_ledger(database_url)) as own:
            for _ in range(20):
                own.add("step", "fetch", 0.5)

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    ledger.set("quota", "11", 5000)
    ledger.set("quota", "11", 4999)
    assert ledger.measures() == (
        Measure("quota", "11", 1, 4999.0),
        Measure("step", "fetch", 80, 40.0),
    )


def test_what_is_old_is_forgotten(ledger: Ledger) -> None:
    for at in (1.0, 100.0):
        ledger.record_deliveries([DeliveryRow(f"g{at}", "ping", "", "octo/app", at)])
        ledger.begin_review(ReviewRow(f"r{at}", "octo/app", 7, "a", at))
        ledger.keep_findings(f"r{at}", [FindingRow(f"f{at}", "a.py", 1, "note", "")])
        ledger.see_head(Head("octo/app", int(at), 11, "a", at))
    ledger.keep_policy("octo/app", "revision", "text")
    ledger.prune(50.0)
    assert [one.guid for one in ledger.deliveries()] == ["g100.0"]
    assert [one.id for one in ledger.reviews()] == ["r100.0"]
    assert [one.fingerprint for one in ledger.known_findings("octo/app", 7)] == ["f100.0"]
    assert ledger.pulls_at("octo/app", "a") == (100,)
    assert ledger.good_policy("octo/app") == "text"


def test_many_open_a_new_ledger_at_once(database_url: str) -> None:
    opened: list[Ledger] = []
    threads = [
        threading.Thread(target=lambda: opened.append(open_ledger(database_url))) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert len(opened) == 6
    for one in opened:
        one.close()


def test_the_migrations_lead_to_the_tables(ledger: Ledger, database_url: str) -> None:
    engine = open_engine(database_url)
    found = sa.inspect(engine)
    made = {
        table: {column["name"] for column in found.get_columns(table)}
        for table in found.get_table_names()
    }
    keys = {table: found.get_pk_constraint(table)["constrained_columns"] for table in made}
    engine.dispose()
    for table in metadata.sorted_tables:
        assert made[table.name] == set(table.columns.keys())
        assert keys[table.name] == [column.name for column in table.primary_key]


def test_a_newer_ledger_is_left_alone(ledger: Ledger, database_url: str) -> None:
    engine = open_engine(database_url)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE ledger_version SET version = 99"))
    engine.dispose()
    with pytest.raises(StorageError, match="newer devchat-bot"):
        open_ledger(database_url)
    assert len(MIGRATIONS) < 99


def test_a_file_that_is_no_database(home: Path) -> None:
    (home / "bot.db").write_bytes(b"not a database " * 400)
    with pytest.raises(StorageError, match="not a database"):
        open_ledger(f"sqlite:///{home}/bot.db")


def test_reviews_are_counted_by_repository_pull_and_time_but_for_those_not_let_go_on(
    ledger: Ledger,
) -> None:
    for number, at in ((7, 1.0), (7, 2.0), (8, 3.0)):
        ledger.begin_review(ReviewRow(f"r{at}", "octo/app", number, "a", at))
    ledger.begin_review(ReviewRow("other", "octo/other", 7, "a", 3.0))
    ledger.begin_review(ReviewRow("limited", "octo/app", 7, "a", 3.0, "limited"))
    counts = [ledger.count_reviews("octo/app", since, 7) for since in (0.0, 2.0, 3.0)]
    assert (ledger.count_reviews("octo/app", 0.0), counts) == (3, [2, 1, 0])
