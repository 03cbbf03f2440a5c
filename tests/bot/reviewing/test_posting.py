"""What is posted where GitHub takes less than there is: lines, sizes, numbers."""

from __future__ import annotations

from dataclasses import replace

from bot.forge import PullRef
from bot.reviewing.posting import Board, post
from bot.reviewing.records import Looked
from bot.reviewing.values import Target
from devchat.changes import Finding, Receipt, Review
from tests.bot.office import BROKEN, Office
from tests.fakes.github import Pull


def finding(path: str, line: int | None, **fields: object) -> Finding:
    """A finding made by hand."""
    known = Finding(path, "RIGHT", line, line, "error", "bug", f"In {path}", "It fails.", "")
    return replace(known, fingerprint=f"{path}{line}".encode().hex(), **fields)  # type: ignore[arg-type]


def board_of(office: Office, pull: Pull) -> Board:
    """Where a review of a pull is posted."""
    target = Target(PullRef("octo/app", 1), pull.head, 11, 1)
    app = office.app
    return Board(app.pulls(11, "octo/app"), app.reviews(11, "octo/app"), target)


def test_a_line_outside_the_diff(office: Office) -> None:
    pull = office.hub.open_pull(office.repository, {"a.py": "x\n", "b.py": "y\n"})
    found = (finding("a.py", 1), finding("b.py", 77))
    looked = Looked(Review("", found, Receipt(())), ("a.py", "b.py"))
    place = board_of(office, pull)
    for _ in range(2):
        assert post(place, looked) == (found[0].fingerprint,)
    assert [[row["path"] for row in one.comments] for one in pull.reviews] == [["a.py"]]
    (comment,) = pull.comments
    assert "`b.py:77`" in comment.body and "`a.py" not in comment.body and comment.edits == 0


def test_a_review_that_is_refused_in_any_form_is_told_in_the_sticky_comment(
    office: Office,
) -> None:
    office.hub.fail("POST .*/reviews$", "refuse", status=422, message="no", times=2)
    pull = office.open({"a.json": BROKEN})
    office.work()
    assert pull.reviews == [] and "`a.json:1`" in pull.comments[0].body


def test_refused_annotations_still_complete_the_check(office: Office) -> None:
    office.open({"a.json": BROKEN})
    office.queue.meanwhile = lambda step: (
        office.hub.fail("PATCH .*/check-runs/", "refuse", status=422, message="no")
        if step == "close"
        else None
    )
    office.work()
    (check,) = office.repository.checks
    assert (check.conclusion, check.annotations) == ("failure", [])


def test_51_and_more_annotations(office: Office) -> None:
    policy = "[limits]\nmax_findings = 100\n"
    office.hub.commit(office.repository, {".devchat.toml": policy})
    pull = office.open({f"{number}.json": BROKEN for number in range(60)})
    office.queue.kill = "close"
    office.work()
    (check,) = office.repository.checks
    assert (len(check.annotations), check.conclusion) == (60, "failure")
    assert len(pull.reviews[0].comments) == 60 and pull.comments == []


def test_bodies_beyond_65536_characters(office: Office) -> None:
    pull = office.hub.open_pull(office.repository, {"a.py": "x\n"})
    long = "long words " * 1_000
    stray = tuple(
        finding(f"{number}.py", None, body=f"```\n{long}\n```", suggestion=long)
        for number in range(40)
    )
    near = finding("a.py", 1, body="`" * 8_000 + "<@" * 8_000, suggestion="&`" * 4_000)
    looked = Looked(Review("", (near, *stray), Receipt(())), ("a.py", *[""] * 40))
    post(board_of(office, pull), looked)
    assert len(pull.comments[0].body) > 60_000 and "(cut:" in pull.comments[0].body
    assert len(pull.reviews[0].comments) == 1
