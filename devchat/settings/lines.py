"""On which line of a TOML file each key stands; `tomllib` doesn't tell."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping

from devchat.settings.schema import KeyPath

TOKEN = re.compile(
    r'(?P<string>"""(?:\\.|[^\\])*?""""{0,2}'
    r"|'''.*?''''{0,2}"
    r'|"(?:\\.|[^"\\])*"'
    r"|'[^']*')"
    r"|(?P<comment>#[^\n]*)"
    r"|(?P<open>[\[{])"
    r"|(?P<close>[\]}])"
    r"|(?P<equals>=)"
    r"|(?P<newline>\n)"
    r"|(?P<space>[ \t\r]+)"
    r"|(?P<word>[^\s\"'#\[\]{}=]+)",
    re.DOTALL,
)


def find_lines(text: str) -> Mapping[KeyPath, int]:
    """Map each key and table of a valid TOML text to its 1-based line, the first one that counts.

    Keys within inline tables and arrays are not told apart: see `line_of`.
    """
    lines: dict[KeyPath, int] = {}
    table: KeyPath = ()
    for number, header, key in statements(text):
        path = path_of(key) if header else (*table, *path_of(key))
        table = path if header else table
        for end in range(1, len(path) + 1):
            lines.setdefault(path[:end], number)
        if header:
            lines[path] = number
    return lines


def line_of(lines: Mapping[KeyPath, int], path: KeyPath) -> int:
    """Return the line of a key, or of the nearest key around it."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


def statements(text: str) -> list[tuple[int, bool, str]]:
    """Cut a valid TOML text into (line, is a table header, text of the key)."""
    found: list[tuple[int, bool, str]] = []
    line, depth, key, start = 1, 0, "", 1
    in_value = False
    for token in TOKEN.finditer(text):
        kind, piece = token.lastgroup, token[0]
        if kind == "newline" and depth == 0:
            if key and not in_value:
                found.append((start, True, key))
            key, in_value = "", False
        elif kind in ("string", "word") and not in_value:
            start = start if key else line
            key += piece
        elif kind == "equals" and not in_value:
            found.append((start, False, key))
            in_value = True
        depth += (kind == "open") - (kind == "close")
        line += piece.count("\n")
    if key and not in_value:
        found.append((start, True, key))
    return found


def path_of(key: str) -> KeyPath:
    """Read a key as it is written into its steps."""
    path: KeyPath = ()
    value: object = tomllib.loads(f"{key} = 0")
    while isinstance(value, dict):
        (step, value), *_ = value.items()
        path = (*path, step)
    return path
