"""Every key a user can set: its type and default from the dataclasses, its bounds from here.

One source for the checks, for `config show`, for the template file and for "did you mean".
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, dataclass, fields
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from devchat.errors import SettingsError
from devchat.settings import Local, Provider, Remote, Settings

KeyPath = tuple[str, ...]
"""A key as its steps, `("local", "threads")`; in the schema `*` stands for any name."""

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
YEAR = 31_536_000.0


@dataclass(frozen=True, slots=True)
class Rule:
    """What a key is for, and its bounds (both included; for numbers only)."""

    note: str
    least: float = -math.inf
    most: float = math.inf
    form: Literal["", "address", "name"] = ""


RULES: Mapping[KeyPath, Rule] = {
    ("model",): Rule("the model that answers: an alias, a GGUF file or PROVIDER:MODEL"),
    ("temperature",): Rule("0 is repeatable, 2 is wild", 0, 2),
    ("max_tokens",): Rule("the longest answer, in tokens", 1, 10_000_000),
    ("history",): Rule("whether questions and answers are kept on this machine"),
    ("local", "gpu_layers"): Rule("layers on the GPU; -1 = as many as fit", -1, 10_000),
    ("local", "threads"): Rule("processor threads; 0 = one per physical core", 0, 1_024),
    ("local", "context_tokens"): Rule("the window; 0 = sized to the request", 0, 10_000_000),
    ("local", "keep_alive"): Rule("seconds an idle model stays; 0 = not at all", 0, YEAR),
    ("local", "stall_seconds"): Rule("seconds without progress until it is hung", 0.1, YEAR),
    ("local", "batch_tokens"): Rule("prompt tokens evaluated at once; 0 = chosen", 0, 8_192),
    ("local", "flash_attention"): Rule("auto = where layers are on a GPU"),
    ("local", "kv_type"): Rule("q8_0 halves the window's memory, and is a little less exact"),
    ("local", "mmap"): Rule("map the model file, or read it; auto = map it where that works"),
    ("local", "lookup"): Rule("draft what an answer repeats of its question, where that pays"),
    ("local", "cache_bytes"): Rule("evaluated prompts on disk; 0 = none", 0, 1e15),
    ("remote", "timeout"): Rule("seconds to wait for the next piece of an answer", 0.1, YEAR),
    ("remote", "retries"): Rule("how often a failed request is tried again", 0, 20),
    ("aliases", "*"): Rule("a short name for a model"),
    ("providers", "*", "base_url"): Rule("the service's address, up to /v1", form="address"),
    ("providers", "*", "key"): Rule("the name of its key; empty = none needed", form="name"),
    ("providers", "*", "context_tokens"): Rule("its models' window", 256, 100_000_000),
    ("providers", "*", "tier"): Rule("what its models may be trusted with"),
    ("providers", "*", "images"): Rule("whether its models see pictures"),
}


@dataclass(frozen=True, slots=True)
class Field:
    """One key: `kind` is str, bool, int or float; `default` None where it has none."""

    path: KeyPath
    kind: type
    choices: tuple[str, ...]
    default: object
    rule: Rule

    @property
    def wanted(self) -> str:
        """What a value must be, in words."""
        if self.choices:
            return f"one of {', '.join(self.choices)}"
        if self.rule.form == "address":
            return "an http:// or https:// address without a user name, `?` or `#`"
        if self.rule.form == "name":
            return "a name of letters, digits, `-` and `_`"
        return self._wanted_type()

    def _wanted_type(self) -> str:
        if self.kind is bool:
            return "true or false"
        if self.kind is str:
            return "text in quotes"
        number = "a whole number" if self.kind is int else "a number"
        return f"{number} from {self.rule.least:,g} to {self.rule.most:,.15g}"


Fields = Mapping[KeyPath, Field]


def read_schema() -> Fields:
    """Read all keys from the dataclasses, in their order."""
    found: dict[KeyPath, Field] = {}
    for prefix, owner, left_out in (
        ((), Settings, {"paths", "local", "remote", "aliases", "providers"}),
        (("local",), Local, set()),
        (("remote",), Remote, set()),
        (("providers", "*"), Provider, {"name"}),
    ):
        found |= {one.path: one for one in _fields_of(owner, prefix, left_out)}
    alias = ("aliases", "*")
    return found | {alias: Field(alias, str, (), None, RULES[alias])}


def _fields_of(owner: type[Any], prefix: KeyPath, left_out: set[str]) -> Iterable[Field]:
    hints = get_type_hints(owner)
    for one in fields(owner):
        if one.name not in left_out:
            path = (*prefix, one.name)
            kind, choices = _kind(hints[one.name])
            default = None if one.default is MISSING else one.default
            yield Field(path, kind, choices, default, RULES[path])


def _kind(hint: Any) -> tuple[type, tuple[str, ...]]:
    if get_origin(hint) is Literal:
        return str, get_args(hint)
    kinds = [kind for kind in get_args(hint) if kind is not NoneType]
    return (kinds[0] if kinds else hint), ()


def pattern_of(path: KeyPath) -> KeyPath:
    """Replace a user's own name in a key by the `*` of the schema."""
    if path[0] in ("aliases", "providers") and len(path) > 1:
        return (path[0], "*", *path[2:])
    return path


def split_key(key: str) -> KeyPath:
    """Split a dotted key as typed on a command line; an alias may have dots in its name."""
    _check_text(key)
    head, _, rest = key.partition(".")
    if head == "aliases" and rest:
        return head, rest
    return tuple(key.split("."))


def _check_text(text: str) -> None:
    if any("\ud800" <= char <= "\udfff" for char in text):  # how Python reads bytes of no text
        raise SettingsError("this is not UTF-8", "set `LANG` to the encoding of your terminal")


def fit(field: Field, path: KeyPath, value: object, where: str) -> object:
    """Return the value as its key wants it (an int may become a float), or raise SettingsError.

    `where` is a file and line, a variable or a flag, or "" for a value just typed.
    """
    if field.kind is float and type(value) is int:
        value = float(value) if abs(value) < 1e15 else math.inf
    if type(value) is not field.kind or not _allowed(field, value):
        problem = f"{where}: `{'.'.join(path)}` must be {field.wanted}"
        raise SettingsError(problem.removeprefix(": "), field.rule.note)
    return value


def _allowed(field: Field, value: object) -> bool:
    if isinstance(value, str):
        if field.choices:
            return value in field.choices
        if field.rule.form == "address":
            return _is_address(value)
        return field.rule.form != "name" or not value or NAME.fullmatch(value) is not None
    if isinstance(value, bool):
        return True
    return isinstance(value, int | float) and field.rule.least <= value <= field.rule.most


def _is_address(text: str) -> bool:
    from urllib.parse import urlsplit

    if not text.isprintable() or " " in text or "?" in text or "#" in text:
        return False
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    good_port = port is None or port > 0
    return (
        parts.scheme in ("http", "https")
        and bool(parts.hostname)
        and ("@" not in parts.netloc and good_port)
    )


def read_text(field: Field, text: str) -> object:
    """Read a value typed as text; what can't be read stays text, for `fit` to refuse."""
    _check_text(text)
    if field.kind is bool:
        words = {"true": True, "yes": True, "on": True, "1": True}
        words |= {"false": False, "no": False, "off": False, "0": False}
        return words.get(text.strip().lower(), text)
    if field.kind in (int, float):
        try:
            return field.kind(text)
        except ValueError:
            return text
    return text


def unknown_key(path: KeyPath, where: str, schema: Fields) -> SettingsError:
    """Make the error for a key that doesn't exist, with the nearest that does.

    `where` is a file and line, or "" for a key typed on the command line.
    """
    name = ".".join(path)
    near = _nearest(path, schema)
    hint = f"did you mean `{near}`?" if near else "`devchat config show` lists every key"
    return SettingsError(f"{where}: unknown key `{name}`".removeprefix(": "), hint)


def _nearest(path: KeyPath, schema: Fields) -> str:
    """Look for the name beside it, then for the same name elsewhere, then for anything like it."""
    from difflib import get_close_matches

    near: list[str] = []
    known = [one for one in schema if "*" not in one or one[0] == path[0]]
    beside = {one[len(path) - 1] for one in schema if one[: len(path) - 1] == pattern_of(path)[:-1]}
    if match := get_close_matches(path[-1], beside - {"*"}, 1, 0.6):
        near = [".".join((*path[:-1], *match))]
    elsewhere = [".".join((*path[:2], *one[2:]) if "*" in one else one) for one in known]
    near += [name for name in elsewhere if name.rpartition(".")[2] == path[-1]]
    near += get_close_matches(".".join(path), elsewhere, 1, 0.6)
    return next((name for name in near if name != ".".join(path)), "")
