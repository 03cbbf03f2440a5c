"""A second look may drop a finding or lower it, and never adds one."""

from __future__ import annotations

import json

from devchat.backends.scripted import Answer, Manner
from devchat.changes import Finding, Review
from devchat.errors import BackendError
from devchat.review import Wishes
from tests.review.changes import Checker, Trees, Unbound, answer, one_file, run, said

HEAD = "".join(f"line {number}\n" for number in range(1, 100))
CHANGE = one_file("", HEAD, "a.txt")
WORDS = ["alpha beta", "gamma delta", "epsilon zeta", "eta theta", "iota kappa"]
FIRST = answer(*[
    said(f"line {10 * place + 1}", title=words, path="a.txt") for place, words in enumerate(WORDS)
])  # fmt: skip


def verdict(word: object) -> str:
    return json.dumps({"reason": "Because.", "verdict": word, "findings": [said("line 5")]})


def verified(*answers: str | Answer, trees: Trees = CHANGE) -> tuple[Review, Unbound]:
    backend = Unbound([FIRST, *answers])
    wishes = Wishes(verify=True, max_findings=9)
    return run(trees, backend, wishes=wishes, diff=CHANGE.diff()), backend


def test_verdicts_are_followed_and_what_is_none_is_not() -> None:
    failed = Answer(error=BackendError("busy"))
    done, backend = verified(
        verdict("keep"), verdict("lower"), verdict("drop"), verdict("approve"), failed
    )
    assert [(one.title, one.severity) for one in done.findings] == [
        (WORDS[0], "error"), (WORDS[3], "error"), (WORDS[4], "error"), (WORDS[1], "warning"),
    ]  # fmt: skip
    assert done.receipt.dropped == {"refused on a second look": 1}
    assert done.receipt.notes == ("2 of 5 findings could not be looked at again",)
    text = backend.requests[2].messages[-1].text
    assert "a.txt:11 (error)\ngamma delta" in text
    assert "1|line 1\n" in text and "41|line 41\n" in text and "42|" not in text


def test_without_the_file_the_quoted_line_is_shown() -> None:
    done, backend = verified(*[verdict("keep")] * 5, trees=Trees({}, {}))
    assert len(done.findings) == 5
    assert backend.requests[1].messages[-1].text.endswith("```\nline 1\n```")


def test_a_suggestion_is_looked_at_too_and_analyzers_are_not() -> None:
    found = Finding("a.py", "RIGHT", 1, 1, "note", "bug", "One", "", "a = 1", source="checker")
    model = said("b = 2", suggestion="b = 3")
    backend = Unbound([answer(model), verdict("drop")])
    trees = one_file("", "a = 1\nb = 2\n")
    done = run(trees, backend, Checker((found,)), wishes=Wishes(verify=True))
    assert [one.source for one in done.findings] == ["checker"]
    assert "Instead of the line:\n\nb = 3" in backend.requests[1].messages[-1].text


def test_only_a_large_model_looks_again() -> None:
    backend = Unbound([FIRST], Manner(tier="small"))
    done = run(CHANGE, backend, wishes=Wishes(verify=True, max_findings=9))
    assert len(done.findings) == 5
    assert done.receipt.notes == ("`scripted` is too small to look at its findings again",)
    silent = run(CHANGE, Unbound([answer()], Manner(tier="small")), wishes=Wishes(verify=True))
    assert (silent.findings, silent.receipt.notes) == ((), ())
