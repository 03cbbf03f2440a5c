"""The number of threads follows what the machine has to spare."""

from __future__ import annotations

import pytest

from devchat.backends.local.pace import SOONEST, Pace, Paces
from devchat.backends.local.shape import Threads


def run(most: int, cost: dict[int, float], tokens: int = 400) -> list[int]:
    """The threads chosen for each token, where a token takes so long with so many threads."""
    pace, chosen = Pace(most), []
    for _ in range(tokens):
        threads = pace.threads()
        pace.took(threads, cost[threads])
        chosen.append(threads)
    return chosen


@pytest.mark.parametrize(
    ("most", "cost", "best"),
    [
        (2, {2: 8.0, 1: 11.0}, 2),
        (2, {2: 600.0, 1: 12.0}, 1),
        (8, {8: 3.0, 4: 4.0}, 8),
        (8, {8: 90.0, 4: 5.0}, 4),
        (3, {3: 9.0, 1: 5.0}, 1),
        (1, {1: 9.0}, 1),
    ],
)
def test_nearly_all_tokens_go_the_quicker_way(most: int, cost: dict[int, float], best: int) -> None:
    chosen = run(most, cost)
    assert chosen.count(best) >= 0.9 * len(chosen)


def test_it_comes_back_when_the_machine_is_free_again() -> None:
    pace = Pace(2)
    costs = [{2: 500.0, 1: 12.0}] * 100 + [{2: 8.0, 1: 12.0}] * 400
    chosen = []
    for cost in costs:
        threads = pace.threads()
        pace.took(threads, cost[threads])
        chosen.append(threads)
    assert chosen[60:100].count(1) >= 35
    assert chosen[-100:].count(2) >= 90


def use(paces: Paces, batch: int, cost: dict[int, float], times: int) -> list[int]:
    """The threads chosen for batches of one size, where a token takes so long."""
    chosen = []
    for _ in range(times):
        threads = paces.threads(batch)
        paces.took(batch, threads, batch * cost[threads])
        chosen.append(threads)
    return chosen


def test_single_tokens_and_batches_are_measured_apart() -> None:
    paces = Paces(Threads(4, 8))
    assert paces.learned() is None
    assert use(paces, 1, {4: 9.0, 2: 5.0}, 20).count(2) >= 15
    assert use(paces, 16, {8: 5.0, 4: 9.0}, 20).count(8) >= 15
    assert paces.learned() == Threads(2, 8)


def test_prompts_have_all_threads() -> None:
    paces = Paces(Threads(4, 8))
    assert use(paces, 256, {8: 9.0, 4: 5.0}, 40) == [8] * 40
    assert paces.learned() is None, "no answer was begun yet"


def test_what_was_learned_is_where_the_next_engine_begins() -> None:
    paces = Paces(Threads(4, 8), Threads(2, 8))
    assert use(paces, 1, {4: 9.0, 2: 5.0}, SOONEST) == [2] * SOONEST
    assert paces.learned() is None, "nothing new was measured"
    assert use(paces, 1, {4: 5.0, 2: 9.0}, 2)[0] == 4, "it is tried again"
    assert Paces(Threads(4, 8), Threads(3, 3)).threads(1) == 4, "of another machine"
