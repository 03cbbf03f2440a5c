"""Read the text of `.devchat.toml`: an allow-list of keys, every value within bounds."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from devchat.errors import SettingsError
from devchat.policy import PathPolicy, Policy, Rule
from devchat.policy.paths import MOST_STARS, is_glob, is_tame
from devchat.policy.values import FILE, SEVERITIES, Value, find_lines
from devchat.sanitize import HIDDEN, visible
from devchat.settings.load import parse_toml

LARGEST = 64 * 1024
MOST_GLOBS, MOST_PATHS, MOST_RULES = 200, 50, 50
MOST_DOTS = 100
"""In one piece of a line: what a key of many parts costs to read grows with their square."""
LONGEST_TEXT, LONGEST_GLOB, LONGEST_NAME = 2_000, 200, 40

KEYS = ("ignore", "paths", "rules", "language", "analyzers", "min_severity", "limits")
PATH_KEYS = ("glob", "instructions", "min_severity")
_PIECE = re.compile(r"[=,\[\]{}]")
LIMITS = {"max_findings": (1, 100), "max_files": (1, 3_000), "max_file_lines": (1, 100_000)}


def parse_policy(text: str, *, analyzers: Collection[str] = ()) -> Policy:
    """Read `.devchat.toml`; `analyzers` are the names there are, for "did you mean".

    Raises `SettingsError` with the line and what may stand there.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    if len(text.encode("utf-8", "surrogateescape")) > LARGEST:
        raise SettingsError(f"{FILE} is larger than {LARGEST // 1024} KB", "make it shorter")
    _refuse_hidden(text)
    _refuse_dots(text)
    root = Value(_parse(text), (), find_lines(text))
    return _policy(root.table(KEYS), analyzers)


def _refuse_hidden(text: str) -> None:
    if found := HIDDEN.search(text):
        line = text.count("\n", 0, found.start()) + 1
        raise SettingsError(
            f"{FILE}:{line}: there is a hidden character, `{visible(found[0])}`",
            "what can't be seen can't be agreed to: take it out",
        )


def _refuse_dots(text: str) -> None:
    for number, line in enumerate(text.split("\n"), 1):
        if max(piece.count(".") for piece in _PIECE.split(line)) > MOST_DOTS:
            raise SettingsError(
                f"{FILE}:{number}: there are more than {MOST_DOTS} dots in one piece",
                "a key has few parts, such as `limits.max_findings`",
            )


def _parse(text: str) -> dict[str, object]:
    try:
        return parse_toml(text, Path(FILE))
    except SettingsError as error:
        raise SettingsError(error.message, 'a line looks like `ignore = ["docs/"]`') from error


def _policy(given: dict[str, Value], analyzers: Collection[str]) -> Policy:
    limits = given["limits"].table(LIMITS) if "limits" in given else {}
    read: dict[str, Any] = {name: value.whole(*LIMITS[name]) for name, value in limits.items()}
    readers: Mapping[str, Callable[[Value], object]] = {
        "ignore": _globs,
        "paths": _paths,
        "rules": _rules,
        "language": lambda value: value.text(LONGEST_NAME),
        "analyzers": lambda value: _analyzers(value, analyzers),
        "min_severity": lambda value: value.choice(SEVERITIES),
    }
    read |= {name: read_one(given[name]) for name, read_one in readers.items() if name in given}
    return Policy(**read)


def _globs(value: Value) -> tuple[str, ...]:
    return tuple(_glob(one) for one in value.items(MOST_GLOBS))


def _glob(value: Value) -> str:
    glob = value.text(LONGEST_GLOB)
    if not is_tame(glob):
        raise value.refuse(f"has more than {MOST_STARS} wildcards", "a folder is enough: `docs/`")
    if not is_glob(glob):
        raise value.refuse("is no glob as in `.gitignore`", "such as `docs/` or `src/**/*.py`")
    return glob


def _paths(value: Value) -> tuple[PathPolicy, ...]:
    return tuple(_path(one, one.table(PATH_KEYS)) for one in value.items(MOST_PATHS))


def _path(table: Value, given: dict[str, Value]) -> PathPolicy:
    if "glob" not in given or len(given) == 1:
        raise table.refuse(
            "needs a `glob` and what holds for it", "`instructions`, `min_severity` or both"
        )
    return PathPolicy(
        _glob(given["glob"]),
        given["instructions"].text(LONGEST_TEXT) if "instructions" in given else "",
        given["min_severity"].choice(SEVERITIES) if "min_severity" in given else None,
    )


def _rules(value: Value) -> tuple[Rule, ...]:
    return tuple(
        Rule(name, one.text(LONGEST_TEXT)) for name, one in value.entries(MOST_RULES).items()
    )


def _analyzers(value: Value, known: Collection[str]) -> dict[str, bool]:
    entries = value.table(known) if known else value.entries(MOST_RULES)
    return {name: one.flag() for name, one in entries.items()}
