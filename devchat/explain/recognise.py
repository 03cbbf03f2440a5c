"""Tell what a text is: by its name where that is sure, else by what stands in it. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from devchat.context.lines import parse_lines
from devchat.context.names import Unusable
from devchat.explain.commits import are_commits
from devchat.explain.evidence import (
    is_diff,
    is_log,
    is_yaml,
    message_kind,
    parsed_data,
    says_error,
    shebang_language,
    source_language,
    trace_kind,
)
from devchat.explain.kinds import KINDS, Kind
from devchat.explain.sample import sample
from devchat.explain.table import is_table

_EXTENSIONS: Mapping[str, str] = {
    "py": "python", "pyi": "python", "js": "javascript", "mjs": "javascript", "cjs": "javascript",
    "jsx": "javascript", "ts": "typescript", "tsx": "typescript", "mts": "typescript", "go": "go",
    "rs": "rust", "java": "java", "c": "c", "h": "c", "cc": "cpp", "cpp": "cpp", "cxx": "cpp",
    "hh": "cpp", "hpp": "cpp", "cs": "csharp", "rb": "ruby", "php": "php", "sh": "bash",
    "bash": "bash", "zsh": "bash", "kt": "kotlin", "kts": "kotlin", "swift": "swift",
    "scala": "scala", "lua": "lua", "pl": "perl", "hs": "haskell", "sql": "sql", "html": "html",
    "htm": "html", "css": "css", "json": "json",
    "jsonl": "jsonl", "ndjson": "jsonl", "csv": "csv", "tsv": "csv",
    "yaml": "yaml", "yml": "yaml", "toml": "toml",
    "ini": "ini", "cfg": "ini", "diff": "diff", "patch": "diff", "md": "prose", "rst": "prose",
    "markdown": "prose",
}  # fmt: skip
_NAMES: Mapping[str, str] = {"makefile": "makefile", "dockerfile": "dockerfile"}


def recognise(name: str, text: str) -> Kind:
    """Say what a text is, by the first evidence there is. Never raises.

    In order: an extension (or `Makefile`) that leaves no doubt; the headers of a diff, those of
    commits; lines that mostly begin like a log's; a traceback; messages of compilers, linters and
    runners of tests; a `#!` line; JSON or TOML that parses; a table; keys and lists as in YAML;
    the constructs of a language; an error in few words. What shows none of these is prose.
    """
    return KINDS[_by_name(name) or _by_content(text)]


def file_of(name: str) -> tuple[str, int]:
    """Split the name of an attachment into its file and the number of its first line."""
    try:
        split = parse_lines(name)
    except Unusable:
        split = None
    return (split[0], split[1].first) if split else (name, 1)


def _by_name(name: str) -> str:
    base = file_of(name)[0].rpartition("/")[2].lower()
    extension = re.split(r"[?#]", base.rpartition(".")[2])[0] if "." in base else ""
    return _NAMES.get(base) or _EXTENSIONS.get(extension, "")


def _by_content(text: str) -> str:
    lines = sample(text)
    looks: tuple[Callable[[], str], ...] = (
        lambda: "diff" if is_diff(lines) else "",
        lambda: "commits" if are_commits(lines) else "",
        lambda: "log" if is_log(lines) else "",
        lambda: trace_kind(lines),
        lambda: message_kind(lines),
        lambda: shebang_language(lines),
        lambda: parsed_data(text),
        lambda: "csv" if is_table(lines) else "",
        lambda: "yaml" if is_yaml(lines) else "",
        lambda: source_language(lines, text),
        lambda: "error" if says_error(lines) else "",
    )
    return next((found for look in looks if (found := look())), "prose")
