"""Conversations that survive: SQLite in the user's data folder, safe against crashes.

`open_history(path)` gives a `History`; with `IN_MEMORY` nothing is kept. What is written is
committed before the call returns, so a killed process loses no finished turn. Everything raises
`StorageError` where the file can't be used; only a `Recorder` never raises, for the answer on the
screen is worth more than its copy.
"""

from __future__ import annotations

from devchat.history.recorder import Recorder
from devchat.history.store import IN_MEMORY, History, open_history
from devchat.history.turns import Conversation, Hit, Status, Turn

__all__ = [
    "IN_MEMORY",
    "Conversation",
    "History",
    "Hit",
    "Recorder",
    "Status",
    "Turn",
    "open_history",
]
