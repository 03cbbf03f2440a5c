"""Whatever is stored is found: every word, and any part of a Chinese sentence."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from devchat.history import IN_MEMORY, open_history
from devchat.history.words import tokens

CJK = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=1, max_size=8)
MIXED = st.lists(
    CJK | st.text(max_size=12) | st.sampled_from(["git", "snake_case", "ＡＢＣ", "ㇰカﾅ한국어"]),
    max_size=12,
).map("".join)


def finds(text: str, words: str) -> bool:
    with open_history(IN_MEMORY) as history:
        turn = history.add(history.start(), None, "user", text)
        hits = history.search(words)
        return [hit.turn for hit in hits] == [turn] and "\n" not in hits[0].snippet


@given(MIXED)
@example("用git提交代码")
@example("İstanbul ß ﬁn x²")
def test_every_word_is_found(text: str) -> None:
    text = text.encode("utf-8", "ignore").decode()
    with open_history(IN_MEMORY) as history:
        history.add(history.start(), None, "user", text)
        for word in re.findall(r"[^\W_]+", text):
            if re.search(r"[\u2e80-\U0003ffff]", word) is None:
                assert history.search(word), word


@given(MIXED, CJK, MIXED)
def test_every_part_of_a_chinese_sentence_is_found(before: str, run: str, after: str) -> None:
    text = f"{before}{run}{after}".encode("utf-8", "ignore").decode()
    with open_history(IN_MEMORY) as history:
        history.add(history.start(), None, "user", text)
        for start in range(len(run)):
            for end in range(start + 1, len(run) + 1):
                assert history.search(run[start:end]), run[start:end]


@given(st.text(max_size=30))
@example('" OR AND NOT NEAR( ^ * : -')
def test_a_query_is_only_text(words: str) -> None:
    with open_history(IN_MEMORY) as history:
        history.add(history.start(), None, "user", "something")
        history.search(words)


@pytest.mark.parametrize(
    ("text", "words", "found"),
    [
        ("Rebase onto main", "rebase MAIN", True),
        ("Rebase onto main", "rebase branch", False),
        ("Rebase onto main", "reb", True),
        ("Rebase onto main", "base", False),
        ("the name main_branch here", "main_bra", True),
        ("the name main_branch here", "name_main", True),
        ("main then branch", "main_branch", False),
        ("请用git提交代码", "用git提交", True),
        ("请用git提交代码", "交代", True),
        ("请用git提交代码", "代提", False),
        ("请用git提交代码", "码", True),
        ("请用git提交代码", "请", True),
        ("ＡＢＣ ｶﾅ", "abc カナ", True),
        ("한국어로 답하세요", "국어", True),
        ("NOT this", "not", True),
        ("x", "", False),
        ("x", "!?", False),
    ],
)
def test_what_finds_what(text: str, words: str, found: bool) -> None:
    assert finds(text, words) is found


def test_the_newest_come_first_with_the_place_in_a_line() -> None:
    with open_history(IN_MEMORY) as history:
        one = history.start("a title")
        for number in range(5):
            history.add(one, None, "user", f"{'long ' * 50}\nthe\x1b[31m needle {number}\n" * 2)
        hits = history.search("needle", 3)
    assert [hit.snippet.count("needle") > 0 for hit in hits] == [True] * 3
    assert "needle 4" in hits[0].snippet and hits[0].snippet.startswith("…")
    assert "\x1b" not in hits[0].snippet and hits[0].title == "a title"


def test_pairs_of_characters() -> None:
    assert tokens("用git 提交代码!") == "用 git 提交 交代 代码 码"
