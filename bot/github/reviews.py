"""Writing a review: `Reviews` with a token that can comment and set checks in one repository."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from bot.forge import Annotation, Check, LineComment, PullRef, Remark
from bot.github.addresses import at
from bot.github.connection import Connection
from bot.github.reading import count_annotations, read_checks, read_id, read_remarks

MAY = (("checks", "write"), ("pull_requests", "write"))
CHECK_NAME = "devchat"
ANNOTATIONS = 50
"""How many annotations GitHub takes in one call; more are sent after one another."""
_PAGES = 100
_TITLE, _MESSAGE = 255, 64 << 10


class GitHubReviews:
    """Writes reviews, comments and checks in one repository, one after another."""

    def __init__(
        self,
        app_id: int,
        bot: Callable[[], str],
        connection: Connection,
        writing: threading.Lock,
    ) -> None:
        self._app_id, self._bot, self._connection = app_id, bot, connection
        self._writing = writing

    def reviews(self, ref: PullRef) -> Iterator[Remark]:
        """Yield the reviews that this App posted."""
        path = at(ref.repository, "pulls", ref.number, "reviews")
        return self._connection.pages(path, read_remarks(self._bot()), _PAGES)

    def post_review(
        self, ref: PullRef, head: str, body: str, comments: Sequence[LineComment]
    ) -> int:
        """Post a review with its comments, all or none; return its id.

        Raises `RejectedError` where one line is not in the diff: GitHub does not say which.
        """
        path = at(ref.repository, "pulls", ref.number, "reviews")
        rows = [_comment(one) for one in comments]
        review = {"commit_id": head, "body": body, "event": "COMMENT", "comments": rows}
        return self._write("POST", path, review)

    def comments(self, ref: PullRef) -> Iterator[Remark]:
        """Yield the comments in the conversation that this App wrote."""
        path = at(ref.repository, "issues", ref.number, "comments")
        return self._connection.pages(path, read_remarks(self._bot()), _PAGES)

    def post_comment(self, ref: PullRef, body: str) -> int:
        """Write a comment into the conversation; return its id."""
        path = at(ref.repository, "issues", ref.number, "comments")
        return self._write("POST", path, {"body": body})

    def edit_comment(self, repository: str, comment: int, body: str) -> None:
        """Replace a comment's text."""
        self._write("PATCH", at(repository, "issues", "comments", comment), {"body": body})

    def checks(self, repository: str, head: str) -> Iterator[Remark]:
        """Yield this App's check runs on a commit; `body` is the external id."""
        path = at(repository, "commits", head, "check-runs")
        return self._connection.pages(path, read_checks, _PAGES, app_id=self._app_id, filter="all")

    def open_check(self, repository: str, head: str, external_id: str, check: Check) -> int:
        """Make a check run, with its first 50 annotations; return its id."""
        first, rest = check.annotations[:ANNOTATIONS], check.annotations[ANNOTATIONS:]
        named = {"name": CHECK_NAME, "head_sha": head, "external_id": external_id}
        id = self._write("POST", at(repository, "check-runs"), named | _face(check, first, rest))
        if rest:
            self.update_check(repository, id, check)
        return id

    def update_check(self, repository: str, id: int, check: Check) -> None:
        """Set a check run's face and conclusion, and add the annotations that it lacks.

        GitHub adds the annotations of each call to those it has, so they are counted first:
        a check that was updated half is completed, one updated twice is the same.
        """
        path = at(repository, "check-runs", id)
        have = self._connection.get(path, count_annotations) if check.annotations else 0
        left = check.annotations[have:]
        while True:
            now, left = left[:ANNOTATIONS], left[ANNOTATIONS:]
            self._write("PATCH", path, _face(check, now, left))
            if not left:
                return

    def _write(self, verb: str, path: str, body: dict[str, Any]) -> int:
        with self._writing:
            return self._connection.send(verb, path, body, read_id)


def _comment(comment: LineComment) -> dict[str, Any]:
    last = {
        "path": comment.path,
        "body": comment.body,
        "side": comment.side,
        "line": comment.line,
    }
    if comment.start_line == comment.line:
        return last
    return last | {"start_side": comment.side, "start_line": comment.start_line}


def _face(
    check: Check, annotations: Sequence[Annotation], left: Sequence[Annotation]
) -> dict[str, Any]:
    """Write a check run's fields; it is completed once no annotations are left to send."""
    output: dict[str, Any] = {"title": check.title, "summary": check.summary}
    if annotations:
        output["annotations"] = [_annotation(one) for one in annotations]
    if check.conclusion is None or left:
        return {"status": "in_progress", "output": output}
    return {"status": "completed", "conclusion": check.conclusion, "output": output}


def _annotation(annotation: Annotation) -> dict[str, Any]:
    return {
        "path": annotation.path,
        "start_line": annotation.start_line,
        "end_line": annotation.line,
        "annotation_level": annotation.level,
        "title": annotation.title[:_TITLE],
        "message": annotation.message.encode()[:_MESSAGE].decode("utf-8", "ignore"),
    }
