"""A secret that was found reaches no model, and no finding."""

from __future__ import annotations

import json

import pytest

from devchat.analyzers import open_analyzers
from devchat.changes import Review
from devchat.policy import Policy
from devchat.review import Reviewers, Wishes, review
from devchat.sanitize.tokens import MASK, without_keys
from tests.review.changes import PROMPTS, Trees, Unbound, answer, one_file, run, said

SECRET = "AKIA" + "QYLPMN5H" + "FIQR7XYA"
HEAD = f'import os\n\nREGION = "eu"\nKEY = "{SECRET}"\nprint(REGION, KEY)\n'
CHANGE = Trees({"a.py": "import os\n", "b.py": "x = 1\n"}, {"a.py": HEAD, "b.py": "x = 2\n"})


def test_a_secret_is_masked_before_anything_is_asked() -> None:
    shown: list[str] = []

    def say(*_: object) -> str:
        first = backend.requests[0].messages[-1].text
        shown.append(next(line for line in first.split("\n") if line.startswith("+4|"))[3:])
        if len(backend.requests) > 1:
            return json.dumps({"reason": "", "verdict": "keep"})
        key = said(shown[0], suggestion='KEY = os.environ["KEY"]', title="Other", body="Any.")
        return answer(key, said("print(REGION, KEY)"))

    backend = Unbound(say)
    reviewers = Reviewers(open_analyzers(), backend, PROMPTS)
    steps = review(CHANGE.diff(), CHANGE, reviewers, Policy(), Wishes(verify=True))
    *_, done = steps
    assert isinstance(done, Review)
    assert shown and SECRET not in shown[0] and shown[0].startswith("KEY")
    assert len(backend.requests) == 3
    assert all(SECRET not in one.text for request in backend.requests for one in request.messages)
    assert SECRET not in repr(done)
    (secret,) = (one for one in done.findings if one.category == "secret")
    assert (secret.line, secret.source, secret.suggestion) == (4, "secrets", None)


BOT = "8419205730:" + "AAFqx7Kd9QwPzR4mTn2Vb8Ls5Hj1Yc6Ge3U"
"""A token as Telegram's bots have one."""


@pytest.mark.parametrize("context", [0, 1, 3])
def test_a_secret_above_another_hunk_is_not_sent(context: int) -> None:
    rows = [f'    "c{number}",' for number in range(12)]
    base = "\n".join(('bot = Bot("", [', *rows, '    "old",', "])", ""))
    change = one_file(base, base.replace('""', f'"{BOT}"').replace("old", "new"))
    backend = Unbound([answer()])
    reviewers = Reviewers(open_analyzers(), backend, PROMPTS)
    *_, done = review(change.diff(context), change, reviewers, Policy(), Wishes())
    assert isinstance(done, Review) and [one.category for one in done.findings] == ["secret"]
    assert backend.requests
    assert BOT not in "".join(one.text for asked in backend.requests for one in asked.messages)


TOKEN = "ghp_" + "aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5"
BODY = [
    ("MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj")[at:] for at in (0, 0, 40)
]
KEY = ["-----BEGIN PRIVATE KEY-----", *BODY, "-----END PRIVATE KEY-----"]
PEM = "".join(f"    {line}\n" for line in KEY)


def sent_for(base: str, head: str, *answers: str, path: str = "a.py", verify: bool = False) -> str:
    """Return all that a model is sent of a change that no analyzer has looked at."""
    backend = Unbound(answers or [answer()])
    run(one_file(base, head, path), backend, wishes=Wishes(verify=verify))
    return "\n".join(one.text for request in backend.requests for one in request.messages)


def test_a_token_near_a_change_is_not_sent() -> None:
    for place in (0, 2, 5):  # removed, in the hunk, and before what is shown of the file
        lines = [f"    x{number} = {number}" for number in range(9)]
        lines[place] = f'    token = "{TOKEN}"'
        base = "\n".join((f'def f(key="{TOKEN}"):', *lines, ""))
        sent = sent_for(base, base.replace(lines[0], "    y = 1").replace("x8 = 8", "x8 = 9"))
        assert TOKEN not in sent
        assert MASK in sent


def test_the_lines_of_a_private_key_are_not_sent() -> None:
    sent = sent_for("x = 1\n", f'x = 1\nKEY = """\n{PEM}"""\n')
    assert not any(line in sent for line in BODY)
    assert f"+5|    {MASK}" in sent
    assert "-----END PRIVATE KEY-----" in sent


def test_a_second_look_sends_no_token_either() -> None:
    lines = [f"x{number} = {number}" for number in range(40)]
    lines[5] = f'token = "{TOKEN}"'
    base = "\n".join((*lines, ""))
    verdict = json.dumps({"reason": "", "verdict": "keep"})
    head = base.replace("x30 = 30", "x30 = 31")
    sent = sent_for(base, head, answer(said("x30 = 31")), verdict, verify=True)
    assert TOKEN not in sent
    assert "6|token" in sent


def test_a_suggestion_that_repeats_what_was_masked_is_left_out() -> None:
    head = f'x = connect("{TOKEN}", 0)\n'
    shown = head.rstrip().replace(TOKEN, MASK)
    found = said(shown, suggestion=shown.replace("0", "1"))
    done = run(one_file("x = 1\n", head), Unbound([answer(found)]))
    (finding,) = done.findings
    assert (finding.line, finding.quote, finding.suggestion) == (1, shown, None)


def test_code_that_only_speaks_of_keys_stays() -> None:
    code = (
        'if text.startswith("-----BEGIN PRIVATE KEY-----"):\n    return load(text)\n'
        f"{'a' * 64}\n{'0123456789abcdef' * 4}\nhttps://example.com:80/@x\n"
    )
    assert without_keys(code) == code
