"""`devchat models cache` as a user meets it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from devchat.backends.local.kept import head_of
from devchat.backends.local.shelf import shelf_in
from devchat.backends.local.worth import Wanted
from tests.backends.local.test_faults import until
from tests.conftest import Devchat


@pytest.fixture
def prefixes(home: Path) -> Path:
    """Three kept prompts of two models, each state a megabyte."""
    shelf, state = shelf_in(home / "cache", 1 << 30), bytes(1_000_000)
    for model, count in (("通义", 1000), ("通义", 700), ("tiny\x1b[31m", 600)):
        head = head_of("k" * 16, model, Wanted(1, tuple(range(count)), 0, 0), state)
        shelf.write(head, state)
        os.utime(shelf.folder / head.name, (count * 1000, count * 1000))
    return shelf.folder


@pytest.mark.measured
def test_the_cache_is_shown_by_model(devchat: Devchat, prefixes: Path) -> None:
    done = devchat("models", "cache", env={"TZ": "UTC"})
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "MODEL      FILES  TOKENS  SIZE  LAST USED",
        "通义       2      1,700   2 MB  1970-01-12 13:46",
        "tiny␛[31m  1      600     1 MB  1970-01-07 22:40",
        "",
        f"3 files, 3 MB of at most 1,000 MB, in {prefixes}",
    ]


def test_the_cache_as_json(devchat: Devchat, prefixes: Path) -> None:
    found = json.loads(devchat("models", "cache", "--json").stdout)
    assert found["version"] == 1
    assert (found["cache"]["folder"], found["cache"]["limit"]) == (str(prefixes), 1_000_000_000)
    first, second = found["cache"]["models"]
    assert (first["model"], first["files"], first["tokens"]) == ("通义", 2, 1700)
    assert first["bytes"] == sum(
        path.stat().st_size for path in prefixes.iterdir() if b"\\u901a" in path.read_bytes()[:2000]
    )
    assert (second["model"], second["used"]) == ("tiny\x1b[31m", 600_000.0)


@pytest.mark.measured
def test_the_cache_is_cleared(devchat: Devchat, prefixes: Path, home: Path) -> None:
    done = devchat("models", "cache", "clear")
    assert (done.returncode, done.stdout) == (0, "removed 3 files, 3 MB\n")
    assert list(prefixes.iterdir()) == []
    assert devchat("models", "cache", "clear").stdout == "removed 0 files, 0 MB\n"


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        ("2000000000", "0 files, 0 MB of at most 2,000 MB"),
        ("0", "0 files, 0 MB and no more: `local.cache_bytes` is 0"),
    ],
)
def test_an_empty_cache(devchat: Devchat, home: Path, limit: str, said: str) -> None:
    done = devchat("models", "cache", env={"DEVCHAT_LOCAL_CACHE_BYTES": limit})
    assert done.stdout == f"{said}, in {home}/cache/prefixes\n"
    assert not (home / "cache").exists()


def test_only_clear_is_understood(devchat: Devchat, prefixes: Path) -> None:
    done = devchat("models", "cache", "cleer")
    assert (done.returncode, done.stdout) == (2, "")
    assert "`cleer`" in done.stderr
    assert "`devchat models cache clear`" in done.stderr
    assert len(list(prefixes.iterdir())) == 3


def test_a_folder_that_is_not_the_users_alone_is_left_as_it_is(
    devchat: Devchat, prefixes: Path
) -> None:
    prefixes.chmod(0o755)
    done = devchat("models", "cache", "clear")
    assert (done.returncode, done.stdout) == (6, "")
    assert "was removed: it is not yours alone" in done.stderr
    assert len(list(prefixes.iterdir())) == 3


RULES = " ".join(f"Rule {number}: never say what rule {number * 7} says." for number in range(22))


def kept(devchat: Devchat) -> list[Any]:
    found: list[Any] = json.loads(devchat("models", "cache", "--json").stdout)["cache"]["models"]
    return found


def ask_twice(devchat: Devchat, *options: str) -> None:
    for question in ("Red?", "Green?"):
        done = devchat(
            *("ask", question, "-s", RULES, "--max-tokens", "2", *options),
            env={"DEVCHAT_LOCAL_KEEP_ALIVE": "60"},
        )
        assert done.returncode == 0


@pytest.mark.engine
def test_what_questions_begin_with_is_kept_but_not_with_no_save(devchat: Devchat) -> None:
    ask_twice(devchat, "--no-save")
    assert devchat("models", "stop", "--all").returncode == 0
    assert kept(devchat) == []
    ask_twice(devchat)
    # It is written by and by, when nobody waits.
    until(lambda: bool(kept(devchat)))
    assert devchat("models", "stop", "--all").returncode == 0
    found = kept(devchat)
    assert [one["model"] for one in found] == ["SmolLM2-135M-Instruct"]
    assert found[0]["tokens"] >= 256
    done = devchat("ask", "Blue?", "-s", RULES, "--max-tokens", "2", "--json", "--no-save")
    assert json.loads(done.stdout)["usage"]["cached_tokens"] >= 256
    assert devchat("models", "cache", "clear").stdout.startswith("removed ")
    assert devchat("models", "cache").stdout.startswith("0 files, ")
    devchat("models", "stop", "--all")
