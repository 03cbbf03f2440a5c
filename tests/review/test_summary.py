"""The summary: a model's words where these hold, else our own; never one that hides a failure."""

from __future__ import annotations

import pytest

from devchat.backends.scripted import Answer, Manner, Scripted
from devchat.changes import Finding
from devchat.errors import AnalyzerError, BackendError
from devchat.policy import Policy
from devchat.review import Reviewers, Wishes, plan
from tests.review.changes import (
    PROMPTS,
    Checker,
    Trees,
    Unbound,
    answer,
    one_file,
    run,
    said,
    states,
)

TINY = Manner(tier="tiny")
CHANGE = one_file("", "a = 1\nb = 2\n")
FOUND = Finding("a.py", "RIGHT", 2, 2, "error", "bug", "b is two", "So.", "b = 2", source="checker")
OWN = "1 error in 1 hunk of 1 file."
LEFT_OUT = "what the model wrote about the findings was wrong, and is left out"


def test_of_one_part_the_models_own_sentence_stands() -> None:
    done = run(CHANGE, Scripted([answer(summary="It adds two names.")]))
    assert done.summary == "It adds two names."
    assert run(CHANGE, Scripted([answer(summary="")])).summary == "No findings in 1 hunk of 1 file."


def test_of_many_parts_one_sentence_is_made() -> None:
    trees = Trees({}, {f"f{n}.py": f"v{n} = {n}\n" * 400 for n in range(9)})
    small = Manner(context_tokens=4_096, tier="small")
    backend = Scripted(
        lambda asked: answer(summary="Adds v.") if asked.options.schema else "It adds numbers.",
        manner=small,
    )
    done = run(trees, backend)
    assert done.summary == "It adds numbers."
    facts = backend.requests[-1].messages[-1].text
    assert "f8.py (added)" in facts and "- Adds v." in facts and "Findings:\nnone" in facts
    silent = Scripted(
        lambda asked: answer(summary="Adds v.") if asked.options.schema
        else Answer(error=BackendError("gone away")), manner=small,
    )  # fmt: skip
    done = run(trees, silent)
    assert done.summary == "No findings in 9 hunks of 9 files."
    assert done.receipt.notes == ("no summary came from the model: gone away",)


GROUNDED = [
    ("In a.py there is an error on line 2, and b is two.", True),
    ("On line 2 of a.py b is two.", True),
    ("In a.py, line 1 has an error.", False),
    ("In a.py, line 2 has an error: b is two, and line 9.", False),
    ("a.py, line 2: error: b is two", False),
    ("``` a.py, line 2 ```", False),
    ("Findings: b is two", False),
    ("The error is on line", False),
    (f"{'b is two and ' * 99}", False),
    ("The file a.py has an error in line 2.", True),
    ("The file a.py has 2 errors, line 3.", False),
    ("The file b.py has an error.", False),
    ("The change removes the database.", False),
    ("approve this", False),
    ("", False),
    ("\x1b[31m", False),
]


@pytest.mark.parametrize(("words", "stands"), GROUNDED)
def test_a_tiny_model_only_words_what_was_found(words: str, stands: bool) -> None:
    backend = Scripted([words], manner=TINY)
    done = run(CHANGE, backend, Checker((FOUND,)))
    assert done.summary == (f"{OWN} {words}" if stands else OWN)
    assert (LEFT_OUT in done.receipt.notes) is not stands
    (request,) = backend.requests
    assert request.messages[-1].text.endswith("```\na.py, line 2: error: b is two\n```")
    assert request.options.schema is None and request.options.max_tokens == 48
    reviewers = Reviewers((Checker((FOUND,)),), backend, PROMPTS)
    planned = plan(CHANGE.diff(), CHANGE, reviewers, Policy(), Wishes())
    assert planned.requests == (request,)


def test_a_tiny_model_looks_for_no_faults_and_that_is_said() -> None:
    backend = Scripted([], manner=TINY)
    done = run(CHANGE, backend, Checker())
    assert backend.requests == []
    assert done.summary == "No findings in 1 hunk of 1 file."
    assert (done.receipt.model, done.receipt.tier, done.receipt.location) == ("", None, "")
    assert done.receipt.notes == (
        "`scripted` is too small to find faults: choose a larger model with `-m`",
    )
    (hunk,) = done.receipt.files[0].hunks
    assert (hunk.state, hunk.reason) == ("reviewed", "analyzers only")


def test_a_tiny_model_finds_where_that_is_wished_but_never_sums_up() -> None:
    backend = Unbound([answer(said("b = 2"), summary="It solves everything.")], TINY)
    done = run(CHANGE, backend, wishes=Wishes(model_findings=True))
    assert ([one.line for one in done.findings], done.summary) == ([2], OWN)
    assert (done.receipt.model, done.receipt.tier) == ("scripted", "tiny")


def test_where_nobody_looked_nothing_was_reviewed() -> None:
    absent = Checker(absent="not installed")
    for analyzers in ((), (absent,)):
        done = run(CHANGE, None, *analyzers)
        assert done.summary == "Nothing was reviewed of 1 hunk of 1 file."
        assert states(done) == ["skipped"]
        assert "nobody looked" in done.receipt.files[0].hunks[0].reason


def test_nothing_to_review_is_said() -> None:
    assert run(Trees({}, {}), None, Checker()).summary == "Nothing to review."
    locked = Trees({}, {"poetry.lock": "a\n", "a.min.js": "b\n"})
    done = run(locked, Scripted([]), Checker())
    assert done.summary == "Nothing to review: 2 files left out."
    assert [bool(one.reason) for one in done.receipt.files] == [True, True]


def test_what_became_of_each_analyzer_is_in_the_receipt() -> None:
    done = run(
        CHANGE,
        None,
        Checker((FOUND,), name="good", version="2.0"),
        Checker(name="off"),
        Checker(name="gone", absent="`gone` is not installed"),
        Checker(name="bad", error=AnalyzerError("it took\n too long")),
        policy=Policy(analyzers={"off": False}),
    )
    assert [(one.name, one.state, one.version, one.reason) for one in done.receipt.analyzers] == [
        ("good", "ran", "2.0", ""),
        ("off", "off", "", "turned off by `.devchat.toml`"),
        ("gone", "absent", "", "`gone` is not installed"),
        ("bad", "failed", "1", "it took too long"),
    ]
    assert (done.receipt.base, done.receipt.head) == ("base", "head")
    assert done.receipt.seconds > 0


MANY = Trees({f"{n}.py": "a = 1\n" for n in "abcde"}, {f"{n}.py": "a = 2\n" for n in "abcde"})


def test_a_file_that_only_a_model_could_look_at_is_named() -> None:
    backend = Scripted([answer()])
    done = run(Trees({}, {}, complete=False), backend, Checker(), diff=MANY.diff())
    (note,) = done.receipt.notes
    assert note.startswith("analyzers could not look at `a.py`, `b.py`, `c.py` and 2 more: ")
    assert states(done) == ["reviewed"] * 5


def test_a_file_that_nobody_could_look_at_was_not_reviewed() -> None:
    done = run(Trees({}, {}, complete=False), None, Checker(), diff=MANY.diff())
    assert done.summary == "Nothing was reviewed of 5 hunks of 5 files."
    assert states(done) == ["skipped"] * 5
    assert "out of reach" in done.receipt.files[0].hunks[0].reason
    assert done.receipt.notes == ()
