"""The warnings of shellcheck that are asked for: those that are almost never wrong. Data only."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from devchat.changes import Severity

_CONSTANT = "The condition always has the same result, so one of the two cases never happens."
_NOT_POSIX = (
    "`#!/bin/sh` promises POSIX: where `sh` is dash (Debian, Ubuntu, Alpine's ash) this fails."
)
_FAILS = "The shell reports an error, or does something else, whenever it runs this."
_EMPTY = (
    "Where the variable is empty or holds a space, other files than meant are removed. Quote it."
)

PARSE = frozenset((1046, 1047, 1049, 1050, 1053, 1056, 1057, 1058, 1061, 1062, 1064, 1065, 1069,
                   1070, 1072, 1073, 1080, 1085, 1088, 1089, 1131))  # fmt: skip
"""What it can't parse."""
RULES: Mapping[int, tuple[Severity, str]] = MappingProxyType(
    {
        2070: ("error", _CONSTANT),
        2071: ("error", "`>` and `<` compare words (`10` is less than `9`). Use `-gt` and `-lt`."),
        2072: ("error", "Shells have no decimal fractions: the comparison fails."),
        2074: ("error", _FAILS),
        2077: ("error", f"Without spaces it is one word. {_CONSTANT}"),
        2078: ("error", _CONSTANT),
        2081: ("error", "`[` compares the pattern as text. Use `[[` or `case`."),
        2086: ("warning", _EMPTY),
        2088: ("warning", "In quotes `~` is a character, so no such path is found. Use `$HOME`."),
        2104: ("error", _FAILS),
        2105: ("error", _FAILS),
        2107: ("error", _FAILS),
        2108: ("error", _FAILS),
        2109: ("error", _FAILS),
        2110: ("error", _FAILS),
        2114: ("error", "This deletes a folder of the system."),
        2115: ("error", "Where the variable is empty, this deletes from the root of the system. "
               "Write `${variable:?}`."),
        2122: ("error", _FAILS),
        2144: ("error", "Where several files match, the test fails. Loop over them."),
        2151: ("error", _FAILS),
        2157: ("error", _CONSTANT),
        2158: ("error", _CONSTANT),
        2159: ("error", _CONSTANT),
        2160: ("warning", _CONSTANT),
        2161: ("warning", _CONSTANT),
        2168: ("error", _FAILS),
        2173: ("warning", "`KILL` and `STOP` can't be caught: the trap does not run for them."),
        2182: ("error", "There is no placeholder, so none of the arguments is printed."),
        2183: ("warning", "What is missing is printed as empty, what is too much starts over."),
        2193: ("warning", _CONSTANT),
        2195: ("warning", "The pattern can't match, so this case never happens."),
        2199: ("error", "All elements become one word, so no single one is compared."),
        2210: ("warning", "This writes to a file of that name. Use `-gt` or `-lt` to compare."),
        2215: ("warning", "It is run as a command. Does the line before lack its `\\`?"),
        2216: ("warning", "The command does not read what is piped to it."),
        2217: ("warning", "The command does not read what is redirected to it."),
        2218: ("error", "It is defined further down: here there is no such command yet."),
        2224: ("error", _FAILS),
        2225: ("error", _FAILS),
        2226: ("error", _FAILS),
        2242: ("error", "An exit status is a number from 0 to 255."),
        2261: ("error", "Only the last redirection counts."),
        2264: ("error", "The function calls itself without end. Write `command ...`."),
        2281: ("error", "The left side of an assignment has no `$`: this runs a command."),
        2283: ("error", "With spaces around `=` this runs a command of that name."),
        2284: ("error", _FAILS),
        2320: ("warning", "`$?` is that of `echo` or `printf`, not of the command before."),
        3001: ("warning", _NOT_POSIX),
        3010: ("warning", _NOT_POSIX),
        3011: ("warning", _NOT_POSIX),
        3014: ("warning", _NOT_POSIX),
        3020: ("warning", _NOT_POSIX),
        3024: ("warning", _NOT_POSIX),
        3030: ("warning", _NOT_POSIX),
        3054: ("warning", _NOT_POSIX),
    }
)  # fmt: skip
"""A warning's severity, and what fails where it is right."""
