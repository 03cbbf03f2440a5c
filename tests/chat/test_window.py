"""Which earlier exchanges go along with a question."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devchat.chat.window import Exchange, select, terms
from devchat.types import Message


def exchange(text: str, tokens: int = 10) -> Exchange:
    return Exchange((Message.of("user", text), Message.of("assistant", "yes")), tokens)


TALK = [
    exchange("how does the parse_header function work?"),
    exchange("and what about the weather?"),
    exchange("数据库连接池怎么配置？"),
    exchange("what else is there?"),
    exchange("what about lunch?"),
    exchange("what about dinner?"),
]


def test_everything_goes_along_where_it_fits() -> None:
    selection = select(TALK, "why?", 60)
    assert selection.sent == (0, 1, 2, 3, 4, 5)
    assert str(selection) == ""


@pytest.mark.parametrize(
    ("question", "relevant"),
    [
        ("does parse_header raise?", (0,)),
        ("what does parse do", (0,)),
        ("连接池的大小", (2,)),
        ("will the weather hold?", (1,)),
        ("what now?", ()),
    ],
)
def test_the_latest_stay_and_what_is_relevant_comes_back(
    question: str, relevant: tuple[int, ...]
) -> None:
    selection = select(TALK, question, 42)
    assert selection.latest == (3, 4, 5)
    assert selection.relevant == relevant


def test_what_was_left_out_is_said() -> None:
    said = str(select(TALK, "does parse_header raise?", 42))
    assert said == (
        "2 of 6 earlier exchanges left out: the window is full; 1 came back as relevant"
    )


def test_the_very_latest_may_take_all_the_room() -> None:
    assert select([exchange("a", 50), exchange("b", 100)], "b", 100).latest == (1,)
    assert select([exchange("a", 50), exchange("b", 101)], "b", 100).latest == ()


def test_terms() -> None:
    assert terms("Read `os.path` in 中文字 by snake_case!") == {
        "read", "os.path", "path", "中文", "文字", "snake_case", "snake", "case",
    }  # fmt: skip
    assert terms("字") == {"字"}


@given(
    st.lists(st.tuples(st.text("ab中文 ", max_size=20), st.integers(1, 50)), max_size=12),
    st.text("ab中文 ", max_size=20),
    st.integers(0, 300),
)
def test_each_exchange_is_sent_or_left_out_and_what_is_sent_fits(
    talk: list[tuple[str, int]], question: str, room: int
) -> None:
    exchanges = [exchange(text, tokens) for text, tokens in talk]
    selection = select(exchanges, question, room)
    assert sum(exchanges[place].tokens for place in selection.sent) <= room
    assert sorted(selection.sent + selection.left_out) == list(range(len(exchanges)))
    assert (
        list(selection.latest)
        == list(range(len(exchanges)))[len(exchanges) - len(selection.latest) :]
    )
