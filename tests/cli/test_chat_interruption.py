"""How an answer of `devchat chat` is interrupted, at the moments that no key can be timed to."""

from __future__ import annotations

import os
import signal
import termios
import threading
import time
from collections.abc import Iterator

import pytest

from devchat.cli.chat.interruption import Interruption

Ends = tuple[int, int]


@pytest.fixture
def terminal() -> Iterator[Ends]:
    """The two ends of a terminal: ours, and the program's."""
    ends = os.openpty()
    yield ends
    for end in ends:
        os.close(end)


def press() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def modes(terminal: int) -> int:
    return int(termios.tcgetattr(terminal)[3])


def test_before_anything_is_drawn_it_waits_and_counts_once(terminal: Ends) -> None:
    before, handler = modes(terminal[1]), signal.getsignal(signal.SIGINT)
    with Interruption(terminal[1]) as interruption:
        press()
        with pytest.raises(KeyboardInterrupt):
            interruption.listen()
        assert not modes(terminal[1]) & (termios.ICANON | termios.ECHO)
        press()
    assert modes(terminal[1]) == before
    assert signal.getsignal(signal.SIGINT) == handler


def test_when_all_is_said_it_is_too_late(terminal: Ends) -> None:
    with Interruption(terminal[1]) as interruption:
        interruption.listen()
        interruption.over()
        press()
    assert interruption.typed == ""


def test_a_terminal_that_goes_away_is_no_error() -> None:
    ours, theirs = os.openpty()
    threads = threading.active_count()
    with Interruption(theirs) as interruption:
        interruption.listen()
        os.close(ours)
        while threading.active_count() > threads:
            time.sleep(0.01)
    os.close(theirs)
    assert interruption.typed == ""


def test_what_is_no_terminal_is_left_alone() -> None:
    reading, writing = os.pipe()
    with Interruption(reading) as interruption:
        interruption.listen()
        os.close(writing)
    os.close(reading)
    assert interruption.typed == ""
