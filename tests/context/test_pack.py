"""The token budget: never over it, and everything accounted for."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devchat.context import Attached, Attachment, LeftOut, Lines
from devchat.context.fence import fence
from devchat.context.ledger import Entry, Ledger, ledger_lines, short_ledger_lines
from devchat.context.pack import Packed, pack
from devchat.errors import ContextError

Count = Callable[[str], int]


def words(text: str) -> int:
    """Count as a tokenizer would: words and other characters, which is not additive."""
    return len(re.findall(r"\w+|[^\w\s]", text))


def jumpy(text: str) -> int:
    """Count with neither order nor reason."""
    return words(text) + zlib.crc32(text.encode()) % 40


COUNTS: list[Count] = [words, jumpy, len, lambda text: len(text) // 4, lambda text: 7]
LINES = st.text(st.sampled_from("ab `\n"), max_size=40)
TEXTS = st.builds(lambda line, times: (line + "\n") * times or "x", LINES, st.integers(1, 60))


def attach(*texts: str) -> Attached:
    return Attached(tuple(Attachment(f"f{place}.py", text) for place, text in enumerate(texts)))


@settings(deadline=None)
@given(st.lists(TEXTS, max_size=6), st.integers(-10, 2000), st.sampled_from(COUNTS))
def test_never_over_the_room(texts: list[str], room: int, count: Count) -> None:
    attached = Attached(attach(*texts).texts, (), (LeftOut("pic.bin", "is binary"),))
    try:
        packed = pack(attached, room=room, count=count)
    except ContextError as error:
        assert texts and error.hint
        return
    assert packed == pack(attached, room=room, count=count)
    entries = packed.ledger.entries
    assert [entry.name for entry in entries] == [*(t.name for t in attached.texts), "pic.bin"]
    if texts:
        assert count(packed.text) <= room
        assert sum(entry.sent_tokens for entry in entries) <= room
    check_text(attached, packed)


def check_text(attached: Attached, packed: Packed) -> None:
    """Find every input in the text, in order, whole or from its beginning to a line end."""
    rest = packed.text
    for text, entry in zip(attached.texts, packed.ledger.entries, strict=False):
        if entry.state == "left out":
            assert f"File {text.name}:" not in packed.text
            assert entry.sent_tokens == 0 and entry.reason
            continue
        whole = fence(text)
        if entry.state == "whole":
            assert rest.startswith(whole)
            rest = rest[len(whole) :].removeprefix("\n\n")
            continue
        kept, total = map(int, re.findall(r"\d+", entry.reason))
        block, rest = rest.split("```", 2)[0], rest
        part = "".join(text.text.splitlines(keepends=True)[:kept])
        marker = f"[devchat: {total - kept} more of {total} lines are not shown]\n"
        cut = fence(Attachment(text.name, part + marker))
        assert rest.startswith(cut) and block
        rest = rest[len(cut) :].removeprefix("\n\n")
    assert rest == ""


@given(st.lists(TEXTS, min_size=1, max_size=6))
def test_what_fits_is_whole_and_stays_so(texts: list[str]) -> None:
    attached = attach(*texts)
    needed = words("\n\n".join(map(fence, attached.texts)))
    for room in (needed, needed + 1, 10 * needed):
        packed = pack(attached, room=room, count=words)
        assert {entry.state for entry in packed.ledger.entries} == {"whole"}
        assert ledger_lines(packed.ledger) == []


def test_small_ones_are_whole_and_large_ones_share_the_rest() -> None:
    attached = attach("word\n" * 1000, "tiny\n", "word\n" * 500, "word\n" * 100)
    entries = pack(attached, room=600, count=words).ledger.entries
    assert [entry.state for entry in entries] == ["cut", "whole", "cut", "whole"]
    large, other = entries[0].sent_tokens, entries[2].sent_tokens
    assert large + other >= 0.9 * (600 - entries[1].tokens - entries[3].tokens)
    assert 0.95 < large / other < 1.05


def test_the_last_named_are_left_out_when_shares_become_useless() -> None:
    attached = attach(*["word\n" * 200] * 10)
    entries = pack(attached, room=200, count=words).ledger.entries
    assert [entry.state for entry in entries] == ["cut"] * 4 + ["left out"] * 6


def test_a_text_of_one_endless_line_gives_its_share_away() -> None:
    attached = attach("word " * 5000, "word\n" * 300, "word\n" * 300)
    entries = pack(attached, room=500, count=words).ledger.entries
    assert [entry.state for entry in entries] == ["left out", "cut", "cut"]
    assert entries[1].sent_tokens > 200


def test_a_first_line_that_is_too_long_is_not_counted() -> None:
    attached = attach("w" * 100_000 + "\nshort\n", "word\n" * 300)
    packed = pack(attached, room=200, count=sized(words, 10_000))
    assert [entry.state for entry in packed.ledger.entries] == ["left out", "cut"]


def sized(count: Count, limit: int) -> Count:
    """Count, but refuse to be asked about a long text."""

    def checked(text: str) -> int:
        assert len(text) <= limit
        return count(text)

    return checked


@pytest.mark.parametrize("others", [0, 3])
def test_the_hopeless_is_not_counted(others: int) -> None:
    attached = attach("some words here\n" * 2_000_000, *["word\n" * 900] * others)
    count = sized(words, 70_000)
    if not others:
        with pytest.raises(ContextError) as caught:
            pack(attached, room=1000, count=count)
        assert "`f0.py` has about 8,000,000 tokens; the window has room for 1,000" in str(
            caught.value
        )
        return
    first = pack(attached, room=1000, count=count).ledger.entries[0]
    assert (first.state, first.about, first.tokens) == ("cut", True, 8_000_000)


def test_much_in_all_is_counted_only_where_it_matters() -> None:
    asked: list[int] = []

    def count(text: str) -> int:
        asked.append(len(text))
        return words(text)

    pack(attach(*["some words here\n" * 10_000] * 40), room=20_000, count=count)
    assert sum(asked) < 4_000_000


def test_what_was_not_counted_at_once_is_counted_when_it_may_fit() -> None:
    attached = attach("word\n" * 200_000, "word\n" * 20_000)
    entries = pack(attached, room=300_000, count=words).ledger.entries
    assert [(entry.state, entry.about) for entry in entries] == [("whole", False)] * 2


def test_few_counts_are_needed() -> None:
    asked: list[str] = []

    def count(text: str) -> int:
        asked.append(text)
        return len(text) // 4

    texts = ["".join(f"line {n} {'x' * (n % 70)}\n" for n in range(3000))] * 5
    packed = pack(attach(*texts), room=5000, count=count)
    assert sum(entry.sent_tokens for entry in packed.ledger.entries) > 4700
    assert len(asked) <= 5 * 5 + 2


@pytest.mark.parametrize(
    ("name", "text", "room", "said"),
    [
        ("a.py", "word\n" * 100, 90, "attach a part (`a.py:1-72`), choose a model"),
        ("a.py:0", "word\n" * 100, 90, "attach a part (`a.py:0:1-"),
        ("stdin", "word\n" * 100, 60, "pipe less of it (`head -n "),
        ("stdin", "word " * 100, 60, "pipe less of it, choose"),
        ("https://x.org/", "word\n" * 100, 60, "attach a smaller part, choose"),
        ("a.py", "word\n" * 100, -5, "attach a smaller part, choose"),
    ],
)
def test_one_text_that_does_not_fit_is_refused(name: str, text: str, room: int, said: str) -> None:
    with pytest.raises(ContextError) as caught:
        pack(Attached((Attachment(name, text),)), room=room, count=words)
    assert f"room for {max(room, 0)}" in caught.value.message
    assert "tokens" in caught.value.message
    assert said in caught.value.hint
    assert "`-m`" in caught.value.hint and "`--max-tokens`" in caught.value.hint


def test_lines_that_do_not_fit_are_refused_with_fewer_of_them() -> None:
    part = Attachment("a.py", "word\n" * 100, Lines(11, 110))
    with pytest.raises(ContextError) as caught:
        pack(Attached((part,)), room=60, count=words)
    assert caught.value.message.startswith("`a.py:11-110` has ")
    assert "attach a part (`a.py:11-56`), choose" in caught.value.hint


def test_none_of_several_fits() -> None:
    with pytest.raises(ContextError) as caught:
        pack(attach("word\n" * 100, "word\n" * 100), room=30, count=words)
    assert "none of the 2 attachments (" in caught.value.message


def test_the_ledger_is_aligned_and_says_everything() -> None:
    entries = (
        Entry("f0.py", 25, 25, "whole"),
        Entry("f1.py", 2015, 1166, "cut", "the first 1,138 of 2,000 lines"),
        Entry("f2.py", 25_000, 0, "left out", "no room for a useful part of it", about=True),
        Entry("x.bin", 0, 0, "left out", "is binary"),
    )
    assert ledger_lines(Ledger(entries)) == [
        "whole        25 of      25 tokens  f0.py",
        "cut       1,166 of   2,015 tokens  f1.py: the first 1,138 of 2,000 lines",
        "left out      0 of ~25,000 tokens  f2.py: no room for a useful part of it",
        "left out      0 of       ? tokens  x.bin: is binary",
    ]
    assert ledger_lines(Ledger(())) == []


def test_nothing_attached_is_no_text() -> None:
    assert pack(Attached(), room=0, count=words) == Packed("", Ledger(()))
    both = attach("a") + Attached((Attachment("b", "b"),), (), (LeftOut("c", "is c"),))
    assert [text.name for text in both.texts] == ["f0.py", "b"]


def test_a_long_ledger_says_first_what_is_missing() -> None:
    whole = tuple(Entry(f"{number}.py", 5, 5, "whole") for number in range(40))
    assert short_ledger_lines(Ledger(whole)) == []
    cut = Entry("big.py", 900, 90, "cut", "the first 9 of 90 lines")
    assert short_ledger_lines(Ledger((*whole, cut))) == [
        "cut       90 of 900 tokens  big.py: the first 9 of 90 lines",
        "of 41 inputs: 40 whole, 1 cut (`--dry-run` lists every one)",
    ]
    assert len(short_ledger_lines(Ledger((*whole[:11], cut)))) == 12
