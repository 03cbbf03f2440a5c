"""A secret that was found reaches no model, and no finding."""

from __future__ import annotations

import json

from devchat.analyzers import open_analyzers
from devchat.changes import Review
from devchat.policy import Policy
from devchat.review import Reviewers, Wishes, review
from tests.review.changes import PROMPTS, Trees, Unbound, answer, said

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
