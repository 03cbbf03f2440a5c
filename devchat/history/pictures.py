"""Pictures that went with questions: each is kept once, for as long as a question has it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from devchat.history.rows import storable
from devchat.history.turns import Picture, Turn
from devchat.types import Image

if TYPE_CHECKING:
    import sqlite3

OF_TURN = """SELECT a.name, p.media_type, p.data FROM attached a
    JOIN pictures p ON p.sha256 = a.picture WHERE a.turn = ? ORDER BY a.place"""
OF_TURNS = """SELECT a.turn, a.name, p.media_type, length(p.data) AS bytes,
        lower(hex(p.sha256)) AS sha256
    FROM attached a JOIN pictures p ON p.sha256 = a.picture
    WHERE a.turn IN (SELECT value FROM json_each(?)) ORDER BY a.turn, a.place"""


def attach(connection: sqlite3.Connection, turn: Turn, images: Sequence[Image]) -> Turn:
    """Keep the pictures of a turn, and return it with them."""
    pictures = []
    for place, image in enumerate(images):
        digest, name = sha256(image.data), storable(image.name)
        row = digest.digest(), image.media_type, image.data
        connection.execute("INSERT OR IGNORE INTO pictures VALUES (?, ?, ?)", row)
        use = turn.id, place, name, digest.digest()
        connection.execute("INSERT INTO attached VALUES (?, ?, ?, ?)", use)
        pictures.append(Picture(name, image.media_type, len(image.data), digest.hexdigest()))
    return replace(turn, pictures=tuple(pictures))


def detach(connection: sqlite3.Connection, name: str) -> None:
    """Take the pictures from the turns of a conversation, and forget those that no turn has."""
    mine = "(SELECT id FROM turns WHERE conversation = ?)"
    connection.execute(f"DELETE FROM attached WHERE turn IN {mine}", (name,))
    used = "SELECT 1 FROM attached WHERE picture = pictures.sha256"
    connection.execute(f"DELETE FROM pictures WHERE NOT EXISTS ({used})")


def with_pictures(turns: Sequence[Turn], rows: Iterable[Any]) -> tuple[Turn, ...]:
    """Give turns what is known of their pictures: rows of `OF_TURNS`."""
    found: dict[int, tuple[Picture, ...]] = {}
    for row in rows:
        picture = Picture(row["name"], row["media_type"], row["bytes"], row["sha256"])
        found[row["turn"]] = (*found.get(row["turn"], ()), picture)
    return tuple(replace(turn, pictures=found.get(turn.id, ())) for turn in turns)
