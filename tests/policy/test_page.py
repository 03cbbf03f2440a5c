"""docs/policy.md says what the program does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from devchat.errors import SettingsError
from devchat.policy import Policy
from devchat.policy.background import FILES, LONGEST
from devchat.policy.parse import KEYS, LARGEST, LIMITS, PATH_KEYS, parse_policy

PAGE = (Path(__file__).parents[2] / "docs" / "policy.md").read_text()
ROWS = {
    row[0]: [cell.strip() for cell in row[1].split("|")]
    for row in re.findall(r"^\| `([a-zA-Z_.]+)` \|(.*)\|$", PAGE, re.MULTILINE)
}
TABLES = {"paths": PATH_KEYS, "rules": ["NAME"], "analyzers": ["NAME"], "limits": list(LIMITS)}


def test_every_key_is_on_the_page() -> None:
    keys = {f"{key}.{sub}" for key in TABLES for sub in TABLES[key]}
    assert ROWS.keys() == keys | (set(KEYS) - TABLES.keys())


def test_the_example_is_a_policy() -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    policy = parse_policy(example)
    assert [one.glob for one in policy.paths] == ["src/payments/**", "tests/"]
    assert [rule.id for rule in policy.rules] == ["aware-times", "no-print"]
    assert (policy.language, policy.max_findings) == ("中文", 10)


@pytest.mark.parametrize("name", LIMITS)
def test_limits_and_defaults(name: str) -> None:
    least, most = LIMITS[name]
    assert ROWS[f"limits.{name}"][1:] == [f"{least} to {most:,}", f"{getattr(Policy(), name):,}"]


@pytest.mark.parametrize(
    ("key", "fits", "too_much"),
    [
        ("language", "language = '{}'", 40),
        ("paths.instructions", "[[paths]]\nglob = 'x'\ninstructions = '{}'", 2_000),
        ("rules.NAME", "[rules]\nx = '{}'", 2_000),
    ],
)
def test_lengths(key: str, fits: str, too_much: int) -> None:
    assert f"up to {too_much:,} characters" in ROWS[key]
    assert parse_policy(fits.format("x" * too_much)) != Policy()
    with pytest.raises(SettingsError):
        parse_policy(fits.format("x" * (too_much + 1)))


def test_the_other_numbers() -> None:
    assert f"at most {LARGEST // 1024} KB" in PAGE
    assert f"{LONGEST:,} characters of each" in PAGE
    assert all(path.rpartition("/")[2] in PAGE for places in FILES for path in places)
