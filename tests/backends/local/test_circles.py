"""A tiny model that goes round in circles is stopped, and nothing else is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devchat.backends.local.circles import LONGEST, circling

TOKENS = st.lists(st.integers(0, 9), min_size=1, max_size=LONGEST)


@given(TOKENS, TOKENS, st.integers(4, 6))
def test_rounds_are_noticed_whatever_came_before(
    before: list[int], once: list[int], more: int
) -> None:
    assert circling(before + once * (more + 32 // len(once)))


@pytest.mark.parametrize(
    "tokens",
    [
        [],
        [1],
        [1] * 31,
        list(range(200)),
        list(range(65)) * 5,
        [*list(range(20)) * 3, *range(19)],
        [*[7] * 60, 8],
        [token for number in range(60) for token in (1, 2, number)],
    ],
)
def test_other_answers_go_on(tokens: list[int]) -> None:
    assert not circling(tokens)
