"""Standard input: real pipes, files, terminals and devices."""

from __future__ import annotations

import io
import os
import pty
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devchat.context.stdin import read_all, read_piped
from devchat.errors import InputError


@contextmanager
def pipe() -> Iterator[tuple[BinaryIO, BinaryIO]]:
    """A pipe's two ends, unbuffered on the writing side."""
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as source, os.fdopen(writing, "wb", buffering=0) as sink:
        yield source, sink


def piped(stdin: BinaryIO | None, wait_seconds: float | None = 60) -> bytes | None:
    """Read where nothing is to be said."""
    said: list[str] = []
    data = read_piped(stdin, wait_seconds=wait_seconds, say=said.append)
    assert said == []
    return data


@settings(max_examples=30, deadline=None)
@given(st.lists(st.binary(max_size=200_000), max_size=5))
def test_all_that_comes_is_read_however_it_is_cut(chunks: list[bytes]) -> None:
    def write(sink: BinaryIO) -> None:
        for chunk in chunks:
            sink.write(chunk)
        sink.close()

    with pipe() as (source, sink):
        writer = threading.Thread(target=write, args=(sink,))
        writer.start()
        data = piped(source)
        writer.join()
    assert (data or b"") == b"".join(chunks)


def test_nothing_is_there(tmp_path: Path) -> None:
    closed = io.BytesIO()
    closed.close()
    assert piped(None) is None
    assert piped(closed) is None
    assert read_all(None) == read_all(closed) == b""
    (tmp_path / "empty").touch()
    for path in (Path(os.devnull), tmp_path / "empty"):
        with path.open("rb") as file:
            assert piped(file) is None
    with pipe() as (source, sink):
        sink.close()
        assert piped(source, wait_seconds=None) is None


def test_a_terminal_is_only_read_when_it_is_named() -> None:
    controller, terminal = pty.openpty()
    with os.fdopen(terminal, "rb", buffering=0) as file:
        assert piped(file) is None
        os.write(controller, b"typed\n\x04")
        assert read_all(file) == b"typed\n"
    os.close(controller)


@pytest.mark.parametrize("wait_seconds", [0.05, 0.4])
def test_silence_is_said_and_left_alone(wait_seconds: float) -> None:
    said: list[str] = []
    with pipe() as (source, _sink):
        assert read_piped(source, wait_seconds=wait_seconds, say=said.append) is None
    waiting = ["waiting for standard input ..."] if wait_seconds > 0.3 else []
    assert said[:-1] == waiting
    assert "stays silent" in said[-1] and "`-f -`" in said[-1]


def test_a_late_first_byte_is_still_awaited() -> None:
    said: list[str] = []
    with pipe() as (source, sink):

        def say(text: str) -> None:
            said.append(text)
            sink.write(b"late")
            sink.close()

        assert read_piped(source, wait_seconds=60, say=say) == b"late"
    assert said == ["waiting for standard input ..."]


def test_a_slow_producer_is_awaited_after_its_first_byte() -> None:
    code = "import time; print('first', flush=True); time.sleep(0.6); print('last')"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as producer:
        assert isinstance(producer.stdout, io.BufferedReader)
        assert read_all(producer.stdout) == b"first\nlast\n"


def test_a_non_blocking_pipe() -> None:
    with pipe() as (source, sink):
        os.set_blocking(source.fileno(), False)
        later = threading.Timer(0.1, lambda: (sink.write(b"x"), sink.close()))
        later.start()
        assert piped(source, wait_seconds=None) == b"x"
        later.join()


def test_a_file_is_read_from_where_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"0123456789")
    with path.open("rb", buffering=0) as file:
        file.seek(4)
        assert piped(file) == b"456789"


@pytest.mark.parametrize("endless", [True, False])
def test_too_much_is_refused(tmp_path: Path, endless: bool) -> None:
    path = Path("/dev/zero") if endless else tmp_path / "sparse"
    if not endless:
        with path.open("wb") as file:
            file.truncate(2 << 30)
    with path.open("rb") as source, pytest.raises(InputError) as caught:
        piped(source)
    assert caught.value.message == "standard input is longer than 32.0 MB"
    assert "`head`" in caught.value.hint


def test_what_can_not_be_read_is_said(tmp_path: Path) -> None:
    with (tmp_path / "f").open("wb") as file, pytest.raises(InputError) as caught:
        piped(file)
    assert caught.value.message.startswith("standard input can't be read: ")
