"""What gives a text away. Each function looks for one thing, in bounded lines, and never raises."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from devchat.explain.sample import share

_DIFF_HEADER = re.compile(r"diff --git \S|Index: \S|@@ -\d+(,\d+)? \+\d+(,\d+)? @@")
_STAMPED = re.compile(
    r"\s*[\[(<]?(?:"
    r"\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d"  # 2026-11-21T10:00
    r"|\d\d[/-](?:\d\d|[A-Z][a-z]{2})[/-]\d{2,4}[: ]\d\d:\d\d"  # 21/Nov/2026:10:00
    r"|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d"  # syslog: Nov 21 10:00:00
    r"|\d\d:\d\d:\d\d[.,: ]"
    r"|(?:TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR|FATAL|CRITICAL)\b[\]:) \t]"
    r"|[IWEF]\d{4} \d\d:\d\d:\d\d"  # glog
    r"|\[ *\d+\.\d{6}\] "  # dmesg
    r"|\S{1,60} \S{1,60} \S{1,60} \[\d\d/[A-Z][a-z]{2}/\d{4}:"  # access log
    r"|\{\"(?:ts|time|timestamp|level|msg|severity)\":"  # JSON lines
    r"|(?:ts|time|level)=\S"  # logfmt
    r"|npm (?:ERR!|WARN|error|warn|notice) "
    r")"
)
_TRACES: Mapping[str, re.Pattern[str]] = {
    "python-traceback": re.compile(
        r"[\s|+-]*(?:Exception Group )?Traceback \(most recent call last\):"
    ),
    "go-panic": re.compile(r"panic: |goroutine \d+ \[|fatal error: all goroutines"),
    "rust-panic": re.compile(r"thread '[^']*'(?: \(\d+\))? panicked at "),
    "java-traceback": re.compile(
        r"\s+at (?:[\w$.<>/@-]+)\((?:[\w$-]+\.(?:java|kt|scala|groovy)|Native)"
    ),
    "node-traceback": re.compile(
        r"\s+at (?:(?:async |new )?[\w.$<>\[\] ]+ )?\(?(?:file://|node:|[A-Za-z]:\\|/|\./|webpack)"
        r"[^()]*:\d+:\d+\)?\s*$"
    ),
}
_PYTEST = re.compile(
    r"=+ (?:test session starts|FAILURES|ERRORS|short test summary info) =+"
    r"|(?:=+ )?\d+ (?:passed|failed)\b.* in [\d.]+s|FAILED \S+::\S+|E  {3,}\S"
)
_RUSTC = re.compile(r"(?:error|warning)(?:\[[A-Z]\d+\])?: .|\s+--> \S+\.rs:\d+:\d+")
_RUST_PLACE = re.compile(r"\s+--> \S+\.rs:\d+:\d+")
# One such line is enough, however much the compiler draws below it.
_CERTAIN = re.compile(
    r"[^\s:]+\.\w+:\d+:\d+(?:: | - )(?:fatal error: |error: |warning: |error TS\d+: )\S"
)
_GO_TEST = re.compile(r"\s*--- FAIL: \S+ \([\d.]+s\)|FAIL\t\S+\t[\d.]+s")
_ERROR = re.compile(
    r"(?:[\w./ -]{1,60}: )*(?:fatal|error|ERROR|Error|E)(?: \[?[\w-]+\]?)?: \S"
    r"|.{1,200}: (?:command not found|No such file or directory|Permission denied"
    r"|Connection refused|Address already in use|No space left on device|Is a directory)\b"
    r"|(?:Segmentation fault|Bus error|Aborted|Killed|Illegal instruction)\b"
)
_FEW = 40
_COMPILER = re.compile(
    r"\S[^:]*:\d+:(?:\d+:)? (?:fatal error|error|warning|note): "
    r"|\S[^(]*\(\d+,\d+\): (?:error|warning) [A-Z]+\d+"
    r"|\S[^:]*\.go:\d+:\d+: \S|collect2: error|ld: |make(?:\[\d+\])?: \*\*\*"
)
_LINTER = re.compile(
    r"\S[^:]*\.pyi?:\d+:(?:\d+:)? (?:error|warning|note): .*"
    r"|\S[^:]*:\d+:\d+: [A-Z]{1,4}\d{2,5}\b"
    r"|\s+\d+:\d+\s+(?:error|warning)\s+\S"
    r"|Found \d+ errors?\b|[A-Z]{1,4}\d{3,4} (?:\[\*\] )?\S|Success: no issues found"
    r"|\S[^:]*:\d+: (?:error|warning|note): .*\[[a-z-]+\]$"
)
_RUFF_PLACE = re.compile(r"\s+--> \S+:\d+:\d+")
_SHEBANG = re.compile(
    r"#!(?:.*?[/ ])?(python|node|deno|ruby|php|perl|lua|[bdz]?a?sh)[\d.]*(?:\s|$)"
)
_INTERPRETERS: Mapping[str, str] = {
    "python": "python", "node": "javascript", "deno": "typescript", "sh": "bash", "bash": "bash",
    "zsh": "bash", "dash": "bash", "ruby": "ruby", "php": "php", "perl": "perl", "lua": "lua",
}  # fmt: skip
_YAML = re.compile(r"\s*(?:- )?[\w./\"'-]+:(?:\s|$)|\s*- \S|---\s*$|\s*#")
_YAML_KEY = re.compile(r"[\w./\"'-]+:(?:\s|$)")


def is_diff(lines: Sequence[str]) -> bool:
    """Tell by a diff's own headers; `---` and `+++` must come as a pair."""
    if any(_DIFF_HEADER.match(line) for line in lines):
        return True
    return any(
        first.startswith("--- ") and second.startswith("+++ ")
        for first, second in zip(lines, lines[1:], strict=False)
    )


def is_log(lines: Sequence[str]) -> bool:
    """Tell by at least half of the lines beginning with a time or a level."""
    return len(lines) > 1 and share(lines, _STAMPED) >= 0.5


def trace_kind(lines: Sequence[str]) -> str:
    """Return the kind of traceback that there is, "" for none; pytest's output is its own."""
    if _count(lines, _PYTEST) >= 2:
        return "pytest"
    return next((kind for kind, mark in _TRACES.items() if _count(lines, mark)), "")


def message_kind(lines: Sequence[str]) -> str:
    """Return whose messages about a place in the code these are, "" for none."""
    if _count(lines, _RUST_PLACE) and _count(lines, _RUSTC) >= 2:
        return "rustc"
    if share(lines, _LINTER) >= 0.3 or (_count(lines, _RUFF_PLACE) and _count(lines, _LINTER)):
        return "linter"
    if _count(lines, _GO_TEST):
        return "go-test"
    certain = _count(lines, _CERTAIN) or share(lines, _COMPILER) >= 0.15
    return "compiler" if certain else ""


def shebang_language(lines: Sequence[str]) -> str:
    """Return the language that a `#!` line names."""
    found = _SHEBANG.match(lines[0]) if lines else None
    return _INTERPRETERS.get(found[1], "") if found else ""


def parsed_data(text: str) -> str:
    """Return `json`, `jsonl` or `toml` where all of it is that, and more than a single value."""
    from devchat.explain.shape import parse_json, parse_toml

    if text.lstrip()[:1] in ("{", "[") and isinstance(parse_json(text), dict | list):
        return "json"
    lines = [line for line in text.split("\n", _FEW)[:_FEW] if line.strip()]
    if len(lines) > 1 and all(isinstance(parse_json(line), dict | list) for line in lines):
        return "jsonl"
    data = parse_toml(text)
    return "toml" if isinstance(data, dict) and data and "=" in text else ""


def says_error(lines: Sequence[str]) -> bool:
    """Tell an error in few words, as commands print it, by how its lines begin or end."""
    return len(lines) <= _FEW and _count(lines, _ERROR) > 0


def source_language(lines: Sequence[str], text: str) -> str:
    """Return the language whose constructs are most frequent, where there are two or more."""
    from devchat.explain.constructs import most_likely

    return most_likely(lines, text)


def is_yaml(lines: Sequence[str]) -> bool:
    """Tell by keys and list items making up nearly all lines, with keys at the margin."""
    keys = _count(lines, _YAML_KEY)
    return keys > 0 and len(lines) > 1 and share(lines, _YAML) >= 0.8


def _count(lines: Sequence[str], pattern: re.Pattern[str]) -> int:
    return sum(1 for line in lines if pattern.match(line))
