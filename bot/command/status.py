"""`devchat-bot status`: what waits, what was delivered and reviewed lately."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bot.jobs import Backlog
    from bot.ledger import DeliveryRow, ReviewRow

LATEST = 10


def status(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show the queue, and what came and was done.

    Of deliveries and reviews the latest 10, the newest first.
    """
    from bot.command.parts import open_configuration, open_ledger
    from bot.durable import read_backlog

    configuration = open_configuration(context.obj)
    backlog = read_backlog(configuration.database_url)
    with closing(open_ledger(configuration)) as ledger:
        deliveries, reviews = ledger.deliveries(LATEST), ledger.reviews(LATEST)
    if as_json:
        found = {
            "version": 1,
            "queue": asdict(backlog),
            "deliveries": [asdict(one) for one in deliveries],
            "reviews": [asdict(one) for one in reviews],
        }
        print(json.dumps(found, indent=2))
    else:
        print("\n".join(_page(backlog, deliveries, reviews)))


def _page(
    backlog: Backlog, deliveries: Sequence[DeliveryRow], reviews: Sequence[ReviewRow]
) -> Iterator[str]:
    waited = f", the oldest for {backlog.oldest_seconds:,.0f} s" if backlog.waiting else ""
    yield f"QUEUE\n{backlog.waiting} waiting{waited}; {backlog.running} under way\n"
    yield "DELIVERIES"
    yield from _lines(
        (_when(one.received_at), _name(one), one.repository or "-", one.outcome, one.guid)
        for one in deliveries
    )
    yield "\nREVIEWS"
    yield from _lines(
        (
            _when(one.started_at),
            one.outcome or "under way",
            f"{one.repository}#{one.number}",
            one.head[:10],
            _took(one),
        )
        for one in reviews
    )


def _lines(rows: Iterator[tuple[str, ...]]) -> Iterator[str]:
    """Lay out rows in columns; one line says where there are none."""
    from devchat.sanitize import single_line

    found = [tuple(map(single_line, row)) for row in rows]
    widths = [max(map(len, column)) for column in zip(*found, strict=True)]
    for row in found:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()
    if not found:
        yield "none yet"


def _when(seconds: float) -> str:
    return datetime.fromtimestamp(seconds).isoformat(" ", "seconds")


def _name(delivery: DeliveryRow) -> str:
    return ".".join(filter(None, (delivery.event, delivery.action)))


def _took(review: ReviewRow) -> str:
    return f"{review.finished_at - review.started_at:,.0f} s" if review.finished_at else ""
