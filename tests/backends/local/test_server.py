"""The engine's socket without an engine behind it."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from devchat.backends.local.connection import Client
from devchat.backends.local.request import Texts, asked
from devchat.backends.local.server import Job, Model, Place, Server
from devchat.backends.local.wire import PROTOCOL, Frame, encode, receive
from tests.backends.local.test_faults import until

STOPPED = {"error": "EngineError", "message": "stopped", "hint": "ask again"}


@contextmanager
def serving(home: Path) -> Iterator[Server]:
    """Make a server whose main thread is the caller's."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(home / "sock"))
        state = (home / "sock").stat()
        place = Place(home / "sock", (state.st_dev, state.st_ino), "1")
        yield Server(listener, place, dict, asked, STOPPED)


def test_what_fits_into_no_socket_is_sent_as_its_reader_takes_it() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    with ours, theirs:
        client, rows = Client(ours), "x" * (4 << 20)
        theirs.settimeout(60)
        for number in range(2):
            client.send({"rows": rows, "at": number})
        for number in range(2):
            assert receive(theirs) == {"rows": rows, "at": number}
        assert client.flush() and not client.gone


def test_a_client_that_goes_in_the_middle_of_a_frame_is_gone() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    with ours:
        client = Client(ours)
        client.send({"rows": "x" * (4 << 20)})
        theirs.close()
        until(lambda: client.gone)


def a_stop_is_heard_of_at_once(server: Server, home: Path) -> None:
    """Whatever the main thread is doing: here it does nothing at all."""
    server.start()
    with dialled(home, {"op": "embed", "texts": ["a"], "first": 0}) as waiting:
        assert "hello" in received(waiting)
        with dialled(home, {"op": "stop"}) as stopping:
            assert ["hello" in received(stopping), "status" in received(stopping)] == [True, True]
        frames = iter(lambda: received(waiting), STOPPED)
        assert all("alive" in frame for frame in frames)


def dialled(home: Path, frame: Frame) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(60)
    connection.connect(str(home / "sock"))
    connection.sendall(encode({"protocol": PROTOCOL, "version": "1"} | frame))
    return connection


def received(connection: socket.socket) -> Frame:
    frame = receive(connection)
    assert frame is not None
    return frame


def who_waits_hears_whether_the_model_is_loaded(server: Server, home: Path) -> None:
    server.start()
    asking: Frame = {"op": "embed", "texts": ["a"], "first": 0}
    with dialled(home, asking) as early:
        assert received(early)["hello"]["model"] is False
        server.become(Model())
        with dialled(home, asking) as late:
            assert received(late)["hello"]["model"] is True
        assert any(received(early)["model"] for _ in range(3))


PROGRAM = """
import os, pathlib, sys
from tests.backends.local import test_server
home = pathlib.Path(sys.argv[2])
with test_server.serving(home) as server:
    getattr(test_server, sys.argv[1])(server, home)
    # Its threads go on for as long as the process.
    os._exit(0)
"""


@pytest.mark.parametrize(
    "name",
    [a_stop_is_heard_of_at_once.__name__, who_waits_hears_whether_the_model_is_loaded.__name__],
)
def test_a_server_in_a_process_of_its_own(home: Path, name: str) -> None:
    line = [sys.executable, "-c", PROGRAM, name, str(home)]
    root = Path(__file__).parents[3]
    done = subprocess.run(line, capture_output=True, cwd=root, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_jobs_are_waited_for_so_long(home: Path) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        job = Job(Client(connection), Texts((), 0))
    with serving(home) as server:
        assert server.take(0.01) == ([], True)
        server.jobs.put(job)
        assert server.take(None) == ([job], True)
        server.jobs.put(job)
        server.jobs.put(job)
        server.jobs.put(None)
        assert server.take(60) == ([job, job], False)
