"""Deleting a conversation, without the turns that a fork of it still goes on from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devchat.history.pictures import detach

if TYPE_CHECKING:
    import sqlite3

# Where another conversation leaves this one: at its head, or at the parent of one of its turns.
_LEAVING = """
    SELECT c.head AS turn, c.id AS heir FROM turns t JOIN conversations c ON c.head = t.id
        WHERE t.conversation = :name AND c.id != :name
    UNION SELECT t.id, child.conversation FROM turns t JOIN turns child ON child.parent = t.id
        WHERE t.conversation = :name AND child.conversation != :name"""
_INHERIT = """WITH RECURSIVE above (id, parent) AS (
    SELECT id, parent FROM turns WHERE id = :turn AND conversation = :name
    UNION ALL SELECT t.id, t.parent FROM turns t JOIN above ON t.id = above.parent
        WHERE t.conversation = :name)
    UPDATE turns SET conversation = :heir WHERE id IN (SELECT id FROM above)"""


def remove(connection: sqlite3.Connection, name: str) -> None:
    """Delete a conversation and its turns; those that others share become theirs."""
    for row in connection.execute(_LEAVING, {"name": name}).fetchall():
        values = {"name": name, "turn": row["turn"], "heir": row["heir"]}
        connection.execute(_INHERIT, values)
    connection.execute("UPDATE conversations SET head = NULL WHERE id = ?", (name,))
    mine = "(SELECT id FROM turns WHERE conversation = ?)"
    connection.execute(f"DELETE FROM words WHERE rowid IN {mine}", (name,))
    detach(connection, name)
    connection.execute("DELETE FROM turns WHERE conversation = ?", (name,))
    connection.execute("DELETE FROM conversations WHERE id = ?", (name,))
