"""Keys and passwords in text: those whose form is known, and the value on a line that holds one.

A last net before anything is shown; finding secrets is the work of an analyzer.
"""

from __future__ import annotations

import re

MASK = "••••••"
# Their owners give them these beginnings so that they can be found:
# https://docs.github.com/en/code-security/secret-scanning/introduction/supported-secret-scanning-patterns
_KNOWN = re.compile(
    r"\b(?:gh[pousr]_|github_pat_|glpat-|xox[abeoprs]-|sk-|sk_live_|rk_live_|npm_|pypi-|hf_"
    r"|dop_v1_|SG\.|AIza|ya29\.|shpat_|EAACEdEose0cBA)[\w.=+/-]{12,}"
    r"|\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b"
    r"|(?<![\w-])eyJ[\w-]{10,}+\.eyJ[\w-]{10,}+\.[\w-]+"  # a JSON Web Token
    r"|(?<=://)[^\s/:@]+:[^\s/@{}$<>]{3,}(?=@)"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*(?:-----END [A-Z ]*PRIVATE KEY-----)?"
)
_VALUE = re.compile(r"[=:\"'`]")
_QUOTED = re.compile(r"\"([^\"]+)\"|'([^']+)'|`([^`]+)`")
_WORD = re.compile(r"[^\s\"'`,;()]{6,}")


def without_tokens(text: str) -> str:
    """Mask what has the form of a well-known key, a password in an address, or a private key."""
    return _KNOWN.sub(MASK, text)


def without_value(line: str) -> str:
    """Mask a line from its first `=`, `:` or quotation mark on; all of it where there is none."""
    kept, value = _parted(line)
    return without_tokens(kept) + (MASK if value.strip() else value)


def values(line: str) -> list[str]:
    """List what may be secret on such a line: its quoted texts or, without any, its words."""
    value = _parted(line)[1]
    quoted = [next(filter(None, found)) for found in _QUOTED.findall(value)]
    return [word for text in quoted or [value] for word in _WORD.findall(text)]


def _parted(line: str) -> tuple[str, str]:
    found = _VALUE.search(line)
    if found is None:
        indent = len(line) - len(line.lstrip())
        return line[:indent], line[indent:]
    end = found.end() if found[0] in "=:" else found.start()
    space = " " * (found[0] == "=" and line[end : end + 1] == " ")
    return line[:end] + space, line[end:]
