"""The shape of data: its keys and types, or where it breaks its format."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from devchat.explain.sample import clipped, counted, lines_of, matches

_LARGEST_PARSED = 1 << 21
_LARGEST_TOML = 1 << 18
_MOST = 40
_MOST_LINES = 1_000
_DEEPEST = 3
_YAML_KEY = re.compile(r"(?P<indent> {0,8})(?:- )?(?P<key>[\w./\"'-]+):(?:\s|$)")
_INI = re.compile(r"(?P<section>\[[^\]]+\])|(?P<key>[\w.-]+)\s*[=:]")


@dataclass(frozen=True, slots=True)
class Entry:
    """A key at a path such as `jobs.test`, with what it holds; `line` 0 where it isn't known."""

    path: str
    what: str
    line: int = 0

    def text(self) -> str:
        """Write it on a line."""
        where = f" (line {self.line})" if self.line else ""
        return f"{self.path}: {self.what}{where}" if self.what else f"{self.path}{where}"


@dataclass(frozen=True, slots=True)
class Shape:
    """What data is made of, three levels deep; `fault` says why it can't be parsed."""

    format: str
    lines: int
    whole: str
    entries: tuple[Entry, ...]
    fault: str = ""

    def text(self) -> tuple[str, ...]:
        """Write it for people and models."""
        head = f"{counted(self.lines, 'line')} of {self.format}" + (
            f": {self.whole}" if self.whole else ""
        )
        fault = [f"it does not parse: {self.fault}"] if self.fault else []
        return (head, *fault, *(entry.text() for entry in self.entries))


def parse_json(text: str) -> object:
    """Parse JSON; None where it isn't, or is too large to be looked into."""
    return None if json_fault(text) else json.loads(text)


def json_fault(text: str) -> str:
    """Say where a text breaks JSON, "" where it doesn't."""
    if len(text) > _LARGEST_PARSED:
        return "too large to be parsed"
    try:
        json.loads(text)
    except (ValueError, RecursionError) as error:
        return _reason(error)
    return ""


def parse_toml(text: str) -> object:
    """Parse TOML; None where it isn't."""
    return None if toml_fault(text) else tomllib.loads(text)


def toml_fault(text: str) -> str:
    """Say where a text breaks TOML, "" where it doesn't."""
    if len(text) > _LARGEST_TOML:
        return "too large to be parsed"
    try:
        tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        return _reason(error)
    return ""


def read_shape(kind: str, text: str) -> Shape:
    """Describe data of kind `json`, `jsonl`, `toml`, `yaml` or `ini`; the last two by lines."""
    count = len(lines_of(text))
    if kind == "jsonl":
        return _of_lines(text, count)
    if kind in ("json", "toml"):
        fault = json_fault(text) if kind == "json" else toml_fault(text)
        value = None if fault else parse_json(text) if kind == "json" else parse_toml(text)
        whole = "" if fault else describe(value)
        return Shape(kind.upper(), count, whole, tuple(_walk(value, ""))[:_MOST], fault)
    lines = lines_of(text)
    entries = _yaml_entries(lines) if kind == "yaml" else _ini_entries(lines)
    return Shape(kind.upper(), count, "", tuple(entries)[:_MOST])


def _of_lines(text: str, count: int) -> Shape:
    """Describe JSON values, one a line, by their kinds and by the first."""
    filled = [(number, line) for number, line in enumerate(lines_of(text), 1) if line.strip()]
    faults = ((number, json_fault(line)) for number, line in filled[:_MOST_LINES])
    fault = next((f"line {number:,}: {why}" for number, why in faults if why), "")
    if fault or not filled:
        return Shape("JSON", count, "", (), fault)
    values = [parse_json(line) for _, line in filled[:_MOST_LINES]]
    kinds = sorted({_type(one) for one in values})
    whole = f"{' or '.join(kinds)} on each; the first holds"
    return Shape("JSON", count, whole, tuple(_walk(values[0], ""))[:_MOST])


def describe(value: object) -> str:
    """Say what a value is, in a few words."""
    if isinstance(value, dict):
        return f"object of {counted(len(value), 'key')}"
    if isinstance(value, list):
        kinds = sorted({_type(one) for one in value})
        return f"list of {len(value)}" + (f" ({', '.join(kinds)})" if kinds else "")
    return f"{_type(value)} {clipped(_written(value), 40)}"


def _written(value: object) -> str:
    try:
        return repr(value)
    except ValueError:  # Python writes no number of more than 4,300 digits
        return "of very many digits"


def _walk(value: object, path: str, depth: int = 0) -> Iterator[Entry]:
    """Yield an entry for each key; of a list, for the keys of its first object."""
    if isinstance(value, dict) and depth < _DEEPEST:
        for key, held in value.items():
            here = f"{path}.{key}" if path else str(key)
            yield Entry(clipped(here, 80), describe(held))
            yield from _walk(held, here, depth + 1)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        yield from _walk(value[0], f"{path}[0]", depth + 1)


def _type(value: object) -> str:
    if value is None:
        return "null"
    names = {"bool": "boolean", "int": "number", "float": "number", "str": "text"}
    names |= {"dict": "object", "list": "list"}
    return names.get(type(value).__name__, type(value).__name__)


def _yaml_entries(lines: Sequence[str]) -> Iterator[Entry]:
    for number, found in matches(lines, _YAML_KEY):
        if len(found["indent"]) <= 2:
            rest = lines[number - 1][found.end() :].strip()
            depth = "  " if found["indent"] else ""
            yield Entry(depth + clipped(found["key"], 60), clipped(rest, 40), number)


def _ini_entries(lines: Sequence[str]) -> Iterator[Entry]:
    for number, found in matches(lines, _INI):
        yield Entry(clipped(found["section"] or "  " + found["key"], 60), "", number)


def _reason(error: Exception) -> str:
    return "nested too deeply" if isinstance(error, RecursionError) else clipped(f"{error}", 160)
