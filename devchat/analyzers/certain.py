"""What ruff says that is beyond doubt: more is asked of some rules than ruff asks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from devchat.analyzers.default import is_changed
from devchat.analyzers.pairs import text_lines
from devchat.analyzers.ruff_rules import RULES

# Faults of syntax that Python finds only after it has parsed.
_SYNTAX = re.compile(r"Cannot use .* on Python 3\.\d+ \(syntax was added in|Duplicate (param|keyw)")
# Names may come to be, or be missed on purpose, in ways that no reader of the text can follow.
_NAMES_AT_RUN_TIME = re.compile(
    r"\b(globals|locals|vars|exec|eval)\(|\bNameError\b|\b__builtins__\b|\bPY[23]\b"
    r"|\b(setattr|_convert_|global_enum)\b|\bsys\.modules\b|\bbuiltins\."
)
_OF_PYTHON_2 = frozenset(("basestring", "cmp", "file", "long", "raw_input", "unichr", "unicode"))
_QUOTE = re.compile(r"['\"]")
_F_STRING = re.compile(r"[fF][rR]?['\"][^'\"]*$")
_ANNOTATION = re.compile(r"^\s+(?!else\b|try\b|finally\b)[\w.]+\s*:[^=]*$")
_TESTS = re.compile(r"(^|[/_.])(tests?|conftest|testing|bench(marks?)?)([/_.]|$)")


def is_certain(item: Mapping[str, Any], path: str, text: str, target: str) -> bool:
    """Tell whether what ruff says of a text is beyond doubt."""
    code = item["code"]
    if code == "invalid-syntax" or code is None:
        known = _SYNTAX.match(item["message"])
        return bool(known) and (bool(target) or not item["message"].startswith("Cannot"))
    if code == "B015" or code.startswith("ASYNC"):
        return not _TESTS.search(path)
    if code == "F822" and path.endswith("__init__.py"):
        return False  # Names of modules in the folder are right there.
    return code in RULES and (code not in _SURE or _SURE[code](item, text))


def _is_redefinition(item: Mapping[str, Any], text: str) -> bool:
    """Tell whether a function or class is defined twice at one depth, the later one undecorated."""
    found = re.search(r"from line (\d+)", item["message"])
    lines = text_lines(text)
    first, second = int(found[1]) if found else 0, item["location"]["row"]
    if not 0 < first < second <= len(lines) or lines[second - 2].lstrip().startswith("@"):
        return False
    heads = [re.match(r"(\s*)(?:async )?(def|class) ", lines[at - 1]) for at in (first, second)]
    indents = {one[1] for one in heads if one}
    between = lines[first : second - 1]
    return all(heads) and len(indents) == 1 and not _branches(between, indents.pop())


def _branches(lines: Sequence[str], indent: str) -> bool:
    """Tell whether lines lead out of a block, as `else:` does."""
    return any(
        line.strip() and not line.startswith(indent) or re.match(r"\s*(else|elif|except)\b", line)
        for line in lines
        if len(line) - len(line.lstrip()) < max(len(indent), 1)
    )


def _is_unknown(item: Mapping[str, Any], text: str) -> bool:
    """Tell whether no other part of a text may bring a name about, and its line needs it."""
    found = re.search(r"`([^`]+)`", item["message"])
    if not found or _NAMES_AT_RUN_TIME.search(text):
        return False
    name = re.escape(found[1])
    rest = text_lines(text)[item["location"]["row"] - 1 :]
    later = re.compile(rf"\b{name}\b[^=(]*(?<![=!<>])=(?!=)|\b(for|as|import)\b.*\b{name}\b")
    elsewhere = re.search(rf"\bdel\b.*\b{name}\b|\b(global|nonlocal)\b.*\b{name}\b", text)
    old = found[1] in _OF_PYTHON_2 and "version" in text
    here = rest[0][: item["location"]["column"] - 1]
    return not (elsewhere or old or _is_unread(here) or any(map(later.search, _of_function(rest))))


def _is_unread(before: str) -> bool:
    """Tell by what stands before a name whether Python never reads it.

    In a string, or in the annotation of a local variable, it does not.
    """
    quoted = len(_QUOTE.findall(before)) % 2 and not _F_STRING.search(before)
    return bool(quoted or _ANNOTATION.match(before))


def _of_function(lines: Sequence[str]) -> Iterator[str]:
    """Yield lines as long as they may be in the function that the first is in: loops come back."""
    indent = len(lines[0]) - len(lines[0].lstrip())
    for line in lines[1:] if indent else ():
        if re.match(r"\s*(async\s+)?(def|class)\b", line) and not line[: indent - 1].isspace():
            return
        yield line


def _is_percent(item: Mapping[str, Any], text: str) -> bool:
    """Tell whether a message for the log is of the `%s` form; loggers of one's own may do more."""
    rows = slice(item["location"]["row"] - 1, item["end_location"]["row"] + 3)
    return "{" not in "".join(text_lines(text)[rows])


def _is_kept(item: Mapping[str, Any], text: str) -> bool:
    return is_changed(text, item["location"]["row"], item["location"]["column"])


def _is_one_operator(item: Mapping[str, Any], text: str) -> bool:
    """Tell `--x` from `-(-x)`."""
    line, column = text_lines(text)[item["location"]["row"] - 1], item["location"]["column"]
    return line[column - 1 : column + 1] in ("++", "--")


def _is_no_mapping(item: Mapping[str, Any], text: str) -> bool:
    """Tell whether a text without placeholders can't be filled: from a mapping it can."""
    return not item["message"].endswith("has 0 placeholder(s) but 1 substitution(s)")


_SURE: Mapping[str, Callable[[Mapping[str, Any], str], bool]] = MappingProxyType(
    {
        "B002": _is_one_operator,
        "B006": _is_kept,
        "F507": _is_no_mapping,
        "F811": _is_redefinition,
        "F821": _is_unknown,
        "F822": _is_unknown,
        "PLE1205": _is_percent,
    }
)
"""What has to hold, besides, for some rules."""
