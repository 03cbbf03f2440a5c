"""What the bot remembers beside its jobs: deliveries, pulls, reviews, findings, figures.

The same code on SQLite and PostgreSQL, safe in threads and between processes. It decides nothing:
which delivery is a duplicate the id of its job says. Times are seconds since the epoch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.ledger.rows import DeliveryRow, FindingRow, Head, Measure, ReviewRow

if TYPE_CHECKING:
    from bot.ledger.store import Ledger as Ledger

__all__ = [
    "DeliveryRow",
    "Head",
    "FindingRow",
    "Measure",
    "ReviewRow",
    "open_ledger",
]


def open_ledger(database_url: str) -> Ledger:
    """Open the ledger, with its tables made or brought to this version. Raises StorageError."""
    from bot.ledger.store import open_store

    return open_store(database_url)
