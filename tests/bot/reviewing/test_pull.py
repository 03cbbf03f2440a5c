"""What a team sees on a pull."""

from __future__ import annotations

import pytest

from tests.bot.office import BROKEN, Office
from tests.review.changes import answer, said

BASE = "def mean(xs):\n    return sum(xs) / len(xs)\n\n\ndef other():\n    return 1\n"
HEAD = BASE.replace("    return sum(xs) / len(xs)\n", "    n = len(xs)\n    return sum(xs) / n\n")
QUOTE = "    return sum(xs) / n"


def test_a_clean_pull_gets_the_check_and_nothing_else(office: Office) -> None:
    pull = office.open({"a.py": "x = 1\n"})
    office.work()
    (check,) = office.repository.checks
    assert (check.status, check.conclusion) == ("completed", "success")
    assert check.title == "No findings in 1 file, analyzers only"
    assert "reviewed: 1 hunk in 1 file" in (check.summary or "")
    assert check.external_id == f"review:octo/app#1:{pull.head}:1"
    assert (pull.reviews, pull.comments, check.annotations) == ([], [], [])


def test_the_check_tells_the_phase_while_it_is_in_progress(office: Office) -> None:
    office.open({"a.py": "x = 1\n"})
    office.work()
    phases = [(status, title) for status, _, title in office.repository.checks[0].history]
    assert phases[:2] == [("in_progress", "Reading the change"), ("in_progress", "Reviewing")]


def test_a_finding_gets_a_comment_at_its_line_and_an_annotation(office: Office) -> None:
    pull = office.open({"a.json": BROKEN})
    office.work()
    (check,), (review,) = office.repository.checks, pull.reviews
    assert (check.conclusion, check.title) == ("failure", "1 error")
    (annotation,) = check.annotations
    assert (annotation["path"], annotation["start_line"]) == ("a.json", 1)
    assert annotation["annotation_level"] == "failure"
    assert review.commit == pull.head
    assert review.body.splitlines()[1:] == ["**devchat** found 1 error here."]
    (comment,) = review.comments
    assert (comment["path"], comment["line"], comment["side"]) == ("a.json", 1, "RIGHT")
    assert "This is not valid JSON" in comment["body"] and "<!-- devchat:finding" in comment["body"]
    assert pull.comments == []
    (posted,) = office.hub.asked("POST /repos/octo/app/pulls/1/reviews")
    assert posted.body["event"] == "COMMENT"


def test_a_suggestion_for_several_lines_is_a_fence_that_github_can_apply(office: Office) -> None:
    found = said(
        "    n = len(xs)",
        last_quote=QUOTE,
        suggestion="    n = len(xs) or 1\n    return sum(xs) / n",
        severity="warning",
    )
    office.script((answer(found), "One thing."), "large")
    office.hub.commit(office.repository, {"a.py": BASE})
    pull = office.open({"a.py": HEAD})
    office.work()
    (comment,) = pull.reviews[0].comments
    assert (comment["start_line"], comment["line"], comment["start_side"]) == (2, 3, "RIGHT")
    assert "```suggestion\n    n = len(xs) or 1\n    return sum(xs) / n\n```" in comment["body"]
    assert office.repository.checks[0].conclusion == "neutral"


def test_a_removed_line_is_commented_on_the_left(office: Office) -> None:
    found = said("    return sum(xs) / len(xs)")
    office.script((answer(found), "One thing."), "large")
    office.hub.commit(office.repository, {"a.py": BASE})
    pull = office.open({"a.py": BASE.replace("    return sum(xs) / len(xs)\n", "    pass\n")})
    office.work()
    (comment,) = pull.reviews[0].comments
    assert (comment["side"], comment["line"]) == ("LEFT", 2)
    assert office.repository.checks[0].annotations == []


def test_what_has_no_line_goes_into_one_comment_that_is_edited(office: Office) -> None:
    files = {f"{number}.json": BROKEN for number in range(7)}
    pull = office.open(files)
    office.work()
    (comment,) = pull.comments
    assert len(pull.reviews[0].comments) == 5
    assert comment.body.startswith("<!-- devchat:sticky -->")
    assert "Less important" in comment.body and "`6.json:1`" in comment.body
    office.push(pull, {"7.json": BROKEN})
    office.work()
    assert [one.edits for one in pull.comments] == [1]
    office.push(pull, {name: "{}\n" for name in (*files, "7.json")})
    office.work()
    assert "Nothing is left" in pull.comments[0].body and len(pull.comments) == 1


def test_what_was_said_once_is_not_said_again_at_the_next_push(office: Office) -> None:
    pull = office.open({"a.json": BROKEN})
    office.work()
    office.push(pull, {"b.json": BROKEN})
    office.work()
    paths = [[row["path"] for row in one.comments] for one in pull.reviews]
    assert paths == [["a.json"], ["b.json"]]
    assert len(office.repository.checks[1].annotations) == 2
    office.push(pull, {"c.txt": "c\n"})
    office.work()
    assert len(pull.reviews) == 2 and office.repository.checks[2].conclusion == "failure"


def test_a_pull_with_nothing_to_review_is_never_a_success(office: Office) -> None:
    pull = office.open({"package-lock.json": "{}\n"})
    office.work()
    (check,) = office.repository.checks
    assert (check.conclusion, check.title) == ("neutral", "Nothing was reviewed: 1 file left out")
    assert "lock file" in (check.summary or "") and pull.comments == []
    assert "No file of this change is one to review" in (check.summary or "")  # and the remedy


def test_a_failed_part_makes_the_review_partial_and_says_so(office: Office) -> None:
    refusal = {"error": {"kind": "RefusedError", "message": "no quota", "hint": "pay"}}
    office.script((refusal,) * 5, "large")
    pull = office.open({"a.py": "x = 1\n"})
    office.work()
    (check,) = office.repository.checks
    assert check.conclusion == "neutral" and "failed" in (check.title or "")
    assert "no quota" in (check.summary or "")
    assert "Not all of it was reviewed" in pull.comments[0].body


def test_without_the_model_that_was_chosen_only_analyzers_speak_and_it_is_neutral(
    office: Office,
) -> None:
    (office.home / "model.json").unlink()
    pull = office.open({"a.json": BROKEN, "b.py": "x = 1\n"})
    office.work()
    (check,) = office.repository.checks
    assert "no model spoke" in (check.summary or "")
    assert len(pull.reviews) == 1
    office.push(pull, {"a.json": "{}\n"})
    office.work()
    assert office.repository.checks[1].conclusion == "neutral"


def test_a_review_that_fails_as_a_whole_says_why_in_the_check_only(office: Office) -> None:
    (office.desk.settings.paths.prompts).mkdir(parents=True)
    (office.desk.settings.paths.prompts / "review.md").write_text("no prompt\n")
    pull = office.open({"a.json": BROKEN})
    office.work()
    (check,) = office.repository.checks
    assert check.conclusion == "neutral" and (check.title or "").startswith("Nothing was reviewed")
    assert (pull.reviews, pull.comments) == ([], [])


@pytest.mark.parametrize("fields", [{"draft": True}, {"labels": ("devchat:skip",)}])
def test_drafts_and_pulls_that_are_to_be_skipped_are_left_alone(
    office: Office, fields: dict[str, object]
) -> None:
    pull = office.hub.open_pull(office.repository, {"a.json": BROKEN}, **fields)  # type: ignore[arg-type]
    office.tell(pull, "opened")
    office.work()
    assert (office.repository.checks, pull.reviews) == ([], [])


def test_a_draft_is_reviewed_once_it_is_ready(office: Office) -> None:
    pull = office.open({"a.json": BROKEN}, draft=True)
    office.work()
    pull.draft = False
    office.tell(pull, "ready_for_review")
    office.work()
    assert len(pull.reviews) == 1


@pytest.mark.parametrize("fork", ["mona/app", ""])
def test_a_pull_of_a_fork_is_reviewed_also_where_the_fork_is_gone(
    office: Office, fork: str
) -> None:
    pull = office.open({"a.json": BROKEN}, fork=fork)
    office.work()
    assert len(pull.reviews) == 1


def test_somebody_may_ask_for_the_check_again(office: Office) -> None:
    pull = office.open({"a.json": BROKEN})
    office.work()
    office.ask_again(pull)
    office.work()
    ids = [one.external_id.rpartition(":")[2] for one in office.repository.checks]
    assert ids == ["1", "2"] and len(pull.reviews) == 1


def test_a_pull_that_is_reopened_is_not_reviewed_twice_at_one_head(office: Office) -> None:
    pull = office.open({"a.json": BROKEN})
    office.work()
    office.tell(pull, "reopened")
    office.work()
    assert len(office.repository.checks) == 1


def test_the_ledger_knows_how_it_ended(office: Office) -> None:
    pull = office.open({"a.json": BROKEN})
    office.work()
    (row,) = office.ledger.reviews()
    assert (row.outcome, row.head, row.model) == ("failure", pull.head, row.model)
    assert row.finished_at >= row.started_at
    (known,) = office.ledger.known_findings("octo/app", 1)
    assert (known.path, known.severity) == ("a.json", "error")
    names = {(one.name, one.label) for one in office.ledger.measures()}
    wanted = {("reviews", "failure"), ("findings", "error"), ("step", "fetch"), ("step", "post")}
    assert wanted < names and ("tokens", "prompt") in names


def test_a_suite_asked_for_again_finds_its_pull_by_the_head(office: Office) -> None:
    from tests.fakes.github import hooks

    pull = office.open({"a.json": BROKEN}, fork="mona/app")
    office.work()
    check = office.repository.checks[0]
    payload = hooks.suite_event("rerequested", check, pull, office.hub.state, "mona")
    payload["check_suite"]["pull_requests"] = []  # GitHub names none for a fork
    office.hand_in("check_suite", "rerequested", payload)
    office.work()
    assert [one.head for one in office.repository.checks] == [pull.head] * 2
