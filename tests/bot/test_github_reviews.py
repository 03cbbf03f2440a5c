"""Writing to a GitHub of our own: reviews, comments and checks, and what it does not take."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from bot.errors import ForgeError, GoneError, RejectedError
from bot.forge import Annotation, Check, Conclusion, LineComment, PullRef, Remark
from bot.github import open_app
from bot.github.reviews import GitHubReviews
from devchat.changes import Side
from tests.fakes.github import Comment, GitHub, Pull, Review
from tests.fakes.github.faults import Kind

REF = PullRef("octo/app", 1)
BEFORE = "".join(f"line {number}\n" for number in range(1, 41))
AFTER = BEFORE.replace("line 3\n", "changed 3\nnew 4\n").replace("line 30\n", "")


@pytest.fixture
def pull(hub: GitHub) -> Pull:
    """A pull that changes line 3 and takes line 30 away, far from each other."""
    repository = hub.repository("octo/app", {"a.py": BEFORE, "b.py": "x\n"})
    return hub.open_pull(repository, {"a.py": AFTER})


@pytest.fixture
def reviews(hub: GitHub, pull: Pull) -> GitHubReviews:
    """That pull, opened for writing."""
    return open_app(hub.app_id, hub.private_key, hub.url).reviews(11, "octo/app")


def on(start: int, line: int, side: Side = "RIGHT", path: str = "a.py") -> LineComment:
    return LineComment(path, side, start, line, "Hm.")


def test_a_review_with_its_comments(reviews: GitHubReviews, pull: Pull) -> None:
    body = "```suggestion\n\tü \U0001f600\n```"
    comments = [LineComment("a.py", "RIGHT", 3, 4, body), on(3, 3, "LEFT"), on(30, 30, "LEFT")]
    id = reviews.post_review(REF, pull.head, "2 findings\n<!-- marker -->", comments)
    assert list(reviews.reviews(REF)) == [Remark(id, "2 findings\n<!-- marker -->", pull.head)]
    assert pull.reviews[0].comments == [
        {
            "path": "a.py",
            "body": body,
            "side": "RIGHT",
            "line": 4,
            "start_side": "RIGHT",
            "start_line": 3,
        },
        {"path": "a.py", "body": "Hm.", "side": "LEFT", "line": 3},
        {"path": "a.py", "body": "Hm.", "side": "LEFT", "line": 30},
    ]


@pytest.mark.parametrize(
    ("comment", "said"),
    [
        (on(20, 20), "Line could not be resolved"),  # between the hunks
        (on(99, 99), "Line could not be resolved"),
        (on(3, 29), "in the same hunk"),
        (on(4, 3), "must precede"),
        (on(1, 1, path="b.py"), "Path could not be resolved"),
        (on(1, 1, path="a\udcff.py"), "Path could not be resolved"),
    ],
)
def test_a_line_outside_the_diff(
    reviews: GitHubReviews, pull: Pull, comment: LineComment, said: str
) -> None:
    with pytest.raises(RejectedError) as caught:
        reviews.post_review(REF, pull.head, "body", [on(3, 3), comment])
    assert said in caught.value.message
    assert pull.reviews == []


def test_a_review_of_a_head_that_was_moved_on(
    hub: GitHub, reviews: GitHubReviews, pull: Pull
) -> None:
    old = pull.head
    hub.push(pull, {"c.py": "1\n"})
    reviews.post_review(REF, old, "the older of two", [on(3, 3)])
    with pytest.raises(RejectedError, match="not part"):
        reviews.post_review(REF, pull.base, "a stranger", [])
    assert [one.commit for one in pull.reviews] == [old]


LONGEST = "é" * 65_536


@pytest.mark.parametrize(
    "write",
    [
        lambda reviews, head, text: reviews.post_review(REF, head, text, []),
        lambda reviews, head, text: reviews.post_review(
            REF, head, "x", [LineComment("a.py", "RIGHT", 3, 3, text)]
        ),
        lambda reviews, head, text: reviews.post_comment(REF, text),
        lambda reviews, head, text: reviews.edit_comment(
            "octo/app", reviews.post_comment(REF, "x"), text
        ),
    ],
    ids=["review", "line comment", "comment", "edited comment"],
)
def test_bodies_over_65536_characters(
    reviews: GitHubReviews, pull: Pull, write: Callable[[GitHubReviews, str, str], object]
) -> None:
    with pytest.raises(RejectedError, match="too long"):
        write(reviews, pull.head, LONGEST + "!")
    write(reviews, pull.head, LONGEST)


def test_only_what_this_app_wrote_is_found(reviews: GitHubReviews, pull: Pull) -> None:
    pull.comments += [Comment(1, "mona", "<!-- marker -->"), Comment(2, "other[bot]", "x")]
    pull.reviews += [Review(3, "mona", "<!-- marker -->", pull.head, [])]
    assert list(reviews.reviews(REF)) == list(reviews.comments(REF)) == []
    id = reviews.post_comment(REF, "first")
    reviews.edit_comment("octo/app", id, "second")
    assert list(reviews.comments(REF)) == [Remark(id, "second")]
    assert pull.comments[2].edits == 1
    with pytest.raises(ForgeError, match="403"):
        reviews.edit_comment("octo/app", 1, "not ours")
    with pytest.raises(GoneError):
        reviews.edit_comment("octo/app", 99, "deleted")


def test_ours_is_found_beyond_the_first_page(reviews: GitHubReviews, pull: Pull) -> None:
    pull.comments += [Comment(number, "mona", "x") for number in range(250)]
    id = reviews.post_comment(REF, "ours")
    assert [one.id for one in reviews.comments(REF)] == [id]


def test_text_that_is_no_unicode_is_sent_anyway(reviews: GitHubReviews, pull: Pull) -> None:
    reviews.post_comment(REF, "ü \udcff \U0001f600")
    assert pull.comments[0].body == "ü ? \U0001f600"


def note(number: int) -> Annotation:
    return Annotation("a.py", number, number + 1, "warning", f"title {number}", "message")


def test_a_check_goes_its_way(reviews: GitHubReviews, pull: Pull) -> None:
    id = reviews.open_check("octo/app", pull.head, "review:1", Check("Queued", "soon"))
    reviews.update_check("octo/app", id, Check("Fetching", "now"))
    reviews.update_check("octo/app", id, Check("1 finding", "see", "neutral", (note(3),)))
    check = pull.repository.checks[0]
    assert (check.name, check.head, check.external_id) == ("devchat", pull.head, "review:1")
    assert check.history == [
        ("in_progress", None, "Queued"),
        ("in_progress", None, "Fetching"),
        ("completed", "neutral", "1 finding"),
    ]
    assert check.summary == "see"
    assert check.annotations == [
        {
            "path": "a.py",
            "start_line": 3,
            "end_line": 4,
            "annotation_level": "warning",
            "title": "title 3",
            "message": "message",
        }
    ]
    assert list(reviews.checks("octo/app", pull.head)) == [
        Remark(id, "review:1", pull.head, completed=True)
    ]
    assert list(reviews.checks("octo/app", pull.base)) == []


def test_a_check_of_each_attempt_is_found(reviews: GitHubReviews, pull: Pull) -> None:
    for attempt in range(130):
        reviews.open_check("octo/app", pull.head, f"review:{attempt}", Check("t", "s", "success"))
    found = [one.body for one in reviews.checks("octo/app", pull.head)]
    assert found == [f"review:{attempt}" for attempt in reversed(range(130))]


@pytest.mark.parametrize("conclusion", [None, "success", "neutral", "failure"])
@pytest.mark.parametrize("count", [0, 50, 51, 130])
def test_51_annotations_and_more_go_in_several_calls(
    reviews: GitHubReviews, pull: Pull, count: int, conclusion: Conclusion | None
) -> None:
    notes = tuple(note(number) for number in range(1, count + 1))
    check = Check("title", "summary", conclusion, notes)
    id = reviews.open_check("octo/app", pull.head, "x", check)
    for _ in range(2):  # the second is a step that is done again
        reviews.update_check("octo/app", id, check)
    made = pull.repository.checks[0]
    assert [one["start_line"] for one in made.annotations] == list(range(1, count + 1))
    assert made.conclusion == conclusion
    # It is concluded only once all of them are there.
    states = [status for status, _conclusion, _title in made.history]
    calls = max(1, -(-count // 50))
    begun = len(states) if conclusion is None else calls - 1
    assert states == ["in_progress"] * begun + ["completed"] * (len(states) - begun)


@pytest.mark.parametrize("kind", ["after", "reset after"])
def test_annotations_are_not_doubled_by_a_call_whose_answer_was_lost(
    hub: GitHub, reviews: GitHubReviews, pull: Pull, kind: Kind
) -> None:
    check = Check("title", "summary", "failure", tuple(note(number) for number in range(1, 121)))
    id = reviews.open_check("octo/app", pull.head, "x", Check("title", "summary"))
    for _ in range(3):
        hub.fail("PATCH .*/check-runs/", kind)
        with pytest.raises(ForgeError):
            reviews.update_check("octo/app", id, check)
    reviews.update_check("octo/app", id, check)
    made = pull.repository.checks[0]
    assert [one["start_line"] for one in made.annotations] == list(range(1, 121))
    assert made.conclusion == "failure"


def test_a_check_within_its_limits(reviews: GitHubReviews, pull: Pull) -> None:
    long = Annotation("a.py", 1, 1, "notice", "t" * 300, "ü" * 70_000)
    id = reviews.open_check("octo/app", pull.head, "x", Check("t", "s" * 65_535, None, (long,)))
    made = pull.repository.checks[0].annotations[0]
    assert made["title"] == "t" * 255
    assert made["message"] == "ü" * 32_768
    with pytest.raises(RejectedError, match="65535|summary"):
        reviews.update_check("octo/app", id, Check("t", "s" * 65_536))
    with pytest.raises(RejectedError, match="No commit"):
        reviews.open_check("octo/app", "f" * 40, "x", Check("t", "s"))


def test_writes_of_an_installation_go_one_at_a_time(hub: GitHub, pull: Pull) -> None:
    forge = open_app(hub.app_id, hub.private_key, hub.url)
    writers = [forge.reviews(11, "octo/app") for _ in range(5)]
    assert len({id(one._writing) for one in writers}) == 1
    assert forge.reviews(12, "octo/app")._writing is not writers[0]._writing
    threads = [
        threading.Thread(target=lambda one=one: [one.post_comment(REF, "x") for _ in range(5)])
        for one in writers
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(pull.comments) == 25


def test_one_opened_pull_may_be_used_by_threads(
    hub: GitHub, reviews: GitHubReviews, pull: Pull
) -> None:
    found: list[str] = []
    threads = [
        threading.Thread(
            target=lambda number=number: found.extend(
                one.body
                for _ in range(5)
                for one in reviews.checks("octo/app", pull.head)
                if one.body == str(number)
            )
        )
        for number in range(4)
    ]
    for number in range(4):
        reviews.open_check("octo/app", pull.head, str(number), Check("t", "s"))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == sorted("0123" * 5)
