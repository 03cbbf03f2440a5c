"""What ruff says that is beyond doubt: more is asked of some rules than ruff asks."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
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
_REMOVING = re.compile(r"\b(?:del|global|nonlocal)\b")
_BINDING = re.compile(r"\b(?:for|as|import)\b")
_ASSIGNING = re.compile(r"(=+|\()")
_ANNOTATION = re.compile(r"^\s+(?!else\b|try\b|finally\b)[\w.]+\s*:[^=]*$")
_TESTS = re.compile(r"(^|[/_.])(tests?|conftest|testing|bench(marks?)?)([/_.]|$)")


@dataclass(frozen=True)
class Code:
    """A file's text, and what is asked of it for each of its problems, found out once."""

    path: str
    text: str

    @cached_property
    def lines(self) -> Sequence[str]:
        return text_lines(self.text)

    @cached_property
    def names_come_later(self) -> bool:
        return _NAMES_AT_RUN_TIME.search(self.text) is not None

    @cached_property
    def functions(self) -> Sequence[ast.FunctionDef | ast.AsyncFunctionDef]:
        """The functions of the text; none where it can't be parsed."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                nodes = ast.walk(ast.parse(self.text))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return ()
        return [one for one in nodes if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]


def is_certain(item: Mapping[str, Any], code: Code, target: str) -> bool:
    """Tell whether what ruff says of a text is beyond doubt."""
    rule = item["code"]
    if rule == "invalid-syntax" or rule is None:
        known = _SYNTAX.match(item["message"])
        return bool(known) and (bool(target) or not item["message"].startswith("Cannot"))
    if rule == "B015" or rule.startswith("ASYNC"):
        return not _TESTS.search(code.path)
    if rule == "F822" and code.path.endswith("__init__.py"):
        return False  # Names of modules in the folder are right there.
    return rule in RULES and (rule not in _SURE or _SURE[rule](item, code))


def _is_redefinition(item: Mapping[str, Any], code: Code) -> bool:
    """Tell whether a function or class is defined twice at one depth, the later one undecorated."""
    found = re.search(r"from line (\d+)", item["message"])
    lines = code.lines
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


def _is_unknown(item: Mapping[str, Any], code: Code) -> bool:
    """Tell whether no other part of a text may bring a name about, and its line needs it."""
    found = re.search(r"`([^`]+)`", item["message"])
    if not found or code.names_come_later:
        return False
    name = re.compile(rf"\b{re.escape(found[1])}\b")
    rest = code.lines[item["location"]["row"] - 1 :]
    elsewhere = any(_follows(_REMOVING, name, one) for one in code.lines if found[1] in one)
    old = found[1] in _OF_PYTHON_2 and "version" in code.text
    here = rest[0][: item["location"]["column"] - 1]
    later = (one for one in _of_function(rest) if found[1] in one)
    return not (elsewhere or old or _is_unread(here) or any(_binds(name, one) for one in later))


# Step by step: a pattern with `.*` between two words takes quadratic time on a line of many.
def _follows(word: re.Pattern[str], name: re.Pattern[str], line: str) -> bool:
    """Tell whether a name stands after a word."""
    first = word.search(line)
    return bool(first and name.search(line, first.end()))


def _binds(name: re.Pattern[str], line: str) -> bool:
    """Tell whether a line gives a name a value: before a `=`, or after `for`, `as`, `import`."""
    parts = _ASSIGNING.split(line)
    targets = zip(parts[::2], parts[1::2], strict=False)
    assigned = (text for text, end in targets if end == "=" and text[-1:] not in ("!", "<", ">"))
    return any(map(name.search, assigned)) or _follows(_BINDING, name, line)


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


def _is_percent(item: Mapping[str, Any], code: Code) -> bool:
    """Tell whether a message for the log is of the `%s` form; loggers of one's own may do more."""
    rows = slice(item["location"]["row"] - 1, item["end_location"]["row"] + 3)
    return "{" not in "".join(code.lines[rows])


def _is_kept(item: Mapping[str, Any], code: Code) -> bool:
    return is_changed(code.functions, item["location"]["row"], item["location"]["column"])


def _is_one_operator(item: Mapping[str, Any], code: Code) -> bool:
    """Tell `--x` from `-(-x)`."""
    line, column = code.lines[item["location"]["row"] - 1], item["location"]["column"]
    return line[column - 1 : column + 1] in ("++", "--")


def _is_no_mapping(item: Mapping[str, Any], code: Code) -> bool:
    """Tell whether a text without placeholders can't be filled: from a mapping it can."""
    return not item["message"].endswith("has 0 placeholder(s) but 1 substitution(s)")


_SURE: Mapping[str, Callable[[Mapping[str, Any], Code], bool]] = MappingProxyType(
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
