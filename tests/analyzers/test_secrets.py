"""Secrets are found, never shown; what only stands for one is left alone."""

from __future__ import annotations

import random
import string

import pytest

from devchat.analyzers.secrets import check
from devchat.changes import Finding
from devchat.diff import parse
from devchat.sanitize.tokens import MASK, without_keys
from tests.analyzers.looking import analyzer, findings
from tests.review.changes import Patch, Trees, one_file

LETTERS = string.ascii_letters + string.digits


def made_up(count: int, letters: str = LETTERS) -> str:
    """Make what looks like a key; none stands in this file, so that no one has to allow it."""
    return "".join(random.Random(7).choices(letters, k=count))


GITHUB = f"ghp_{made_up(36)}"
AWS = f"AKIA{made_up(16, string.ascii_uppercase + string.digits)}"
KEY = "\n".join(("-----BEGIN RSA PRIV" + "ATE KEY-----", made_up(64), made_up(64)))
SECRETS = [
    (f'token = "{GITHUB}"', "github-token", 'token = "ghp_…"'),
    (f"aws: {AWS} and {AWS}", "aws-key", "aws: AKIA… and AKIA…"),
    (f"aws_secret_key = '{made_up(40)}'", "aws-key", f"aws_secret_key = '{made_up(40)[:4]}…'"),
    (f"sk_live_{made_up(24)}", "stripe-key", "sk_l…"),
    (f"https://hooks.slack.com/services/T{made_up(8)}/B{made_up(9)}/{made_up(20)}",
     "slack-token", "http…"),
    (f"//registry.npmjs.org/:_authToken=npm_{made_up(36)}", "npm-token",
     "//registry.npmjs.org/:_authToken=npm_…"),
    (f"SG.{made_up(22)}.{made_up(43)}", "sendgrid-key",
     f"SG.{made_up(1)}…"),
]  # fmt: skip


def only(head: str) -> list[Finding]:
    """Return the secrets in what a change adds to a file, and check that none is shown."""
    found = findings("secrets", one_file("a\n", f"a\n{head}\n", "settings.py"))
    for one in found:
        whole = repr(one)
        assert all(text not in whole for text in (GITHUB, AWS, made_up(24), made_up(36)))
    return found


HEX, LOWER = string.digits + "abcdef", string.ascii_lowercase + string.digits
EVERY = [
    *(f"{kind}-{made_up(64)}" for kind in ("glagent", "gloas")),
    *(f"{kind}-{made_up(40)}" for kind in ("glpat", "gldt", "glft", "glsoat", "glrt", "glcbt")),
    *(f"glptt-{made_up(40)}", f"glimt-{made_up(25)}", f"GR1348941{made_up(20)}"),
    *(GITHUB, AWS, f"A3TX{made_up(16, string.ascii_uppercase + string.digits)}"),
    *(f"AccountKey={made_up(86)}==", f"aws_secret_key = '{made_up(40)}'"),
    f"M{made_up(23)}.{made_up(6)}.{made_up(27)}",
    *(f"{made_up(32, LOWER)}-us19", f"AC{made_up(32, HEX)}", f"SK{made_up(32, HEX)}"),
    *(f"sq0csp-{made_up(43)}", f"{made_up(9, '23456789')}:AA{made_up(33)}"),
    *(f"pypi-AgEIcHlwaS5vcmc{made_up(70)}", f"sk-{made_up(20)}T3BlbkFJ{made_up(20)}"),
    *(f"xoxb-{made_up(11, '123456789')}-{made_up(24)}", f"sk_live_{made_up(24)}"),
    *(f"SG.{made_up(22)}.{made_up(43)}", f"//npm.example.com/:_authToken={made_up(36, HEX)}"),
    f"https://hooks.slack.com/services/T{made_up(8)}/B{made_up(9)}/{made_up(20)}",
]
"""Something of each form that detect-secrets knows."""
AROUND = (
    *("", "AccountKey=", "aws_secret_key = ''", "//npm.example.com/:_authToken="),
    "https://hooks.slack.com/services/",
)
"""What may be shown of them."""


@pytest.mark.parametrize("line", EVERY)
def test_what_is_found_is_masked_wherever_it_stands(line: str) -> None:
    assert len(list(check("lines", line))) == 1
    hidden = without_keys(line)
    assert hidden.count(MASK) == 1 and hidden.replace(MASK, "") in AROUND


@pytest.mark.parametrize(("line", "rule", "shown"), SECRETS)
def test_a_secret_is_told_but_not_shown(line: str, rule: str, shown: str) -> None:
    [found] = only(line)
    assert (found.rule, found.line, found.category) == (rule, 2, "secret")
    assert found.quote == shown


def test_a_private_key_is_one_finding_at_its_first_line() -> None:
    [found] = only(KEY)
    assert (found.rule, found.line) == ("private-key", 2)
    assert found.quote == "-----BEGIN … PRIVATE KEY-----"


SILENT = [
    "AKIAIOSFODNN7EXAMPLE",
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "ghp_" + "x" * 36,
    "ghp_" + "0123456789" * 3 + "012345",
    'if "-----BEGIN RSA PRIV" + "ATE KEY-----" in text:',
    "-----BEGIN RSA PRIVATE KEY-----\n...\n-----END RSA PRIVATE KEY-----",
    "BEGIN RSA PRIVATE KEY",
    'password = "hunter2"',
    "//registry.npmjs.org/:_authToken=npm_{token}abcXYZ789qrs",
    "//registry.npmjs.org/:_authToken=${NPM_TOKEN}",
    "postgres://user:password@localhost/db",
    "sha256:" + made_up(64, "0123456789abcdef"),
    made_up(300) + "+" + AWS + made_up(20),
    f'token = "{GITHUB}"  # pragma: allowlist secret',
    f'# pragma: allowlist nextline secret\ntoken = "{GITHUB}"',
    "x" * 30_000 + GITHUB,
]


@pytest.mark.parametrize("lines", SILENT)
def test_what_stands_for_a_secret_is_left_alone(lines: str) -> None:
    assert only(lines) == []


def test_a_secret_that_moves_is_not_new() -> None:
    line = f"token = '{GITHUB}'\n"
    assert findings("secrets", one_file(line + "a\n", "a\n" + line)) == []
    assert findings("secrets", Trees({"a.py": line}, {"b.py": line})) == []
    again = findings("secrets", one_file(line + "a\n", "a\n" + line + line))
    assert [one.line for one in again] == [3]


def test_a_patch_alone_is_enough() -> None:
    change = Patch({"a.py": "a\n"}, {"a.py": f"a\n{GITHUB}\n"})
    [found] = analyzer("secrets").analyse(change.diff(), change)
    assert found.line == 2


def test_line_numbers_far_away_cost_nothing() -> None:
    text = f"--- a/a\n+++ b/a\n@@ -999999999 +999999999 @@\n-b\n+{GITHUB}\n"
    [found] = analyzer("secrets").analyse(parse(text), Patch({}, {}))
    assert found.line == 999999999


def test_a_repositorys_baseline_is_not_read() -> None:
    both = {".secrets.baseline": '{"plugins_used": [], "filters_used": []}'}
    change = Trees(both, both | {"a.py": f"{GITHUB}\n"})
    assert len(findings("secrets", change)) == 1
