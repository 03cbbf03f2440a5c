"""The engine's socket without an engine behind it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from devchat.backends.local.request import Texts, asked
from devchat.backends.local.server import Client, Job, Place, Server


@pytest.fixture
def server(home: Path) -> Iterator[Server]:
    """A server whose main thread is the test's."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(home / "sock"))
        state = (home / "sock").stat()
        place = Place(home / "sock", (state.st_dev, state.st_ino), "1")
        yield Server(listener, place, dict, asked)


def test_jobs_are_waited_for_so_long(server: Server) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        job = Job(Client(connection), Texts((), 0))
    assert server.take(0.01) == ([], True)
    server.jobs.put(job)
    assert server.take(None) == ([job], True)
    server.jobs.put(job)
    server.jobs.put(job)
    server.jobs.put(None)
    assert server.take(60) == ([job, job], False)
