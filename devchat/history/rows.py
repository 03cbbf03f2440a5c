"""Between rows of the tables and values."""

from __future__ import annotations

from time import time
from typing import TYPE_CHECKING, Any

from devchat.history.turns import Conversation, Turn
from devchat.history.words import tokens
from devchat.types import Usage

if TYPE_CHECKING:
    import sqlite3

CONVERSATION = """SELECT c.*, coalesce(t.depth, 0) AS turns
    FROM conversations c LEFT JOIN turns t ON t.id = c.head"""
UPDATE = """UPDATE turns SET text = :text, reasoning = :reasoning, status = :status, error = :error,
    prompt_tokens = :prompt_tokens, completion_tokens = :completion_tokens,
    cached_tokens = :cached_tokens, exact = :exact, seconds = :seconds WHERE id = :id"""


def update_values(turn: Turn) -> dict[str, object]:
    """Return what changes in a turn while it is answered."""
    usage = turn.usage
    return {
        "id": turn.id,
        "text": storable(turn.text),
        "reasoning": storable(turn.reasoning),
        "status": turn.status,
        "error": storable(turn.error),
        "prompt_tokens": usage and usage.prompt_tokens,
        "completion_tokens": usage and usage.completion_tokens,
        "cached_tokens": usage and usage.cached_tokens,
        "exact": usage and usage.exact,
        "seconds": turn.seconds,
    }


def index(connection: sqlite3.Connection, turn: Turn) -> None:
    """Make a turn that won't change any more be found."""
    connection.execute("DELETE FROM words WHERE rowid = ?", (turn.id,))
    words = tokens(storable(turn.text))
    connection.execute("INSERT INTO words (rowid, tokens) VALUES (?, ?)", (turn.id, words))


def touch(connection: sqlite3.Connection, turn: Turn) -> None:
    """Make a turn's conversation the latest."""
    update = "UPDATE conversations SET updated = ? WHERE id = ?"
    connection.execute(update, (time(), turn.conversation))


def turn_of(row: Any) -> Turn:
    """Make the value of a row of `turns`."""
    usage = None
    if row["prompt_tokens"] is not None:
        counts = row["prompt_tokens"], row["completion_tokens"], row["cached_tokens"]
        usage = Usage(*counts, exact=bool(row["exact"]))
    names = ["id", "parent", "conversation", "role", "text", "status", "model", "location"]
    more = ["seconds", "created", "reasoning", "error", "prompt", "system"]
    return Turn(**{name: row[name] for name in names + more}, usage=usage)


def conversation_of(row: Any) -> Conversation:
    """Make the value of a row of `CONVERSATION`."""
    return Conversation(**{name: row[name] for name in Conversation.__slots__})


def storable(text: str) -> str:
    """Replace halves of characters, which come from undecodable bytes and have no UTF-8."""
    return text.encode("utf-8", "replace").decode()
