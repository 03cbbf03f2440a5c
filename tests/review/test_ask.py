"""Chunks: what is in them, how large they are, and what becomes of those that fail."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from devchat.backends.scripted import Answer, Manner, Scripted
from devchat.changes import Diff, Finding, Review
from devchat.errors import BackendError, ContextError, RefusedError
from devchat.policy import PathPolicy, Policy, Rule
from devchat.review import Progress, Reviewers, Wishes, plan, review
from devchat.types import Request
from tests.review.changes import PROMPTS, Checker, Trees, Unbound, answer, one_file, run, said
from tests.review.changes import states as states_of

SMALL = Manner(context_tokens=4_096, tier="small")
MANY = Trees({}, {f"f{n:03}.py": f"value_{n} = {n}\n" * 40 for n in range(60)})
LONG = one_file("", "".join(f"line_{number} = {number}\n" for number in range(3_000)))


def shown_lines(requests: Sequence[Request]) -> list[str]:
    """The changed lines in what was asked, without those of examples."""
    text = "\n".join(request.messages[-1].text for request in requests)
    return re.findall(r"^\+\d+\|.*", text, re.MULTILINE)


@pytest.mark.parametrize("trees", [MANY, LONG], ids=["many files", "one long hunk"])
def test_every_line_is_asked_about_once_and_each_request_fits(trees: Trees) -> None:
    backend = Scripted(lambda _: answer(), manner=SMALL)
    done = run(trees, backend)
    assert len(backend.requests) > 5
    every = [
        f"+{line.new}|{line.text}"
        for file in trees.diff().files
        for hunk in file.hunks
        for line in hunk.lines
    ]
    assert shown_lines(backend.requests)[: len(every)] == every
    for request in backend.requests:
        used = sum(backend.count(message.text) for message in request.messages)
        assert used + (request.options.max_tokens or 0) <= 4_096
    assert set(states_of(done)) == {"reviewed"}


def test_small_files_share_a_chunk_under_their_names() -> None:
    backend = Scripted(lambda _: answer())
    run(Trees({}, {"a.py": "a\n", "b c.py": "b\n", "d\u202e.py": "d\n"}), backend)
    (request,) = backend.requests
    text = request.messages[-1].text
    assert [line for line in text.split("\n") if line.startswith("===")] == [
        "=== a.py (added)", "=== b c.py (added)", "=== d<U+202E>.py (added)",
    ]  # fmt: skip
    assert request.options.schema is not None
    finding = request.options.schema["properties"]["findings"]["items"]["properties"]
    names = '["a.py", "b c.py", "d<U+202E>.py"]'
    assert finding["path"] == {"type": "string", "description": f"one of {names}"}


def test_a_finding_about_a_name_with_hidden_characters_finds_its_file() -> None:
    trees = Trees({}, {"d\u202e.py": "d = 1\n"})
    done = run(trees, Unbound([answer(said("d = 1", path="d<U+202E>.py"))]))
    assert [(one.path, one.line) for one in done.findings] == [("d\u202e.py", 1)]


def test_a_file_that_a_series_names_twice_has_two_names() -> None:
    first, second = one_file("a\n", "b\n"), one_file("b\n", "c\n")
    diff = Diff((*first.diff().files, *second.diff().files))
    backend = Unbound([answer(said("c", path="a.py (2)"), said("b", path="a.py", title="Other"))])
    done = run(second, backend, diff=diff)
    assert [one.quote for one in done.findings] == ["c", "b"]


def test_a_line_that_does_not_fit_is_said_and_the_rest_is_reviewed() -> None:
    trees = one_file("", f"a = 1\n{'x' * 5_000_000}\nb = 2\n")
    backend = Scripted(lambda _: answer())
    done = run(trees, backend)
    assert shown_lines(backend.requests) == ["+1|a = 1", "+3|b = 2"]
    (hunk,) = done.receipt.files[0].hunks
    assert (hunk.state, hunk.reason) == ("failed", "a line of 5,000,000 characters does not fit")


def test_a_window_without_room_is_refused() -> None:
    with pytest.raises(ContextError, match="no room for a change"):
        run(LONG, Scripted([], manner=Manner(context_tokens=512)))


def test_a_failed_chunk_is_asked_about_once_more() -> None:
    trees = Trees({}, {"a.py": "a\n", "b.py": "b\n"})
    good = Unbound([Answer(error=BackendError("busy")), answer(said("a"))])
    done = run(trees, good)
    assert (states_of(done), len(done.findings)) == (["reviewed"] * 2, 1)
    bad = Unbound([Answer(error=RefusedError("no more", "ask later"))] * 2)
    done = run(trees, bad)
    assert states_of(done) == ["failed"] * 2
    assert done.receipt.files[0].hunks[0].reason == "no more"
    assert done.receipt.notes == ("no more: ask later",)
    assert (len(bad.requests), done.receipt.model) == (2, "scripted")


def test_one_failed_chunk_leaves_the_others() -> None:
    def say(request: Request) -> str | Answer:
        fails = "value_7 =" in request.messages[-1].text
        return Answer(error=BackendError("it broke")) if fails else answer(summary="Fine.")

    backend = Unbound(say, SMALL)
    done = run(MANY, backend)
    by_path = {one.path: one.hunks[0].state for one in done.receipt.files}
    assert by_path["f007.py"] == "failed" and by_path["f059.py"] == "reviewed"
    failed = list(by_path.values()).count("failed")
    assert done.summary.endswith(f"No findings in {60 - failed} of 60 hunks of 60 files.")


def test_what_did_not_fit_is_asked_about_in_halves() -> None:
    too_large = Answer(error=ContextError("too large"))
    backend = Unbound([too_large, answer(said("a")), answer(said("b", path="b.py"))])
    done = run(Trees({}, {"a.py": "a\n", "b.py": "b\n"}), backend)
    assert [shown_lines([one]) for one in backend.requests[:3]] == [
        ["+1|a", "+1|b"],
        ["+1|a"],
        ["+1|b"],
    ]
    assert len(done.findings) == 2
    halves = Unbound([too_large, answer(), answer()])
    run(one_file("", "a\nb\nc\n"), halves)
    assert [len(shown_lines([one])) for one in halves.requests[:3]] == [3, 1, 2]
    alone = run(one_file("", "a\n"), Unbound([too_large]))
    assert alone.receipt.files[0].hunks[0].reason == "too large"


def test_a_hunk_of_which_a_part_failed_has_failed() -> None:
    failed = Answer(error=BackendError("no"))
    backend = Unbound([Answer(error=ContextError("too large")), answer(), failed])
    done = run(one_file("", "a\nb\n"), backend)
    assert [(one.state, one.reason) for one in done.receipt.files[0].hunks] == [("failed", "no")]


class Counting(Scripted):
    """A model that says whether what it was asked was taken back."""

    closed = False

    def complete_many(self, requests: Sequence[Request]) -> Iterator[Any]:
        try:
            yield from super().complete_many(requests)
        finally:
            self.closed = True


def test_closing_a_review_cancels_what_is_asked() -> None:
    backend = Counting(lambda _: answer(), manner=SMALL)
    steps = review(MANY.diff(), MANY, Reviewers((), backend, PROMPTS), Policy(), Wishes())
    for step in steps:
        if isinstance(step, Progress) and step.done == 2:
            steps.close()
    assert backend.closed and len(backend.requests) < 5


def test_an_interruption_passes() -> None:
    def interrupt(_: Request) -> str:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(LONG, Scripted(interrupt))


def test_progress_counts_chunks_and_tokens() -> None:
    backend = Scripted(lambda _: answer(), manner=SMALL)
    steps = list(review(MANY.diff(), MANY, Reviewers((), backend, PROMPTS), Policy(), Wishes()))
    asked = [one for one in steps if isinstance(one, Progress) and one.phase == "ask"]
    assert [one.done for one in asked] == list(range(asked[0].total + 1))
    last = steps[-1]
    assert isinstance(last, Review)
    usage = last.receipt.usage
    assert 0 < asked[-1].tokens <= usage.prompt_tokens + usage.completion_tokens


POLICY = Policy(
    rules=(Rule("R1", "Close what you open."),),
    paths=(PathPolicy("*.py", "Mind the types."), PathPolicy("a.*", "Mind the time.")),
    language="Chinese",
)


def test_what_goes_along_is_fenced_and_a_rule_can_be_cited() -> None:
    trees = one_file("", "a = 1\n")
    guided = replace(trees, at_base={"AGENTS.md": "We use tabs.\n"})
    found = Finding("a.py", "RIGHT", 1, 1, "error", "bug", "Bad a", "", "a = 1", source="checker")
    wishes = Wishes(about="Fixes ``` everything", shots=1, temperature=0.5, seed=7)
    backend = Unbound([answer(said("a = 1", rule="R1", title="Another matter", body="So."))])
    done = run(guided, backend, Checker((found,)), policy=POLICY, wishes=wishes, diff=trees.diff())
    system, _, _, user = backend.requests[0].messages
    assert "in this language: Chinese" in system.text
    for words in (
        "What its author says of it:\n\n````\nFixes ``` everything\n````",
        "From the project's AGENTS.md:\n\n```\nWe use tabs.\n```",
        "The team's rules, by id:\n\n```\nR1: Close what you open.\n```",
        "a.py:\nMind the types.\n\na.py:\nMind the time.",
        "Found by programs already; don't repeat it:\n\n```\na.py:1 Bad a\n```",
    ):
        assert words in user.text
    assert (done.findings[0].rule, done.findings[0].source) == ("", "checker")


def test_a_model_may_cite_only_a_rule_that_there_is() -> None:
    rules = [said("a = 1", rule="R1"), said("b = 1", rule="R9")]
    done = run(one_file("", "a = 1\nb = 1\n"), Unbound([answer(*rules)]), policy=POLICY)
    assert [one.rule for one in done.findings] == ["R1", ""]


def test_guidance_that_is_too_long_for_a_window_is_left_out_and_said() -> None:
    trees = replace(one_file("", "a = 1\n"), at_base={"AGENTS.md": "word " * 780})
    small = Manner(context_tokens=4_096, tier="small")
    left = run(trees, Scripted([answer()], manner=small), diff=one_file("", "a = 1\n").diff())
    assert "guidance was left out" in left.receipt.notes[0]
    cut = replace(trees, at_base={"AGENTS.md": "word word word\n\n" * 600})
    wide = Manner(context_tokens=32_000)
    done = run(cut, Scripted([answer()], manner=wide), diff=one_file("", "a = 1\n").diff())
    assert done.receipt.notes == ("only the beginning of AGENTS.md was read",)


@pytest.mark.parametrize(
    ("shots", "tier", "sent"),
    [(None, "large", 3), (None, "tiny", 0), (1, "large", 1), (9, "tiny", 3), (0, "small", 0)],
)
def test_examples_go_along_as_wished(shots: int | None, tier: Any, sent: int) -> None:
    backend = Scripted([answer()], manner=Manner(tier=tier))
    run(one_file("", "a\n"), backend, wishes=Wishes(shots=shots, model_findings=True))
    assert len(backend.requests[0].messages) == 2 + 2 * sent


def test_examples_take_at_most_a_quarter_of_the_window() -> None:
    backend = Scripted([answer()], manner=Manner(context_tokens=1_500, tier="small"))
    run(one_file("", "a\n"), backend)
    assert len(backend.requests[0].messages) < 8


def test_a_plan_asks_nothing_and_has_the_exact_requests() -> None:
    backend = Scripted(lambda _: answer(), manner=SMALL)
    reviewers = Reviewers((), backend, PROMPTS)
    planned = plan(MANY.diff(), MANY, reviewers, Policy(), Wishes())
    assert backend.requests == []
    run(MANY, backend)
    assert tuple(backend.requests[: len(planned.requests)]) == planned.requests


class Bound(Scripted):
    """A model whose every token is bound by the schema."""

    binds_schema = True


def test_where_a_schema_binds_each_token_quotes_are_the_chunks_own_lines() -> None:
    trees = Trees(
        {"a.py": "a = 1\nb = 2\n"}, {"a.py": "a = 1\nb = 3\n\n", "c.py": "x" * 300 + "\n"}
    )
    backend = Bound([answer(said("b = 3"), said("x" * 240, path="c.py"))])
    done = run(trees, backend)
    schema = backend.requests[0].options.schema
    assert schema is not None
    one, other = schema["properties"]["findings"]["items"]["anyOf"]
    assert one["properties"]["quote"]["enum"] == ["b = 2", "b = 3", "a = 1"]
    assert other["properties"]["path"]["enum"] == ["c.py"]
    assert [(one.path, one.line) for one in done.findings] == [("a.py", 2), ("c.py", 1)]


def test_a_bound_chunk_has_no_more_lines_than_a_grammar_holds() -> None:
    backend = Bound(lambda _: answer(), manner=Manner(context_tokens=200_000))
    run(LONG, backend)
    assert [len(shown_lines([one])) for one in backend.requests if one.options.schema] == [750] * 4


def test_the_definition_around_a_hunk_is_shown() -> None:
    head = "class A:\n    def f(self):\n" + "".join(f"        x{n} = {n}\n" for n in range(30))
    trees = one_file(head.replace("x25 = 25", "x25 = 0"), head)
    backend = Scripted([answer()])
    run(trees, backend, diff=trees.diff(context=0))
    assert backend.requests[0].messages[-1].text.split("\n") == [
        "```diff", "=== a.py (modified)", "@@ -28 +28 @@", " 1|class A:", " 2|    def f(self):",
        "...", " 25|        x22 = 22", " 26|        x23 = 23", " 27|        x24 = 24",
        "-28|        x25 = 0", "+28|        x25 = 25", " 29|        x26 = 26",
        " 30|        x27 = 27", " 31|        x28 = 28", "```",
    ]  # fmt: skip


def test_a_file_that_is_not_the_one_of_the_diff_gives_no_context() -> None:
    trees = one_file("a\nb\n", "a\nc\n")
    other = replace(trees, at_head={"a.py": "quite\nother\n"})
    backend = Scripted([answer()])
    run(other, backend, diff=trees.diff(context=0))
    assert "quite" not in backend.requests[0].messages[-1].text


def test_a_completion_from_a_cut_answer_fails_the_chunk() -> None:
    backend = Unbound([Answer('{"summary": "It', finish_reason="length")] * 2)
    assert states_of(run(one_file("", "a\n"), backend)) == ["failed"]
