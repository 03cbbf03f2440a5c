"""A value of `.devchat.toml` and where it stands: checks that refuse with the line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import get_args

from devchat.changes import Severity
from devchat.errors import SettingsError
from devchat.sanitize import HIDDEN, single_line
from devchat.settings.lines import path_of, statements
from devchat.settings.schema import NAME

FILE = ".devchat.toml"
Steps = tuple[str | int, ...]
"""A key as its steps; an item of a list has its place, from 0."""
SEVERITIES: tuple[Severity, ...] = get_args(Severity)


def find_lines(text: str) -> Mapping[Steps, int]:
    """Map each key and table of a valid TOML text to its 1-based line, items of `[[name]]` too."""
    lines: dict[Steps, int] = {}
    count: Counter[Steps] = Counter()
    table: Steps = ()
    for line, header, key in statements(text):
        steps: Steps = path_of(key)
        if header:
            table = (*steps, count[steps])
            count[steps] += 1
            lines.setdefault(steps, line)
            lines[table] = line
        else:
            lines.setdefault((*table, *steps), line)
            lines.setdefault((*table[:-1], *steps), line)
    return lines


@dataclass(frozen=True, slots=True)
class Value:
    """A value read from TOML, the steps to it, and the lines of all keys."""

    value: object
    path: Steps
    lines: Mapping[Steps, int]

    def refuse(self, what: str, hint: str) -> SettingsError:
        """Make the error that says what is wrong with this value."""
        return SettingsError(f"{self._where}: `{self._name}` {what}", hint)

    @property
    def _where(self) -> str:
        ends = range(len(self.path), 0, -1)
        nearest = (self.path[:end] for end in ends if self.path[:end] in self.lines)
        return f"{FILE}:{self.lines.get(next(nearest, ()), 1)}"

    @property
    def _name(self) -> str:
        return single_line(".".join(step for step in self.path if isinstance(step, str)))

    @property
    def _key(self) -> str:
        return self._name.rpartition(".")[2]

    def table(self, keys: Collection[str]) -> dict[str, Value]:
        """Return a table's values; only these keys may be in it."""
        entries = self._entries()
        for name, value in entries.items():
            if name not in keys:
                raise value._unknown(keys)
        return entries

    def entries(self, most: int) -> dict[str, Value]:
        """Return a table's values, whose keys are names of the repository's own."""
        entries = self._entries()
        if len(entries) > most:
            raise self.refuse(f"has more than {most} entries", "keep those that matter most")
        for name, value in entries.items():
            if not NAME.fullmatch(name) or len(name) > 40:
                raise value.refuse(
                    "is no name", "use up to 40 letters, digits, `-` and `_`, such as `no-print`"
                )
        return entries

    def _entries(self) -> dict[str, Value]:
        if not isinstance(self.value, dict):
            raise self.refuse("must be a table", f"write `[{self._key}]` on a line of its own")
        return {
            name: Value(value, (*self.path, name), self.lines) for name, value in self.value.items()
        }

    def _unknown(self, keys: Collection[str]) -> SettingsError:
        from difflib import get_close_matches

        near = get_close_matches(self._key, keys, 1, 0.6)
        known = ", ".join(f"`{key}`" for key in keys)
        hint = f"did you mean `{near[0]}`?" if near else f"what may stand here: {known}"
        return SettingsError(f"{self._where}: unknown key `{self._name}`", hint)

    def items(self, most: int) -> list[Value]:
        """Return the values of a list."""
        if not isinstance(self.value, list):
            raise self.refuse("must be a list", 'such as `ignore = ["docs/"]`, or `[[paths]]`')
        if len(self.value) > most:
            raise self.refuse(f"has more than {most} entries", "keep those that matter most")
        return [
            Value(value, (*self.path, place), self.lines) for place, value in enumerate(self.value)
        ]

    def text(self, most: int) -> str:
        """Return a text that is not blank, has no hidden characters and is not too long."""
        if not isinstance(self.value, str) or not self.value.strip():
            raise self.refuse("must be text in quotes", "leave the line out to say nothing")
        if len(self.value) > most:
            raise self.refuse(f"is longer than {most:,} characters", "say it shorter")
        if HIDDEN.search(self.value):
            raise self.refuse("has a hidden character", "what can't be seen can't be agreed to")
        return self.value.strip()

    def whole(self, least: int, most: int) -> int:
        """Return a whole number within bounds."""
        if type(self.value) is not int or not least <= self.value <= most:
            wanted = f"a whole number from {least:,} to {most:,}"
            raise self.refuse(f"must be {wanted}", f"such as `{self._key} = {most // 2}`")
        return self.value

    def flag(self) -> bool:
        """Return true or false."""
        if not isinstance(self.value, bool):
            raise self.refuse("must be true or false", f"such as `{self._key} = false`")
        return self.value

    def choice(self, choices: tuple[Severity, ...]) -> Severity:
        """Return one of some words."""
        if self.value not in choices:
            wanted = ", ".join(f"`{one}`" for one in choices)
            raise self.refuse(f"must be one of {wanted}", "`note` shows all, `error` the least")
        return self.value
