"""The ledger itself: one small transaction for each call. Everything raises StorageError."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from itertools import groupby
from operator import attrgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from bot.database import open_engine, translated
from bot.ledger import tables
from bot.ledger.rows import DeliveryRow, FindingRow, Head, Measure, ReviewRow
from devchat.errors import StorageError

_LOCK = 0x64766368
"""The advisory lock on PostgreSQL of who makes the tables."""


def open_store(database_url: str) -> Ledger:
    """Open the ledger, and bring its tables to this version."""
    engine = open_engine(database_url)
    try:
        with translated(engine.url), engine.begin() as connection:
            _migrate(connection)
    except StorageError:
        engine.dispose()
        raise
    return Ledger(engine)


class Ledger:
    """The ledger. Doing a thing twice changes nothing, for any of it may be done again."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        dialect = sqlite if engine.dialect.name == "sqlite" else postgresql
        # Both know the same two forms of ON CONFLICT; the tables are the same.
        self._insert: Any = dialect.insert

    def record_deliveries(self, deliveries: Iterable[DeliveryRow]) -> None:
        """Write down what arrived, and count it by its event; of two with one GUID the first.

        Where its outcome was noted already, that stands.
        """
        insert = self._insert(tables.deliveries)
        names = ("event", "action", "repository", "received_at")
        upsert = insert.on_conflict_do_update(
            index_elements=["guid"],
            set_={name: insert.excluded[name] for name in names},
            where=tables.deliveries.c.event == "",
        ).returning(tables.deliveries.c.guid)
        # PostgreSQL refuses a statement that would touch a row twice.
        first = {one.guid: one for one in reversed([*deliveries])}
        # Everyone writes the same rows in the same order: two that don't wait for each other.
        ordered = sorted(first.values(), key=attrgetter("event", "guid"))
        with self._used() as connection:
            for event, several in groupby(ordered, attrgetter("event")):
                rows = [asdict(one) for one in several]
                if new := len(connection.execute(upsert, rows).all()):
                    self._add(connection, "deliveries", event, float(new), new)

    def note_delivery(self, guid: str, outcome: str) -> None:
        """Write down what became of a delivery, also where that it came is not written down yet."""
        row = DeliveryRow(guid, "", "", "", time.time(), outcome)
        insert = self._insert(tables.deliveries).values(asdict(row))
        update = insert.on_conflict_do_update(index_elements=["guid"], set_={"outcome": outcome})
        with self._used() as connection:
            connection.execute(update)

    def deliveries(self, limit: int = 50) -> tuple[DeliveryRow, ...]:
        """Return the newest deliveries, newest first."""
        order = tables.deliveries.c.received_at.desc()
        query = sa.select(tables.deliveries).order_by(order).limit(limit)
        return tuple(DeliveryRow(**row) for row in self._rows(query))

    def see_head(self, head: Head) -> None:
        """Remember a pull's head, unless a later one is known."""
        insert = self._insert(tables.pulls).values(asdict(head))
        update = insert.on_conflict_do_update(
            index_elements=["repository", "number"],
            set_={
                name: insert.excluded[name] for name in ("installation", "head", "seen_at", "open")
            },
            # A time that is yet to come is of a clock that was set back since.
            where=(insert.excluded.seen_at >= tables.pulls.c.seen_at)
            | (tables.pulls.c.seen_at > time.time() + 1),
        )
        with self._used() as connection:
            connection.execute(update)

    def newest_head(self, repository: str, number: int) -> Head | None:
        """Return the newest head of a pull, if we heard of it."""
        pull = tables.pulls.c
        here = (pull.repository == repository) & (pull.number == number)
        rows = self._rows(sa.select(tables.pulls).where(here))
        return Head(**rows[0]) if rows else None

    def pulls_at(self, repository: str, head: str) -> tuple[int, ...]:
        """Return the open pulls whose newest head is this commit."""
        pull = tables.pulls.c
        here = (pull.repository == repository) & (pull.head == head) & pull.open
        query = sa.select(pull.number).where(here).order_by(pull.number)
        return tuple(row["number"] for row in self._rows(query))

    def close_pull(self, repository: str, number: int) -> None:
        """Remember that a pull is closed."""
        pull = tables.pulls.c
        here = (pull.repository == repository) & (pull.number == number)
        with self._used() as connection:
            connection.execute(sa.update(tables.pulls).where(here).values(open=False))

    def begin_review(self, review: ReviewRow) -> None:
        """Write down that a review is under way."""
        insert = self._insert(tables.reviews).values(asdict(review))
        with self._used() as connection:
            connection.execute(insert.on_conflict_do_nothing())

    def finish_review(
        self,
        id: str,
        outcome: str,
        *,
        model: str = "",
        prompt_tokens: int = 0,
        completion_tokens: int = 0,
        finished_at: float | None = None,
    ) -> None:
        """Write down how a review ended."""
        values = {
            "outcome": outcome,
            "model": model,
            "prompt_tokens": prompt_tokens,
            "completion_tokens": completion_tokens,
            "finished_at": time.time() if finished_at is None else finished_at,
        }
        here = tables.reviews.c.id == id
        with self._used() as connection:
            connection.execute(sa.update(tables.reviews).where(here).values(values))

    def fail_review(self, id: str) -> bool:
        """Write down that a review failed; nothing, and False, where it is known how it ended."""
        review = tables.reviews.c
        here = (review.id == id) & (review.outcome == "")
        values = {"outcome": "failed", "finished_at": time.time()}
        with self._used() as connection:
            done = connection.execute(sa.update(tables.reviews).where(here).values(values))
            return bool(done.rowcount)

    def reviews(self, limit: int = 50) -> tuple[ReviewRow, ...]:
        """Return the newest reviews, newest first."""
        order = tables.reviews.c.started_at.desc()
        query = sa.select(tables.reviews).order_by(order).limit(limit)
        return tuple(ReviewRow(**row) for row in self._rows(query))

    def count_reviews(self, repository: str, since: float, number: int | None = None) -> int:
        """Count the reviews of a repository, or of one pull, that began and were let go on."""
        review = tables.reviews.c
        here = (review.repository == repository) & (review.started_at >= since)
        if number is not None:
            here &= review.number == number
        query = sa.select(sa.func.count().label("count")).where(here, review.outcome != "limited")
        return int(self._rows(query)[0]["count"])

    def attempts(self, repository: str, number: int, head: str) -> tuple[ReviewRow, ...]:
        """Return the reviews of one head of a pull, oldest first."""
        review = tables.reviews.c
        here = (review.repository == repository) & (review.number == number)
        query = sa.select(tables.reviews).where(here & (review.head == head))
        return tuple(ReviewRow(**row) for row in self._rows(query.order_by(review.started_at)))

    def keep_findings(self, review: str, findings: Iterable[FindingRow]) -> None:
        """Keep what a review found, in place of what was kept of it before."""
        columns = tables.findings.c.keys()
        rows = [
            {name: value for name, value in asdict(one).items() if name in columns}
            | {"review": review}
            for one in {one.fingerprint: one for one in findings}.values()
        ]
        with self._used() as connection:
            here = tables.findings.c.review == review
            connection.execute(sa.delete(tables.findings).where(here))
            if rows:
                connection.execute(sa.insert(tables.findings), rows)

    def known_findings(self, repository: str, number: int) -> tuple[FindingRow, ...]:
        """Return what all reviews of a pull found, each once, as it was last seen."""
        query = (
            sa.select(tables.findings, tables.reviews.c.started_at.label("seen_at"))
            .join(tables.reviews)
            .where(tables.reviews.c.repository == repository, tables.reviews.c.number == number)
            .order_by(tables.reviews.c.started_at, tables.findings.c.fingerprint)
        )
        known: dict[str, FindingRow] = {}
        for row in self._rows(query):
            del row["review"]
            first = known.get(row["fingerprint"])
            seen_at = first.seen_at if first else row["seen_at"]
            known[row["fingerprint"]] = FindingRow(**row | {"seen_at": seen_at})
        return tuple(known.values())

    def keep_policy(self, repository: str, revision: str, text: str) -> None:
        """Keep a repository's policy as the last good one."""
        values = {"revision": revision, "text": text}
        insert = self._insert(tables.policies).values(repository=repository, **values)
        with self._used() as connection:
            connection.execute(
                insert.on_conflict_do_update(index_elements=["repository"], set_=values)
            )

    def good_policy(self, repository: str) -> str | None:
        """Return the text of a repository's last good policy."""
        policy = tables.policies.c
        rows = self._rows(sa.select(policy.text).where(policy.repository == repository))
        return rows[0]["text"] if rows else None

    def add(self, name: str, label: str, value: float = 1.0) -> None:
        """Count one more of a figure, and add to its sum."""
        with self._used() as connection:
            self._add(connection, name, label, value)

    def set(self, name: str, label: str, value: float) -> None:
        """Give a figure that goes up and down its value."""
        insert = self._insert(tables.measures).values(name=name, label=label, count=1, total=value)
        with self._used() as connection:
            connection.execute(
                insert.on_conflict_do_update(
                    index_elements=["name", "label"], set_={"total": value}
                )
            )

    def measures(self) -> tuple[Measure, ...]:
        """Return all figures."""
        order = tables.measures.c.name, tables.measures.c.label
        return tuple(
            Measure(**row) for row in self._rows(sa.select(tables.measures).order_by(*order))
        )

    def prune(self, before: float) -> None:
        """Forget deliveries, pulls and reviews that are older; policies and figures stay."""
        with self._used() as connection:
            for table, when in (
                (tables.deliveries, tables.deliveries.c.received_at),
                (tables.reviews, tables.reviews.c.started_at),
                (tables.pulls, tables.pulls.c.seen_at),
            ):
                connection.execute(sa.delete(table).where(when < before))

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()

    def _add(
        self, connection: sa.Connection, name: str, label: str, value: float, count: int = 1
    ) -> None:
        figure = tables.measures.c
        values = {"name": name, "label": label, "count": count, "total": value}
        insert = self._insert(tables.measures).values(values)
        connection.execute(
            insert.on_conflict_do_update(
                index_elements=["name", "label"],
                set_={"count": figure.count + count, "total": figure.total + value},
            )
        )

    def _rows(self, query: sa.Select[Any]) -> list[dict[str, Any]]:
        with self._used() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    @contextmanager
    def _used(self) -> Iterator[sa.Connection]:
        with translated(self._engine.url), self._engine.begin() as connection:
            yield connection


def _migrate(connection: sa.Connection) -> None:
    """Take the steps that are missing, all or none; who comes at the same time waits."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
    tables.version.create(connection, checkfirst=True)
    done = connection.execute(sa.select(tables.version.c.version)).scalar() or 0
    if done > len(tables.MIGRATIONS):
        raise StorageError(
            f"the database was written by a newer devchat-bot (version {done} of its tables)",
            "upgrade this one; the database stays as it is",
        )
    for statement in (one for step in tables.MIGRATIONS[done:] for one in step):
        connection.execute(sa.text(statement))
    connection.execute(sa.delete(tables.version))
    connection.execute(sa.insert(tables.version).values(version=len(tables.MIGRATIONS)))
