"""Things handed on together: what comes meanwhile shares the next commit, and its fate."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from bot.web.bounded import Bounded
from bot.web.together import Together
from devchat.errors import StorageError
from tests.bot.programs import ROOT, wait_for


class Held:
    """Takes batches, the first only once it is let go."""

    def __init__(self, error: StorageError | None = None) -> None:
        self.batches: list[list[int]] = []
        self.let_go = threading.Event()
        self._error = error

    def __call__(self, batch: list[int]) -> None:
        self.batches.append(batch)
        self.let_go.wait()
        if self._error and len(self.batches) > 1:
            raise self._error


def hand_in(held: Held, give: Callable[[int], None], threads: ThreadPoolExecutor) -> list[object]:
    """Give one thing, and two more while it is under way; return what became of each."""
    given: list[Future[None]] = [threads.submit(give, 1)]
    wait_for(lambda: held.batches == [[1]])
    given += [threads.submit(give, number) for number in (2, 3)]
    wait_for(lambda: threads._work_queue.empty())
    held.let_go.set()
    return [one.exception(60) for one in given]


def test_what_comes_meanwhile_goes_together() -> None:
    held = Held()
    together = Together(held, Bounded(60, threads=1))
    with ThreadPoolExecutor(3) as threads:
        assert hand_in(held, together.give, threads) == [None] * 3
    assert [one for batch in held.batches for one in sorted(batch)] == [1, 2, 3]


def test_a_batch_that_fails_fails_for_each_in_it() -> None:
    error = StorageError("the disk is full")
    held = Held(error)
    together = Together(held, Bounded(60, threads=1))
    with ThreadPoolExecutor(3) as threads:
        assert hand_in(held, together.give, threads) == [None, error, error]


def test_who_waits_too_long_is_told_and_what_it_gave_is_still_handed_on() -> None:
    held = Held()
    together = Together(held, Bounded(0.01, threads=1))
    for number in (1, 2):
        with pytest.raises(StorageError, match="does not answer"):
            together.give(number)
    held.let_go.set()
    wait_for(lambda: held.batches == [[1], [2]])
    together.give(3)
    assert held.batches == [[1], [2], [3]]


@pytest.mark.measured
def test_what_is_given_while_the_process_ends_is_handed_on() -> None:
    code = (
        "import atexit; from bot.web.bounded import Bounded; from bot.web.together import Together;"
        "atexit.register(Together(print, Bounded(threads=1)).give, 'last')"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("['last']\n", "")
