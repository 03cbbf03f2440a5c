"""Keys and passwords in text: those whose form is known, and the value on a line that holds one.

A last net before anything is shown; finding secrets is the work of an analyzer.
"""

from __future__ import annotations

import re

MASK = "••••••"
# Their owners give them these beginnings so that they can be found:
# https://docs.github.com/en/code-security/secret-scanning/introduction/supported-secret-scanning-patterns
_TOKENS = (
    r"\b(?:gh[pousr]_|github_pat_|gl(?:pat|dt|ft|soat|rt|cbt|imt|ptt|agent|oas)-|GR1348941"
    r"|xox[abeoprs]-|sk-|sk_live_|rk_live_|npm_|pypi-|hf_|dop_v1_|sq0(?:atp|csp)-"
    r"|SG\.|AIza|ya29\.|shpat_|EAACEdEose0cBA)[\w.=+/-]{12,}"
    r"|\b(?:A3T[0-9A-Z]|AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16}\b"
    r"|(?<![\w-])eyJ[\w-]{10,}+\.eyJ[\w-]{10,}+\.[\w-]+"  # a JSON Web Token
    r"|(?<=://)[^\s/:@]+:[^\s/@{}$<>]{3,}(?=@)"
    r"|(?<=://hooks\.slack\.com/services/)\w+/\w+/\w+"
    r"|(?<=AccountKey=)[\w+/=]{88}"  # Azure
    r"|(?<=_authToken=)[0-9A-Fa-f-]{36}"  # npm
    r"|\b[0-9]{8,10}:[\w-]{35}(?![\w-])"  # Telegram
    r"|\b[MNO][\w-]{23,25}\.[\w-]{6}\.[\w-]{27}(?![\w-])"  # Discord
    r"|\b[0-9a-z]{32}-us[0-9]{1,2}\b"  # Mailchimp
    r"|\b(?:AC|SK)[0-9a-z]{32}\b"  # Twilio
    r"|((?i:aws.{0,20}?(?:key|pwd|pw|pass|token).{0,20}?['\"]))[0-9a-zA-Z/+]{40}(?=['\"])"
)
_MASKED = rf"\1{MASK}"
_BEGIN, _END = "-----BEGIN [A-Z ]*PRIVATE KEY-----", "(?:-----END [A-Z ]*PRIVATE KEY-----)?"
_KNOWN = re.compile(f"{_TOKENS}|{_BEGIN}[^-]*{_END}")
_IN_LINE = re.compile(rf"{_TOKENS}|{_BEGIN}[^-\n]{{20,}}{_END}")
# What each of these has in it, for it is quickly seen that a text has none.
_MARKS = (
    *("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "GR1348941", "xox", "sk-", "sk_live_"),
    *("glpat-", "gldt-", "glft-", "glsoat-", "glrt-", "glcbt-", "glimt-", "glptt-", "glagent-"),
    *("gloas-", "rk_live_", "npm_", "pypi-", "hf_", "dop_v1_", "sq0", "SG.", "AIza", "ya29."),
    *("shpat_", "EAAC", "A3T", "KIA", "SIA", "ABIA", "ACCA", "eyJ", "PRIVATE KEY"),
    *("AccountKey=", "_authToken=", "hooks.slack.com"),
)
_SHAPES = (
    re.compile(r"://[^\s/:@]+:"),
    re.compile(r":[\w-]{35}"),
    re.compile(r"\.[\w-]{6}\.[\w-]{27}"),
    re.compile(r"-us[0-9]"),
    re.compile(r"AC[0-9a-z]{32}"),
    re.compile(r"SK[0-9a-z]{32}"),
    re.compile(r"['\"][0-9a-zA-Z/+]{40}['\"]"),
)
# Lines of a private key are of 64, 70 or 76 characters; the last one may be shorter.
_AROUND, _ENDING = r"[ \t\"'`+(]*", r"(?:\\n)?[\"'`,;+) \t\r\\]*$"
_BODY = re.compile(
    rf"^({_AROUND})([A-Za-z0-9+/]{{60,}}={{0,2}})({_ENDING})"
    rf"(?:\n({_AROUND})[A-Za-z0-9+/]{{4,59}}={{0,2}}({_ENDING}))?",
    re.MULTILINE,
)
_VALUE = re.compile(r"[=:\"'`]")
_QUOTED = re.compile(r"\"([^\"]+)\"|'([^']+)'|`([^`]+)`")
_WORD = re.compile(r"[^\s\"'`,;()]{6,}")


def without_tokens(text: str) -> str:
    """Mask what has the form of a well-known key, a password in an address, or a private key."""
    return _KNOWN.sub(_MASKED, text)


def without_keys(code: str) -> str:
    """Do the same in code, and mask what may be the lines of a private key; no line is lost."""
    if any(one in code for one in _MARKS) or any(one.search(code) for one in _SHAPES):
        code = _IN_LINE.sub(_MASKED, code)
    return _BODY.sub(_masked_lines, code)


def _masked_lines(found: re.Match[str]) -> str:
    mixed = all(re.search(one, found[2]) for one in ("[a-z]", "[A-Z]", r"\d"))
    if not mixed:
        return found[0]
    last = "" if found[4] is None else f"\n{found[4]}{MASK}{found[5]}"
    return f"{found[1]}{MASK}{found[3]}{last}"


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
