"""A worker that reaches PostgreSQL through a pooler is refused: its name would not be held."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.durable.lease import open_lease
from devchat.errors import SettingsError

GREETING = b"K" + struct.pack(">i", 12)
"""How a server begins to tell the number of its process:
https://www.postgresql.org/docs/current/protocol-message-formats.html"""


def carry(one: socket.socket, other: socket.socket, process: bytes) -> None:
    """Pass on what comes from one to the other; where a greeting is in it, with this number."""
    while data := one.recv(65536):
        before, greeting, after = data.partition(GREETING)
        other.sendall(before + greeting + (process + after[4:] if greeting else b""))
    other.shutdown(socket.SHUT_WR)


@pytest.fixture
def pooler(postgres: str, home: Path) -> Iterator[str]:
    """The address of a relay that greets for PostgreSQL in its own name, as PgBouncer does."""
    url = sa.make_url(postgres)
    with (
        socket.socket(socket.AF_UNIX) as door,
        socket.socket(socket.AF_UNIX) as server,
    ):
        door.bind(f"{home}/.s.PGSQL.5432")
        door.listen()
        server.connect(f"{url.query['host']}/.s.PGSQL.5432")

        def serve() -> None:
            client, _ = door.accept()
            with client:
                up = threading.Thread(target=carry, args=(client, server, b""))
                up.start()
                carry(server, client, b"\0\0\0\1")
                up.join()

        serving = threading.Thread(target=serve)
        serving.start()
        yield url.set(query={"host": str(home)}).render_as_string(hide_password=False)
        serving.join()


def test_a_pooler_is_refused(pooler: str) -> None:
    with pytest.raises(SettingsError, match="is reached through a pooler") as caught:
        open_lease(pooler, "one")
    assert "PostgreSQL itself" in caught.value.hint
