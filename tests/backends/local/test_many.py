"""Many requests and many clients, through the engine process."""

from __future__ import annotations

from pathlib import Path
from threading import Thread

import pytest

from devchat.backends import Backend
from devchat.backends.local.control import engines
from devchat.errors import DevchatError
from devchat.types import Completion
from tests.backends.local.conftest import Open, ask
from tests.backends.local.test_faults import LONG, begun, only, until

pytestmark = pytest.mark.engine
SYSTEM = "You are a careful assistant who reads code and says what it does. " * 4


def test_fifty_requests_from_eight_clients(open_model: Open, runtime: Path) -> None:
    answers: dict[int, str] = {}

    def work(backend: Backend, numbers: range) -> None:
        requests = [ask(f"{number}: what is a list?", SYSTEM, max_tokens=4) for number in numbers]
        for index, answer in backend.complete_many(requests):
            assert isinstance(answer, Completion)
            answers[numbers[index]] = answer.text

    clients = [open_model() for _ in range(8)]
    threads = [
        Thread(target=work, args=(client, range(50)[first::8]))
        for first, client in enumerate(clients)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == list(range(50))
    assert all(answers.values())
    # Who has the last answer may be quicker than the engine that forgets it.
    until(lambda: only(runtime).queued == 0)
    state = only(runtime)
    assert (state.sequences, state.cells, state.queued) == (0, 0, 0)
    assert state.kept <= state.window


def test_a_client_that_leaves_frees_its_cells(open_model: Open, runtime: Path) -> None:
    backend = open_model()
    _, stream = begun(backend)
    busy = only(runtime)
    assert busy.sequences == 1
    assert 0 < busy.cells <= busy.window
    stream.close()  # type: ignore[attr-defined]
    until(lambda: only(runtime).queued == 0)
    after = only(runtime)
    assert (after.cells, after.sequences) == (0, 0)


def test_the_rest_of_many_is_given_up_when_nobody_wants_it(open_model: Open, runtime: Path) -> None:
    backend = open_model()
    results = backend.complete_many([ask("Say a", max_tokens=2), *[LONG] * 20])
    # The others may be heard first, and leave no room for the short one until one of them ends.
    _, answer = next(results)
    assert isinstance(answer, Completion)
    results.close()  # type: ignore[attr-defined]
    until(lambda: only(runtime).queued == 0)
    assert only(runtime).cells == 0


def test_an_engine_that_is_killed_fails_all_of_many(open_model: Open, runtime: Path) -> None:
    import os
    import signal

    backend = open_model()
    results = backend.complete_many([ask("Say a", max_tokens=1), *[LONG] * 5])
    next(results)
    os.kill(only(runtime).pid, signal.SIGKILL)
    failed = [result for _, result in results]
    assert len(failed) == 5
    assert all(isinstance(error, DevchatError) for error in failed)
    until(lambda: not any(state.queued for state in engines(runtime)))
