"""What is worth a place on the disk: decisions alone."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devchat.backends.local.worth import (
    Beginnings,
    Reach,
    Tokens,
    Wanted,
    allowed,
    common,
    superseded,
    worth_keeping,
    worth_reading,
    worth_sharing,
)

tokens = st.lists(st.integers(0, 2), max_size=400).map(tuple)


@given(tokens, tokens, tokens)
def test_what_two_begin_with(
    begun: tuple[int, ...], one: tuple[int, ...], two: tuple[int, ...]
) -> None:
    left, right = begun + one, begun + two
    assert common(left, right) == len(os.path.commonprefix([left, right])) >= len(begun)


@given(st.lists(tokens), tokens)
def test_a_state_that_can_not_be_cut_serves_whole_or_not_at_all(
    kept: list[Tokens], prompt: Tokens
) -> None:
    whole = [len(one) for one in kept if prompt[: len(one)] == one]
    states = [Wanted(1, one, len(one), len(one)) for one in kept]
    assert Reach(cuts=False).covered(states, prompt, len(prompt)) == max(whole, default=0)
    shared = max((common(one, prompt) for one in kept), default=0)
    assert Reach().covered(states, prompt, len(prompt)) == shared


@pytest.mark.parametrize(
    ("kept", "exact", "covered"),
    [(900, 900, 900), (900, 0, 900), (100, 900, 100), (100, 300, 700), (300, 300, 900)],
    ids=["as good", "better", "read among others", "so was most of this", "up to its answer"],
)
def test_what_was_read_among_others_covers_nothing_that_was_read_alone(
    kept: int, exact: int, covered: int
) -> None:
    line = tuple(range(1000))
    states = [Wanted(1, line[:900], kept, 900)]
    assert Reach().covered(states, line, exact) == covered
    assert Reach(cuts=False).covered(states, line, exact) == 900


@pytest.mark.parametrize(
    ("count", "covered", "rate", "worth"),
    [
        (512, 0, 300.0, True),
        (511, 0, 1.0, False),
        (512, 0, 600.0, False),
        (2000, 1599, 100.0, True),
        (2000, 1600, 100.0, False),
        (2000, 1000, 1100.0, False),
        (9999, 0, 0.0, False),
    ],
    ids=["long and slow", "short", "quick", "little of it", "covered", "new is quick", "unknown"],
)
def test_a_sequence_is_kept_if_it_is_long_and_what_is_new_of_it_took_long(
    count: int, covered: int, rate: float, worth: bool
) -> None:
    assert worth_keeping(count, covered, rate) is worth


@pytest.mark.parametrize(
    ("count", "covered", "rate", "worth"),
    [
        (256, 0, 300.0, True),
        (255, 0, 1.0, False),
        (256, 0, 2000.0, False),
        (300, 240, 300.0, False),
        (300, 0, 0.0, False),
    ],
    ids=["long enough", "short", "quick", "covered", "unknown"],
)
def test_a_common_beginning_is_kept_sooner(
    count: int, covered: int, rate: float, worth: bool
) -> None:
    assert worth_sharing(count, covered, rate) is worth


@pytest.mark.parametrize(
    ("gain", "size", "rate", "worth"),
    [
        (64, 1 << 20, 300.0, True),
        (63, 1, 300.0, False),
        (64, 1 << 40, 0.0, True),
        (100, 500_000_000, 50.0, True),
        (100, 500_000_000, 200.0, False),
    ],
)
def test_a_file_is_read_if_that_is_quicker(gain: int, size: int, rate: float, worth: bool) -> None:
    assert worth_reading(gain, size, rate) is worth


@pytest.mark.parametrize(
    ("old", "new", "useless"),
    [(600, 1000, True), (400, 1000, False), (1000, 1000, False), (1100, 1000, False)],
)
def test_an_earlier_turn_goes_and_a_short_beginning_stays(
    old: int, new: int, useless: bool
) -> None:
    line = tuple(range(2000))
    assert superseded(line[:old], line[:new]) is useless
    assert not superseded((-1, *line[: old - 1]), line[:new])


@given(st.integers(0, 10**12), st.integers(0, 10**12), st.integers(0, 10**12))
def test_the_cache_never_takes_more_than_it_leaves(limit: int, held: int, free: int) -> None:
    most = allowed(limit, held, free)
    assert most <= limit
    assert most <= free - (most - held)


def prompt(*parts: int) -> tuple[int, ...]:
    return tuple(part * 1000 + place for part in parts for place in range(200))


def test_what_several_prompts_begin_with_is_noticed() -> None:
    seen = Beginnings(most=3)
    seen.learn(prompt(1, 2, 3))
    seen.learn(prompt(9, 2, 3))
    assert seen.shared == []
    seen.learn(prompt(1, 2, 4))
    assert seen.shared == [prompt(1, 2)]
    seen.learn(prompt(1, 2, 4, 5))
    assert seen.shared == [prompt(1, 2)], "a conversation that goes on"
    for part in range(10, 20):
        seen.learn(prompt(part, part, 0))
        seen.learn(prompt(part, part, 1))
    assert seen.shared == [prompt(part, part) for part in (17, 18, 19)]
