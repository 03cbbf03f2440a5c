"""Keys and tokens in the lines that a change writes, by patterns of detect-secrets.

Only forms that hardly anything else has; nothing is verified over a network. A secret never
leaves the child process that finds it: what goes on is the line with the secret cut short.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module

from devchat.analyzers import Analyzer
from devchat.analyzers.checked import check_all, missing
from devchat.analyzers.problem import Problem
from devchat.analyzers.sandbox import USUAL, Limits
from devchat.analyzers.tool import version_of
from devchat.changes import Diff, FileDiff, Finding, Line, Source

PLUGINS = (
    ("aws", "AWSKeyDetector", "AWS key"),
    ("azure_storage_key", "AzureStorageKeyDetector", "Azure storage key"),
    ("discord", "DiscordBotTokenDetector", "Discord token"),
    ("github_token", "GitHubTokenDetector", "GitHub token"),
    ("gitlab_token", "GitLabTokenDetector", "GitLab token"),
    ("mailchimp", "MailchimpDetector", "Mailchimp key"),
    ("npm", "NpmDetector", "npm token"),
    ("openai", "OpenAIDetector", "OpenAI key"),
    ("private_key", "PrivateKeyDetector", "private key"),
    ("pypi_token", "PypiTokenDetector", "PyPI token"),
    ("sendgrid", "SendGridDetector", "SendGrid key"),
    ("slack", "SlackDetector", "Slack token"),
    ("square_oauth", "SquareOAuthDetector", "Square secret"),
    ("stripe", "StripeDetector", "Stripe key"),
    ("telegram_token", "TelegramBotTokenDetector", "Telegram token"),
    ("twilio", "TwilioKeyDetector", "Twilio key"),
)
"""The module and class of each plugin, and what people call what it finds."""
_ALLOWED = re.compile(r"pragma: ?(?:allowlist|whitelist)[ -](nextline[ -])?secret")
_PLACEHOLDER = re.compile(
    r"example|dummy|fake|sample|test|placeholder|redacted|changeme|your|x{4}|0{4}|1234567|abcdef",
    re.IGNORECASE,
)
_FILLED_IN = re.compile(r"[{}$<>()\s]")  # Put together when the program runs, or by a template.
_WORD = re.compile("[A-Za-z0-9]")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{40}")
_LONGEST = 20_000
_SHORTEST = 16


@dataclass(frozen=True, slots=True)
class Secrets:
    """Looks only at what the hunks say, so it needs no file."""

    name: str = "secrets"
    limits: Limits = USUAL

    @property
    def version(self) -> str:
        """Return the version of detect-secrets."""
        return "" if self.absent else version_of("detect-secrets")

    @property
    def absent(self) -> str:
        """Say whether detect-secrets is missing."""
        return missing("detect_secrets", "detect-secrets")

    def analyse(self, diff: Diff, source: Source) -> Iterable[Finding]:
        """Yield secrets that no removed line of the change had."""
        changed = [(file, *_changed(file)) for file in diff.files if not file.binary]
        texts = [("lines", _joined(lines)) for _, *both in changed for lines in both]
        found = check_all(__name__, texts, self.limits)
        removed = (one for problems in found[::2] for one in problems or ())
        known = Counter((one.rule, one.shown) for one in removed)
        for (file, _, written), problems in zip(changed, found[1::2], strict=True):
            for problem in problems or ():
                if known[problem.rule, problem.shown] > 0:
                    known[problem.rule, problem.shown] -= 1
                else:
                    yield _finding(file, written[problem.line - 1], problem)


def open_analyzer() -> Analyzer:
    """Return the analyzer."""
    return Secrets()


def check(kind: str, text: str) -> Iterator[Problem]:
    """Yield the secrets in some lines, at most one of each line; runs in the child."""
    lines = [line if len(line) <= _LONGEST else "" for line in text.split("\n")]
    forms = list(_forms("\n".join(lines)))
    for number, line in enumerate(lines if forms else (), 1):
        found = ((what, value) for what, form in forms for value in _values(form, line))
        real = [one for one in found if _is_real(*one, lines, number)]
        if real and not _is_allowed(lines, number):
            what = real[0][0]
            yield _problem(number, what, _masked(what, line, {value for _, value in real}))


def _forms(text: str) -> Iterator[tuple[str, re.Pattern[str]]]:
    """Yield the patterns that are found in a text at all, and what they find."""
    for module, name, what in PLUGINS:
        plugin = getattr(import_module(f"detect_secrets.plugins.{module}"), name)()
        yield from ((what, form) for form in plugin.denylist if form.search(text))


def _values(form: re.Pattern[str], line: str) -> Iterator[str]:
    """Yield what a pattern finds as a word: the group that holds the secret, else all of it."""
    for found in form.finditer(line):
        if _WORD.match(line[max(found.start() - 1, 0) : found.start()]) or _WORD.match(
            line[found.end() : found.end() + 1]
        ):
            continue
        groups = [one for one in found.groups() if one and len(one) >= _SHORTEST]
        yield max(groups, key=len, default=found[0])


def _is_allowed(lines: Sequence[str], number: int) -> bool:
    here = _ALLOWED.search(lines[number - 1])
    before = _ALLOWED.search(lines[number - 2]) if number > 1 else None
    return bool(here and not here[1]) or bool(before and before[1])


def _is_real(what: str, value: str, lines: Sequence[str], number: int) -> bool:
    """Tell a secret from what stands for one in documentation and tests."""
    if what == "private key":  # Its first line alone is found in every program that reads them.
        whole = _BASE64.search("\n".join(lines[number - 1 : number + 3]))
        return bool(whole) and f"-----{value}" in lines[number - 1]
    plain = not _PLACEHOLDER.search(value) and not _FILLED_IN.search(value)
    return plain and len(set(value)) > 9


def _masked(what: str, line: str, values: Iterable[str]) -> str:
    if what == "private key":
        return f"{line[: line.index('-----BEGIN') + 5]}BEGIN … PRIVATE KEY-----"
    for value in sorted(values, key=len, reverse=True):
        line = line.replace(value, f"{value[:4]}…")
    return line


def _problem(number: int, what: str, shown: str) -> Problem:
    article = "An" if what[0] in "AOn" else "A"
    return Problem(
        number,
        number,
        what.replace(" ", "-").lower(),
        "error",
        "secret",
        f"{article} {what} is written into the code",
        "Whoever can read the repository, or any copy of it, can use it. Revoke it, for the "
        "history keeps it even where the line is deleted, and read the new one from the "
        "environment or a store of secrets. If it is none: `pragma: allowlist secret`.",
        shown=shown,
    )


def _changed(file: FileDiff) -> tuple[list[Line], list[Line]]:
    lines = [line for hunk in file.hunks for line in hunk.lines]
    return [one for one in lines if one.kind == "-"], [one for one in lines if one.kind == "+"]


def _joined(lines: Iterable[Line]) -> str:
    return "\n".join(line.text for line in lines)


def _finding(file: FileDiff, line: Line, problem: Problem) -> Finding:
    at = line.new or 1
    return Finding(
        path=file.path,
        side="RIGHT",
        start_line=at,
        line=at,
        severity=problem.severity,
        category=problem.category,
        title=problem.title,
        body=problem.body,
        quote=problem.shown,
        source="secrets",
        rule=problem.rule,
    )
