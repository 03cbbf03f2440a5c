"""TOML that does not parse."""

from __future__ import annotations

import re
from collections.abc import Iterator

from devchat import languages
from devchat.analyzers import Analyzer
from devchat.analyzers.checked import Checked
from devchat.analyzers.pairs import Pair
from devchat.analyzers.problem import Problem

_PLACE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")


def open_analyzer() -> Analyzer:
    """Return the analyzer."""
    return Checked("toml", __name__, _kind)


def _kind(pair: Pair) -> str:
    template = "{{" in pair.head or "{%" in pair.head
    return "toml" if languages.of(pair.path) == "toml" and not template else ""


def check(kind: str, text: str) -> Iterator[Problem]:
    """Yield where a text stops being TOML."""
    import tomllib

    try:
        tomllib.loads(text.removeprefix("\ufeff"))
    except tomllib.TOMLDecodeError as error:
        place = _PLACE.search(str(error))
        line = int(place[1]) if place and place[1] else text.rstrip("\n").count("\n") + 1
        yield Problem(
            line,
            line,
            "syntax",
            "error",
            "syntax",
            f"This is not valid TOML: {_PLACE.sub('', str(error))}",
            "Whatever reads this file refuses all of it.",
        )
