"""The kinds of text that are told apart, and the names that `--as` takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from devchat.errors import UsageError

Family = Literal["source", "diff", "error", "log", "data", "prose"]
"""What is explained alike; a prompt file `explain-FAMILY` belongs to each."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of text: `name` for the command line, `title` for people and models."""

    name: str
    family: Family
    title: str


_LANGUAGES: Mapping[str, str] = {
    "python": "Python", "javascript": "JavaScript", "typescript": "TypeScript", "go": "Go",
    "rust": "Rust", "java": "Java", "c": "C", "cpp": "C++", "csharp": "C#", "ruby": "Ruby",
    "php": "PHP", "bash": "shell", "kotlin": "Kotlin", "swift": "Swift", "scala": "Scala",
    "lua": "Lua", "perl": "Perl", "haskell": "Haskell", "sql": "SQL", "html": "HTML",
    "css": "CSS", "makefile": "Makefile", "dockerfile": "Dockerfile",
}  # fmt: skip
_OTHERS = (
    Kind("source", "source", "source code"),
    Kind("diff", "diff", "a diff"),
    Kind("python-traceback", "error", "a Python traceback"),
    Kind("node-traceback", "error", "a Node.js stack trace"),
    Kind("java-traceback", "error", "a Java stack trace"),
    Kind("go-panic", "error", "a Go panic"),
    Kind("rust-panic", "error", "a Rust panic"),
    Kind("pytest", "error", "the output of pytest"),
    Kind("go-test", "error", "the output of go test"),
    Kind("rustc", "error", "messages of the Rust compiler"),
    Kind("compiler", "error", "messages of a compiler"),
    Kind("linter", "error", "messages of a linter or type checker"),
    Kind("error", "error", "an error message"),
    Kind("log", "log", "a log"),
    Kind("json", "data", "JSON data"),
    Kind("jsonl", "data", "JSON lines"),
    Kind("csv", "data", "a table of values"),
    Kind("yaml", "data", "YAML data"),
    Kind("toml", "data", "TOML data"),
    Kind("ini", "data", "an INI file"),
    Kind("commits", "prose", "a list of commits"),
    Kind("prose", "prose", "prose"),
)
KINDS: Mapping[str, Kind] = {
    **{name: Kind(name, "source", f"{title} source") for name, title in _LANGUAGES.items()},
    **{kind.name: kind for kind in _OTHERS},
}


def kind_named(name: str) -> Kind:
    """Return the kind of this name. Raises `UsageError` with the nearest names."""
    if kind := KINDS.get(name.lower()):
        return kind
    from difflib import get_close_matches

    near = get_close_matches(name.lower(), KINDS, 3, 0.5) or [
        known for known in KINDS if name and name.lower() in known
    ]
    listed = " or ".join(f"`{one}`" for one in near)
    hint = f"did you mean {listed}?" if near else f"there are {', '.join(KINDS)}"
    raise UsageError(f"no kind named `{name}`", hint)
