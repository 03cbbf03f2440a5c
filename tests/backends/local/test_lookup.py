"""Drafts from what was said before: pure, without a model."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from devchat.backends.local.lookup import GRAM, LONGEST, Lookup

TOKENS = st.lists(st.integers(0, 5), max_size=40)


def make(prompt: list[int], answer: list[int]) -> tuple[int, int, int]:
    """Make an answer with drafts; give batches, drafted tokens and accepted ones."""
    lookup, at, batches, drafted, accepted = Lookup(prompt), 0, 0, 0, 0
    while at < len(answer):
        draft = lookup.draft(len(answer) - at - 1)
        right = next((n for n, token in enumerate(draft) if answer[at + n] != token), len(draft))
        for token in answer[at : at + right + 1]:
            lookup.add(token)
        if draft:
            lookup.judge(len(draft), right)
        at += right + 1
        batches, drafted, accepted = batches + 1, drafted + len(draft), accepted + right
    return batches, drafted, accepted


def test_an_answer_that_repeats_its_input_takes_few_batches() -> None:
    text = random.Random(1).sample(range(10_000), 600)
    batches, drafted, accepted = make([1, 2, *text, 3], text)
    assert batches < 600 / LONGEST + 12
    assert accepted == drafted > 500


def test_an_answer_that_repeats_nothing_has_no_drafts() -> None:
    tokens = random.Random(2).sample(range(10_000), 900)
    assert make(tokens[:500], tokens[500:]) == (400, 0, 0)


def test_a_misleading_input_is_soon_left_alone() -> None:
    # Each three tokens stood together before, but what followed them was always another.
    prompt, answer = [], []
    for number in range(0, 900, 3):
        gram = [number, number + 1, number + 2]
        prompt += [*gram, 5_000 + number]
        answer += [*gram, 6_000 + number]
    batches, drafted, accepted = make(prompt, answer)
    assert accepted <= drafted
    assert drafted < len(answer) / 2


@given(TOKENS, TOKENS, st.integers(-3, 20))
def test_a_draft_is_what_followed_the_same_tokens_before(
    prompt: list[int], answer: list[int], most: int
) -> None:
    lookup = Lookup(prompt)
    for token in answer:
        lookup.add(token)
    draft = lookup.draft(most)
    said = [*prompt, *answer]
    assert len(draft) <= max(0, most)
    if draft:
        last = said[-GRAM:]
        places = [at for at in range(GRAM, len(said)) if said[at - GRAM : at] == last]
        assert any(said[at : at + len(draft)] == draft for at in places)
