"""Floors, the ceiling, the order, and what analyzers and a model say of the same lines."""

from __future__ import annotations

from dataclasses import replace

from devchat.changes import Finding, Severity
from devchat.policy import PathPolicy, Policy
from devchat.review import Wishes
from tests.review.changes import Checker, Patch, Trees, Unbound, answer, one_file, run, said

HEAD = "".join(f"line {number} = {number}\n" for number in range(1, 41))
CHANGE = one_file("", HEAD)
FOUND = Finding(
    "a.py", "RIGHT", 3, 3, "warning", "bug", "The name is shadowed", "It hides another.",
    "line 3 = 3", source="checker", rule="C1",
)  # fmt: skip


def places(*numbers: int) -> str:
    severities: list[Severity] = ["note", "error", "warning"]
    words = ["alpha bravo", "charlie delta", "echo foxtrot", "golf hotel", "india juliett"]
    return answer(
        *[
            said(f"line {number} = {number}", severity=severities[number % 3], title=words[place])
            for place, number in enumerate(numbers)
        ]
    )


def test_the_worst_comes_first_then_path_and_line() -> None:
    done = run(CHANGE, Unbound([places(9, 7, 4, 5, 2)]))
    assert [one.line for one in done.findings] == [4, 7, 2, 5, 9]


def test_a_secret_comes_before_other_errors() -> None:
    worst = replace(FOUND, severity="error")
    found = (worst, replace(worst, path="z.py", category="secret"))
    done = run(CHANGE, None, Checker(found), wishes=Wishes(max_findings=1))
    assert [one.path for one in done.findings] == ["z.py"]


def test_beyond_the_ceiling_findings_are_counted_and_kept_apart() -> None:
    done = run(CHANGE, Unbound([places(9, 7, 4, 5, 2)]), wishes=Wishes(max_findings=2))
    assert [one.line for one in done.findings] == [4, 7]
    assert [one.line for one in done.overflow] == [2, 5, 9]
    assert done.receipt.dropped == {"beyond the ceiling": 3}
    assert run(CHANGE, Unbound([places(9)]), wishes=Wishes(max_findings=0)).findings == ()


def test_floors_of_the_policy_of_a_path_and_of_a_wish() -> None:
    def lines(policy: Policy, wishes: Wishes | None = None) -> list[int | None]:
        done = run(CHANGE, Unbound([places(9, 7, 5)]), policy=policy, wishes=wishes)
        assert done.receipt.dropped.get("below the floor", 0) == 3 - len(done.findings)
        return [one.line for one in done.findings]

    assert lines(Policy(min_severity="warning")) == [7, 5]
    assert lines(Policy(paths=(PathPolicy("*.py", min_severity="error"),))) == [7]
    assert lines(Policy(min_severity="error", paths=(PathPolicy("a.*", min_severity="note"),))) == [
        7, 5, 9,
    ]  # fmt: skip
    assert lines(Policy(), Wishes(min_severity="error")) == [7]


def test_an_analyzer_and_a_model_on_the_same_lines_are_one() -> None:
    more = "It hides another name of the module, so that later calls get the wrong one."
    model = said("line 3 = 3", title="The name is shadowed here", body=more, severity="error")
    (one,) = run(CHANGE, Unbound([answer(model)]), Checker((FOUND,))).findings
    assert (one.source, one.rule, one.severity, one.title) == (
        "checker", "C1", "warning", "The name is shadowed",
    )  # fmt: skip
    assert one.body == more


def test_what_a_model_says_besides_is_added_and_its_proof_taken() -> None:
    model = said("line 3 = 3", title="Zero", body="Quite different words.", suggestion="line3 = 4")
    trees = one_file("", HEAD.replace("line ", "line"))
    found = replace(FOUND, quote="line3 = 3")
    said_so = answer(model | {"quote": "line3 = 3"})
    (one,) = run(trees, Unbound([said_so]), Checker((found,))).findings
    assert one.body == "It hides another.\n\nQuite different words."
    assert (one.suggestion, one.proven) == ("line3 = 4", True)


def test_a_models_suggestion_for_more_lines_brings_them_along() -> None:
    model = said("line 2 = 2", last_quote="line 4 = 4", suggestion="line = 9")
    trees = one_file("", HEAD, "a.txt")
    found = replace(FOUND, path="a.txt")
    said_so = answer(model | {"path": "a.txt"})
    (one,) = run(trees, Unbound([said_so]), Checker((found,))).findings
    assert (one.source, one.start_line, one.line, one.suggestion) == ("checker", 2, 4, "line = 9")
    assert one.quote == "line 2 = 2\nline 3 = 3\nline 4 = 4"


def test_what_a_model_says_of_many_lines_is_not_lost_in_a_finding_about_one() -> None:
    wide = said("line 1 = 1", last_quote="line 20 = 20", category="security")
    for found in (FOUND, replace(FOUND, category="secret")):
        done = run(CHANGE, Unbound([answer(wide)]), Checker((found,)))
        assert [(one.source, one.line) for one in done.findings] == [("model", 20), ("checker", 3)]
    done = run(CHANGE, Unbound([answer(said("line 3 = 3"))]), Checker((found,)))
    assert len(done.findings) == 2
    told = said("line 3 = 3", title="A hardcoded credential", category="security")
    assert len(run(CHANGE, Unbound([answer(told)]), Checker((found,))).findings) == 1


def test_of_two_things_that_are_said_of_a_line_the_worse_severity_stays() -> None:
    model = said("line 3 = 3", title="A query is put together from input", body="")
    (one,) = run(CHANGE, Unbound([answer(model)]), Checker((FOUND,))).findings
    assert (one.severity, one.title) == ("error", FOUND.title)
    assert one.body == f"{FOUND.body}\n\nA query is put together from input"


def test_a_finding_is_compared_with_all_of_its_file() -> None:
    numbers = range(1, 41)
    found = [
        replace(FOUND, start_line=at, line=at, quote=f"line {at} = {at}", rule=f"C{at}")
        for at in numbers
    ]
    model = said("line 2 = 2", title=FOUND.title, severity="warning")
    done = run(CHANGE, Unbound([answer(model)]), Checker(tuple(found)))
    assert len((*done.findings, *done.overflow)) == 40


def test_two_analyzers_and_two_faults_of_one_line_stay_two() -> None:
    other = replace(FOUND, rule="C2", title="Something else")
    assert len(run(CHANGE, None, Checker((FOUND, other))).findings) == 2
    models = [said("line 5 = 5", title="Slow", category="performance"), said("line 5 = 5")]
    assert len(run(CHANGE, Unbound([answer(*models)])).findings) == 2


def test_of_two_models_words_the_worst_severity_and_a_suggestion_stay() -> None:
    mild = said("line 5 = 5", severity="note", suggestion="")
    lone = said("line 5 = 5", last_quote="line 6 = 6", suggestion="line 5 = 6")
    done = run(CHANGE, Unbound([answer(said("line 5 = 5"), mild, lone)]))
    assert [(one.severity, one.start_line, one.line) for one in done.findings] == [("error", 5, 5)]
    (one,) = run(CHANGE, Unbound([answer(mild, said("line 5 = 5"))])).findings
    assert (one.severity, one.suggestion) == ("error", "")


def test_findings_without_a_line_are_merged_by_their_words() -> None:
    lost = [said("not there"), said("nor there"), said("gone", title="Other words entirely")]
    done = run(CHANGE, Unbound([answer(*lost)]))
    assert [(one.line, one.path) for one in done.findings] == [(None, "a.py")] * 2


def test_an_analyzers_finding_outside_the_hunks_loses_its_line() -> None:
    trees = one_file(HEAD, HEAD.replace("line 20 = 20", "line 20 = 0"))
    far = replace(FOUND, title="Far\x1b[31m away")
    near = replace(FOUND, start_line=20, line=20, quote="line 20 = 0")
    reversed_lines = replace(near, start_line=21, title="Reversed")
    gone = replace(near, side="LEFT", quote="line 20 = 20", title="Gone")
    elsewhere = replace(near, path="other.py", title="Elsewhere")
    done = run(trees, None, Checker((far, near, reversed_lines, gone, elsewhere)))
    assert {one.title: one.line for one in done.findings} == {
        "Far␛[31m away": None, "The name is shadowed": 20, "Reversed": None, "Gone": 20,
        "Elsewhere": None,
    }  # fmt: skip


def prints(trees: Trees, *quotes: str) -> list[str]:
    findings = [
        said(quote, path="a.py", line=place, title=f"{'abcdefg'[place] * 5} words")
        for place, quote in enumerate(quotes)
    ]
    done = run(trees, Unbound(lambda _: answer(*findings)))
    return [one.fingerprint for one in sorted(done.findings, key=lambda one: one.title)]


def test_a_fingerprint_survives_moved_code_and_other_words() -> None:
    body = "def f(x):\n    if x:\n        return 1 / x\n    return 0\n"
    moved = "import os\n\nA = 1\n\n\n" + body.replace("    return 0", "\n    return 0")
    (before,) = prints(one_file("", body), "        return 1 / x")
    (after,) = prints(one_file("", moved), "return 1 / x")
    assert before == after
    (changed,) = prints(one_file("", body.replace("if x", "if not x")), "        return 1 / x")
    (elsewhere,) = prints(one_file("", body), "    return 0")
    assert len({before, changed, elsewhere}) == 3


def test_without_the_files_a_fingerprint_is_made_of_the_hunk() -> None:
    body = "a = 1\n\nb = 2\n\nc = 3\nd = 4\n"
    here = one_file(body, body.replace("b = 2", "b = 5"))
    (whole,) = prints(here, "b = 5")
    (patch,) = prints(Patch(here.at_base, here.at_head), "b = 5")
    assert whole == patch


def test_what_a_model_adds_changes_no_fingerprint_of_an_analyzer() -> None:
    change = one_file("", "a = 1\nb = 2\n")
    found = Finding("a.py", "RIGHT", 2, 2, "error", "secret", "Found", "", "b = 2", source="ours")
    by_title = [
        {one.title: one.fingerprint for one in run(change, backend, Checker((found,))).findings}
        for backend in (None, Unbound([answer(said("b = 2", path="a.py", category="bug"))]))
    ]
    assert len(by_title[1]) == 2 and by_title[0]["Found"] == by_title[1]["Found"]


def test_the_same_lines_twice_have_two_fingerprints() -> None:
    twice = "a = 1\nb = 2\nc = 3\na = 1\nb = 2\nc = 3\n"
    done = run(
        one_file("", twice),
        Unbound([answer(said("b = 2", line=2), said("b = 2", line=5, title="Other words"))]),
    )
    assert len({one.fingerprint for one in done.findings}) == 2
