"""Foreign text as Markdown that only reads, and keys that are masked."""

from __future__ import annotations

import pytest

from devchat.sanitize.markdown import code_span, fenced, plain_markdown, plain_title
from devchat.sanitize.tokens import MASK, values, without_keys, without_tokens, without_value

READ = [
    ("plain words, 2 < 3 & more", "plain words, 2 \\< 3 \\& more"),
    ("`a*b` is kept, *this* is not", "`a*b` is kept, \\*this\\* is not"),
    ("snake_case stays, _this_ not", "snake_case stays, \\_this\\_ not"),
    ("__this__ neither", "\\_\\_this\\_\\_ neither"),
    ("ask @team (see #12, a/b#3).", "ask `@team` (see `#12`, `a/b#3`)."),
    ("https://x.y/?a=1, www.x.y", "`https://x.y/?a=1`, `www.x.y`"),
    ("`a`@team", "`a` `@team`"),
    ("one ` tick", "one \\` tick"),
    ("# no heading", "\\# no heading"),
    ("/approve", "\\/approve"),
    ("===\n---", "\\===\n\\---"),
    ("- an item\n  * inside\n2) two", "- an item\n  - inside\n2. two"),
    ("- # no heading", "- \\# no heading"),
    ("- - # neither\n- 1. # nor", "- \\- # neither\n- 1\\. # nor"),
    ("    no code", "no code"),
    ("a\n\nb\n", "a\n\nb"),
    ("```suggestion\nx = '@a'\n```\nb", "```\nx = '@a'\n```\nb"),
    ("~~~~\n~~~\n<b>\n~~~~", "```\n~~~\n<b>\n```"),
    ("```\nleft open ````", "`````\nleft open ````\n`````"),
    ("```\n/close\n// no\n```", "```\n /close\n// no\n```"),
    ("```no fence``` here", "```no fence``` here"),
    ("the key ghp_0123456789abcdefghij", f"the key {MASK}"),
    ("a\x1b[1mb\u202e", "a␛\\[1mb\\<U+202E\\>"),
]


@pytest.mark.parametrize(("text", "written"), READ, ids=[repr(text)[:24] for text, _ in READ])
def test_text_of_several_lines(text: str, written: str) -> None:
    assert plain_markdown(text) == written


def test_titles_spans_and_fences() -> None:
    assert plain_title("a\n# b " + "x" * 300) == "a # b " + "x" * 193 + "…"
    assert [code_span(text) for text in ("a", "a`b", "`", "")] == [
        "`a`",
        "``a`b``",
        "`` ` ``",
        "`  `",
    ]
    assert (fenced("", "c"), fenced("a\n")) == ("```c\n```", "```\na\n```")


TOKENS = [
    "github_pat_11AAAAAAA0aaaaaaaaaaaa",
    "xoxb-1234567890-abcdef",
    "sk-proj-abcdefghijklmnop",
    "AKIA" + "ABCDEFGHIJKLMNOP",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.abc-_def",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----",
]


@pytest.mark.parametrize("token", TOKENS, ids=[token[:8] for token in TOKENS])
def test_known_keys_are_masked(token: str) -> None:
    assert without_tokens(f"x = '{token}'") == f"x = '{MASK}'"


@pytest.mark.parametrize(
    "text",
    [
        "sha256:" + "a1" * 32,
        f"commit = '{'0123456789abcdef' * 2}01234567'",
        "at 1700000000:3 of 12345678:90",
        "MASKED = TASK_OF_A_BACKEND.some_name_that_is_long",
        "https://example.org/us-us1 s3-us2.example.org",
    ],
)
def test_what_only_looks_a_little_like_a_key_stays(text: str) -> None:
    assert (without_tokens(text), without_keys(text)) == (text, text)


def test_the_password_of_an_address_is_masked() -> None:
    assert without_tokens("git clone https://me:hunter22@h/x") == f"git clone https://{MASK}@h/x"
    assert without_tokens("https://example.org:8080/a@b") == "https://example.org:8080/a@b"


VALUES = [
    ("  key = 'abc'", f"  key = {MASK}"),
    ("password: hunter2", f"password:{MASK}"),
    ('\t"hunter2"', f"\t{MASK}"),
    ("  hunter2", f"  {MASK}"),
    ("key =", "key ="),
    ("", ""),
]


@pytest.mark.parametrize(("line", "masked"), VALUES, ids=[line for line, _ in VALUES])
def test_the_value_on_a_line_is_masked(line: str, masked: str) -> None:
    assert without_value(line) == masked


def test_what_may_be_secret_on_a_line() -> None:
    assert values("password = get('hunter22', timeout_seconds)") == ["hunter22"]
    assert values("password: hunter22 short") == ["hunter22"]


def test_what_only_begins_like_a_key_stays_however_often() -> None:
    text = "eyJaaaaaaaaaa-" * 100_000
    assert without_tokens(text) == text


def test_an_address_that_is_filled_in_stays() -> None:
    text = "postgres://{user}:{password}@{host}/ https://$USER:$PASS@h"
    assert without_tokens(text) == text
