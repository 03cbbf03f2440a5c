"""Requests that nobody wants any more are not even read."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from devchat.backends.local.berth import Berth
from devchat.backends.local.call import Call
from devchat.backends.local.calls import Calls
from devchat.errors import EngineError
from devchat.types import Completion
from tests.backends.local.conftest import Open, ask
from tests.backends.local.test_faults import only, until

WORDS = 500


@pytest.mark.engine
def test_prompts_of_many_are_not_read_to_the_end_when_nobody_wants_them(
    open_model: Open, runtime: Path
) -> None:
    backend = open_model()
    long = [ask(f"{word} " * WORDS, max_tokens=1) for word in ("one", "two", "three", "four")]
    results = backend.complete_many([ask("Say a", max_tokens=1), *long])
    _, answer = next(results)
    assert isinstance(answer, Completion)
    results.close()  # type: ignore[attr-defined]
    until(lambda: only(runtime).queued == 0)
    # What was read is kept, for whoever asks the same: of one prompt or two, not of four.
    assert only(runtime).kept < 3 * WORDS


@pytest.mark.parametrize("late", [False, True])
def test_calls_end_together_also_those_that_come_too_late(home: Path, late: bool) -> None:
    ours, theirs = socket.socketpair()
    calls, call = Calls(), Call(ours, Berth(home, "engine"), None, 60.0)
    if late:
        calls.end()
    with theirs, calls.holding(call):
        calls.end()
        assert theirs.recv(1) == b""
        with pytest.raises(EngineError, match="ended before its answer"):
            next(call.frames())
    calls.end()
