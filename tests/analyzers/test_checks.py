"""The checks that run in a child, here: they are functions of a text."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devchat import languages
from devchat.analyzers import ANALYZERS
from devchat.analyzers.problem import Problem
from tests.analyzers.test_secrets import KEY, SECRETS
from tests.analyzers.test_secrets import SILENT as NO_SECRETS
from tests.analyzers.test_syntax import BROKEN, SILENT

CHILDREN = ("python-syntax", "json", "toml", "yaml", "parse", "secrets")


def check(name: str, kind: str, text: str) -> list[Problem]:
    """Run an analyzer's check in this process."""
    found: Iterable[Problem] = import_module(ANALYZERS[name]).check(kind, text)
    return list(found)


@pytest.mark.parametrize(("name", "path", "head", "wrong"), [
    *((name, path, head, bool(expected)) for name, path, _, head, expected in BROKEN),
    *((name, path, head, None) for name, path, _, head in SILENT),
])  # fmt: skip
def test_a_check_says_what_is_wrong_and_where(
    name: str, path: str, head: str, wrong: bool | None
) -> None:
    if name == "conflicts":
        return
    try:
        found = check(name, languages.of(path), head)
    except (ValueError, RecursionError, KeyError):
        assert wrong is None
        return
    assert wrong is None or bool(found) >= wrong
    assert all(1 <= one.line <= one.last <= head.count("\n") + 1 for one in found)


@pytest.mark.parametrize(("line", "rule", "shown"), SECRETS)
def test_secrets_by_line(line: str, rule: str, shown: str) -> None:
    [found] = check("secrets", "lines", f"a\n{line}\nb")
    assert (found.line, found.rule, found.shown) == (2, rule, shown)


def test_a_private_key_and_what_is_none() -> None:
    assert [one.line for one in check("secrets", "lines", f"a\n{KEY}")] == [2]
    assert [one for text in NO_SECRETS for one in check("secrets", "lines", text)] == []


# Files with other ends of lines than git's are left out before they come to a check.
TEXTS = st.text(st.characters(exclude_characters="\r\x85\u2028\u2029"), max_size=60)


@given(st.sampled_from(CHILDREN), TEXTS)
def test_any_text_is_judged_or_refused(name: str, text: str) -> None:
    try:
        found = check(name, "go", text)
    except ValueError:
        found = []
    assert all(1 <= one.line <= text.count("\n") + 1 for one in found)
