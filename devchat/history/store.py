"""The history itself: begin, add, answer, go back, list, find and search."""

from __future__ import annotations

import os
from base64 import b32encode
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from time import time
from types import TracebackType
from typing import TYPE_CHECKING

from devchat.errors import UsageError
from devchat.history.connection import IN_MEMORY
from devchat.history.database import Database, open_database
from devchat.history.pictures import OF_TURN, OF_TURNS, attach, with_pictures
from devchat.history.recorder import Recorder
from devchat.history.removal import remove
from devchat.history.rows import (
    CONVERSATION,
    UPDATE,
    conversation_of,
    index,
    storable,
    touch,
    turn_of,
    update_values,
)
from devchat.history.turns import Conversation, Hit, Turn
from devchat.history.words import query, snippet
from devchat.history.writers import is_alive, this_process
from devchat.types import Image, Role

if TYPE_CHECKING:
    import sqlite3

__all__ = ["IN_MEMORY", "History", "open_history"]
_NEWEST = " ORDER BY c.updated DESC, c.rowid DESC"
_INSERT = """INSERT INTO turns
    (parent, conversation, depth, role, text, status, model, location, created, writer, prompt,
        system)
    SELECT :parent, :conversation, coalesce((SELECT depth FROM turns WHERE id = :parent), 0) + 1,
        :role, :text, :status, :model, :location, :created, :writer, :prompt, :system"""
_COPY = "INSERT OR IGNORE INTO conversations (id, title, created, updated) VALUES (?, ?, ?, ?)"
_THREAD = """WITH RECURSIVE thread (id, parent) AS (
    SELECT id, parent FROM turns WHERE id = ?
    UNION ALL SELECT t.id, t.parent FROM turns t JOIN thread ON t.id = thread.parent)
    SELECT t.* FROM turns t JOIN thread USING (id) ORDER BY t.depth"""
_FOUND = """SELECT t.*, c.title FROM words w JOIN turns t ON t.id = w.rowid
    JOIN conversations c ON c.id = t.conversation
    WHERE words MATCH ? ORDER BY w.rowid DESC LIMIT ?"""


def open_history(path: Path, *, later: bool = False) -> History:
    """Open the history in a file, now or when it is first used, or one in memory (`IN_MEMORY`).

    A broken file is mended, or set aside and a new one begun: `History.tell` says so then.
    Raises StorageError; LockedError where another program holds it.
    """
    return History(Database(path) if later else open_database(path))


class History:
    """Conversations, in one file. A context manager, which closes it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def __enter__(self) -> History:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def patience(self) -> float:
        """How many seconds a write waits for others that hold the file."""
        return self._database.patience

    @patience.setter
    def patience(self, seconds: float) -> None:
        self._database.patience = seconds

    @property
    def note(self) -> str:
        """What was done about damage that the user should know; "" for nothing."""
        return self._database.note

    def tell(self, say: Callable[[str], None]) -> None:
        """Say once what was done about damage, if anything."""
        if self.note:
            say(self.note)
            self._database.note = ""

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def start(self, title: str = "") -> Conversation:
        """Begin a conversation, so far without turns."""
        now = time()
        name = b32encode(os.urandom(5)).decode().lower()
        with self._database.writing() as connection:
            connection.execute(
                "INSERT INTO conversations (id, title, created, updated) VALUES (?, ?, ?, ?)",
                (name, storable(title), now, now),
            )
        return Conversation(name, storable(title), now, now)

    def add(
        self,
        conversation: Conversation | str,
        parent: Turn | int | None,
        role: Role,
        text: str,
        *,
        images: Sequence[Image] = (),
        prompt: str = "",
        system: str | None = None,
    ) -> Turn:
        """Write a whole turn; the conversation goes on from it."""
        own = None if system is None else storable(system)
        turn = Turn(0, _id(parent), _name(conversation), role, storable(text), created=time())
        with self._database.writing() as connection:
            turn = _insert(connection, replace(turn, prompt=storable(prompt), system=own))
            return attach(connection, turn, images)

    def answer(
        self, parent: Turn, model: str, location: str, conversation: Conversation | str = ""
    ) -> Recorder:
        """Begin the answer to a turn, in the same conversation if none is named."""
        name = _name(conversation) or parent.conversation
        turn = Turn(0, parent.id, name, "assistant", "", "streaming", model, location)
        with self._database.writing() as connection:
            written = _insert(connection, replace(turn, created=time()))
        return Recorder(self._database, written)

    def copy(
        self, source: History, turns: Sequence[Turn], to: Conversation, after: int | None
    ) -> tuple[Turn, ...]:
        """Write turns of another history as they are, all or none, after a turn of this one.

        The conversation goes on from the last of them, and is begun if it is not here.
        """
        images = [source.images(turn) for turn in turns]
        copied: list[Turn] = []
        with self._database.writing() as connection:
            connection.execute(_COPY, (to.id, to.title, to.created, to.updated))
            connection.execute("UPDATE conversations SET head = ? WHERE id = ?", (after, to.id))
            for turn, shown in zip(turns, images, strict=True):
                parent = copied[-1].id if copied else after
                new = _insert(connection, replace(turn, parent=parent, conversation=to.id))
                connection.execute(UPDATE, update_values(new))
                copied.append(attach(connection, new, shown))
        return tuple(copied)

    def set_head(self, conversation: Conversation | str, turn: Turn | int | None) -> None:
        """Have a conversation go on from a turn, of another one too; nothing is deleted."""
        with self._database.writing() as connection:
            sql = "UPDATE conversations SET head = ?, updated = ? WHERE id = ?"
            connection.execute(sql, (_id(turn), time(), _name(conversation)))

    def thread(self, turn: Turn | int) -> tuple[Turn, ...]:
        """Return the turns from the first one to this, in order."""
        turns = tuple(map(turn_of, self._database.read(_THREAD, _id(turn))))
        numbers = [one.id for one in turns]
        return with_pictures(turns, self._database.read(OF_TURNS, str(numbers)))

    def images(self, turn: Turn) -> tuple[Image, ...]:
        """Return the pictures that went with a question, which `thread` only names."""
        rows = self._database.read(OF_TURN, turn.id) if turn.pictures else []
        return tuple(Image(row["name"], row["media_type"], row["data"]) for row in rows)

    def latest(self) -> Conversation | None:
        """Return the conversation that was last written to."""
        return next(iter(self.list(1)), None)

    def list(self, limit: int = -1) -> tuple[Conversation, ...]:
        """Return the latest conversations, the newest first; all without a limit."""
        rows = self._database.read(f"{CONVERSATION}{_NEWEST} LIMIT ?", limit)
        return tuple(map(conversation_of, rows))

    def find(self, prefix: str) -> Conversation:
        """Return the conversation whose id begins so. Raises UsageError for none or several."""
        sql = f"{CONVERSATION} WHERE substr(c.id, 1, ?) = ? {_NEWEST} LIMIT 4"
        wanted = storable(prefix.strip().lower())
        rows = self._database.read(sql, len(wanted), wanted) if wanted else []
        if len(rows) == 1:
            return conversation_of(rows[0])
        if rows:
            names = ", ".join(f"`{row['id']}`" for row in rows[:3])
            raise UsageError(f"`{prefix}` may mean {names}", "type more of its id")
        raise UsageError(
            f"there is no conversation `{prefix}`", "`devchat history list` shows their ids"
        )

    def search(self, words: str, limit: int = 20) -> tuple[Hit, ...]:
        """Return the turns that hold all the words, the newest first.

        A word may be the beginning of a longer one; Chinese, Japanese and Korean is found
        anywhere in a sentence.
        """
        wanted = query(words)
        if not wanted:
            return ()
        self._index_cut_off()
        rows = self._database.read(_FOUND, wanted, limit)
        return tuple(
            Hit(turn := turn_of(row), row["title"], snippet(turn.text, words)) for row in rows
        )

    def unfinished(self) -> tuple[Conversation, ...]:
        """Return the conversations that end in an answer that was cut off: its writer is gone.

        One that was gone on from, there or in a fork, is not unfinished any more.
        """
        sql = f"""SELECT c.*, t.depth AS turns, t.writer FROM conversations c
            JOIN turns t ON t.id = c.head WHERE t.status = 'streaming'
            AND NOT EXISTS (SELECT 1 FROM turns WHERE parent = t.id){_NEWEST}"""
        rows = self._database.read(sql)
        return tuple(conversation_of(row) for row in rows if not is_alive(row["writer"]))

    def remove(self, *conversations: Conversation | str) -> None:
        """Delete conversations for good; what others go on from stays with them."""
        for one in conversations:  # each for itself: a full disk has no room for a log of all
            with self._database.writing() as connection:
                remove(connection, _name(one))
            self._database.empty_log()
        self._database.shrink()

    def stale(
        self, *, before: float | None = None, keep: int | None = None
    ) -> Sequence[Conversation]:
        """Return what was last written before a time, or all but the latest `keep`."""
        kept = self.list()[keep or 0 :]
        return [one for one in kept if before is None or one.updated < before]

    def _index_cut_off(self) -> None:
        """Make found what came of answers that were cut off by a crash."""
        rows = self._database.read(
            """SELECT * FROM turns WHERE status = 'streaming'
            AND id NOT IN (SELECT rowid FROM words WHERE rowid = turns.id)"""
        )
        for row in rows:
            if not is_alive(row["writer"]):
                with self._database.writing() as connection:
                    index(connection, turn_of(row))


def _insert(connection: sqlite3.Connection, turn: Turn) -> Turn:
    """Write a turn, which its conversation goes on from."""
    streaming = turn.status == "streaming"
    names = (name for name in turn.__slots__ if name not in ("usage", "pictures"))
    values = {name: getattr(turn, name) for name in names}
    values["writer"] = this_process() if streaming else ""
    number = connection.execute(_INSERT, values).lastrowid
    assert number is not None
    written = replace(turn, id=number)
    sql = "UPDATE conversations SET head = ?, updated = ?, model = coalesce(?, model) WHERE id = ?"
    connection.execute(sql, (number, turn.created, turn.model or None, turn.conversation))
    if not streaming:
        index(connection, written)
        touch(connection, written)
    return written


def _id(turn: Turn | int | None) -> int | None:
    return turn.id if isinstance(turn, Turn) else turn


def _name(conversation: Conversation | str) -> str:
    return conversation.id if isinstance(conversation, Conversation) else conversation
