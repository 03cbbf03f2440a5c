"""What reaches a terminal is visible, and nothing of it commands the terminal."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devchat.sanitize import Cleaner, harmless, single_line, visible

DATABASE = "postgresql://bot:hunter2@db/bot"
ANY_TEXT = st.text(st.characters(exclude_categories=()))
HARMLESS_FORMAT = set("\u200c\u200d")


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("", ""),
        ("plain\ttext\n", "plain\ttext\n"),
        ("dos\r\nlines\r\n", "dos\nlines\n"),
        ("over\rwritten", "over␍written"),
        ("\r\r\n", "␍\n"),
        ("\x1b]52;c;aGk=\x07", "␛]52;c;aGk=␇"),
        ("\x1b[2J\x00\x7f", "␛[2J␀␡"),
        ("\x9b2J\x85", "<U+009B>2J<U+0085>"),
        ("a\u202eb\u2066c\u2069", "a<U+202E>b<U+2066>c<U+2069>"),
        ("\u2028\u2029\ufeff\u200b", "<U+2028><U+2029><U+FEFF><U+200B>"),
        ("pay\u00adpal\u2060", "pay<U+00AD>pal<U+2060>"),
        ("tag\U000e0041", "tag<U+E0041>"),
        ("lone\udcff", "lone<U+DCFF>"),
        ("\ufff9a\ufffab\ufffb", "<U+FFF9>a<U+FFFA>b<U+FFFB>"),
        ("👩‍💻 ❤️ नहीं می‌خواهم 中文，好。", "👩‍💻 ❤️ नहीं می‌خواهم 中文，好。"),
    ],
)
def test_hidden_characters_are_shown(hostile: str, shown: str) -> None:
    assert visible(hostile) == shown


@given(ANY_TEXT)
def test_nothing_hidden_is_left(text: str) -> None:
    shown = visible(text)
    shown.encode()
    for char in set(shown) - set("\n\t") - HARMLESS_FORMAT:
        assert unicodedata.category(char) not in {"Cc", "Cs", "Zl", "Zp"}
        assert unicodedata.bidirectional(char) not in {
            *("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
        }


@given(ANY_TEXT)
def test_what_is_visible_stays_as_it_is(text: str) -> None:
    assert visible(visible(text)) == visible(text)


@given(ANY_TEXT, st.integers(1, 60))
def test_a_single_line_is_one_short_line(text: str, limit: int) -> None:
    line = single_line(text, limit)
    assert len(line) <= limit
    assert len(line.splitlines()) <= 1
    assert visible(line) == line


def test_a_single_line_says_that_it_was_cut() -> None:
    assert single_line("one\n  two\x1b\tthree", 20) == "one two␛ three"
    assert single_line("abcdef", 4) == "abc…"


@given(st.lists(st.text(st.sampled_from("\r\n\x1ba"))))
def test_a_stream_in_pieces_reads_as_a_whole(pieces: list[str]) -> None:
    cleaner = Cleaner()
    shown = [*map(cleaner.feed, pieces), cleaner.finish()]
    assert "".join(shown) == visible("".join(pieces))


def test_an_environment_for_others_holds_no_key_and_no_password_in_an_address() -> None:
    plain = {"PATH": "/bin", "LANG": "C", "HTTPS_PROXY": "http://proxy:3128", "HOME": "/a@b:c"}
    secret = {"OPENAI_API_KEY": "x", "DEVCHAT_GITHUB_WEBHOOK_SECRET": "x", "DATABASE_URL": DATABASE}
    assert harmless(plain | secret) == plain
