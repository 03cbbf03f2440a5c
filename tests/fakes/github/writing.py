"""Answers to what is written: reviews, comments, check runs, with the rules that bite."""

from __future__ import annotations

import re
from typing import Any

from tests.fakes.github import values
from tests.fakes.github.calls import Call, Reply, paged, route
from tests.fakes.github.models import accept, answer
from tests.fakes.github.refusal import Refusal, invalid, not_found
from tests.fakes.github.state import CheckRun, Comment, Pull, Review

BODY_CHARACTERS = 65_536
SUMMARY_CHARACTERS = 65_535
ANNOTATIONS = 50
HUNK = re.compile(rb"@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@")

Places = dict[tuple[str, str, int], int]
"""The hunk's ordinal of each (path, side, line) that can be commented."""


def places(pull: Pull, commit: str) -> Places:
    """List the lines that can be commented at a commit of a pull."""
    found: Places = {}
    for entry in pull.repository.git.entries(pull.base, commit):
        old = new = hunk = 0
        for line in (entry.patch or b"").split(b"\n"):
            if header := HUNK.match(line):
                old, new, hunk = int(header[1]), int(header[2]), hunk + 1
                continue
            if line[:1] in (b"-", b" "):
                found[(entry.path, "LEFT", old)] = hunk
                old += 1
            if line[:1] in (b"+", b" "):
                found[(entry.path, "RIGHT", new)] = hunk
                new += 1
    return found


def post_review(call: Call) -> Reply:
    """POST /repos/OWNER/NAME/pulls/N/reviews: all of its comments, or none."""
    body = accept(("ReposOwnerRepoPullsPullNumberReviewsPostBody",), call.body)
    pull, event = call.pull, body.get("event")
    commit = body.get("commit_id") or pull.head
    _check_body(body.get("body") or "", "PullRequestReview")
    if event in ("COMMENT", "REQUEST_CHANGES") and not body.get("body"):
        raise Refusal(422, "Unprocessable Entity", ["Review Body is required for this event"])
    if commit not in pull.repository.git.commits(pull.base, pull.head):
        raise Refusal(422, "Unprocessable Entity", ["commit_id is not part of the pull request"])
    rows = body.get("comments") or []
    _check_lines(pull, commit, rows)
    one = Review(next(call.state.ids), call.state.bot, body.get("body") or "", commit, rows)
    pull.reviews.append(one)
    return Reply(200, answer("PullRequestReview", values.review(one)))


def _check_lines(pull: Pull, commit: str, rows: list[dict[str, Any]]) -> None:
    known = places(pull, commit) if rows else {}
    paths = {path for path, _side, _line in known}
    said = set()
    for row in rows:
        _check_body(row["body"], "PullRequestReviewComment")
        said.add(_complaint(row, known, paths))
    if said - {""}:
        # GitHub does not tell which comment it means.
        raise Refusal(422, "Unprocessable Entity", sorted(said - {""}))


def _complaint(row: dict[str, Any], known: Places, paths: set[str]) -> str:
    if row["path"] not in paths:
        return "Path could not be resolved"
    side, line = row.get("side", "RIGHT"), row.get("line") or -1
    last = known.get((row["path"], side, line))
    if last is None or not row["body"].strip():
        return "Line could not be resolved"
    if "start_line" not in row:
        return ""
    start = known.get((row["path"], row.get("start_side", side), row["start_line"]))
    if start != last or row["start_line"] >= line:
        return "Start line must precede the end line, in the same hunk"
    return ""


def list_reviews(call: Call) -> Reply:
    """GET /repos/OWNER/NAME/pulls/N/reviews"""
    rows, headers = paged(call, call.pull.reviews)
    return Reply(200, [answer("PullRequestReview", values.review(one)) for one in rows], headers)


def list_comments(call: Call) -> Reply:
    """GET /repos/OWNER/NAME/issues/N/comments"""
    rows, headers = paged(call, call.pull.comments)
    return Reply(200, [answer("IssueComment", values.comment(one)) for one in rows], headers)


def post_comment(call: Call) -> Reply:
    """POST /repos/OWNER/NAME/issues/N/comments"""
    body = accept(("ReposOwnerRepoIssuesIssueNumberCommentsPostBody",), call.body)
    _check_body(body["body"], "IssueComment")
    one = Comment(next(call.state.ids), call.state.bot, body["body"])
    call.pull.comments.append(one)
    return Reply(201, answer("IssueComment", values.comment(one)))


def edit_comment(call: Call) -> Reply:
    """PATCH /repos/OWNER/NAME/issues/comments/ID"""
    body = accept(("ReposOwnerRepoIssuesCommentsCommentIdPatchBody",), call.body)
    _check_body(body["body"], "IssueComment")
    one = _comment(call)
    if one.user != call.state.bot:
        raise Refusal(403, "Resource not accessible by integration")
    one.body, one.edits = body["body"], one.edits + 1
    return Reply(200, answer("IssueComment", values.comment(one)))


def _comment(call: Call) -> Comment:
    every = (one for pull in call.here.pulls.values() for one in pull.comments)
    found = next((one for one in every if one.id == int(call.found["id"])), None)
    if found is None:
        raise not_found()
    return found


def _check_body(text: str, resource: str) -> None:
    if len(text) > BODY_CHARACTERS:
        message = f"body is too long (maximum is {BODY_CHARACTERS} characters)"
        raise invalid(resource, "body", message, "unprocessable")
    if not text.strip() and resource == "IssueComment":
        raise invalid(resource, "body", "body can't be blank", "unprocessable")


def make_check(call: Call) -> Reply:
    """POST /repos/OWNER/NAME/check-runs"""
    names = ("ReposOwnerRepoCheckRunsPostBodyOneof0", "ReposOwnerRepoCheckRunsPostBodyOneof1")
    body = accept(names, call.body)
    if not call.here.git.resolve(body["head_sha"]):
        raise Refusal(422, f"No commit found for SHA: {body['head_sha']}")
    one = CheckRun(
        next(call.state.ids),
        body["name"],
        body["head_sha"],
        body.get("external_id") or "",
        call.state.app_id,
    )
    _change_check(one, body)
    call.here.checks.append(one)
    return Reply(201, answer("CheckRun", values.check_run(call.state, one)))


def change_check(call: Call) -> Reply:
    """PATCH /repos/OWNER/NAME/check-runs/ID: annotations are added to those there."""
    names = (
        "ReposOwnerRepoCheckRunsCheckRunIdPatchBodyAnyof0",
        "ReposOwnerRepoCheckRunsCheckRunIdPatchBodyAnyof1",
    )
    body = accept(names, call.body)
    one = _check(call)
    _change_check(one, body)
    return Reply(200, answer("CheckRun", values.check_run(call.state, one)))


def _change_check(one: CheckRun, body: dict[str, Any]) -> None:
    output = body.get("output") or {}
    annotations = output.get("annotations") or []
    if len(annotations) > ANNOTATIONS:
        raise invalid("CheckRun", "annotations", f"exceeds a maximum quantity of {ANNOTATIONS}")
    if len(output.get("summary") or "") > SUMMARY_CHARACTERS:
        raise invalid("CheckRun", "summary", f"Only {SUMMARY_CHARACTERS} characters are allowed")
    for row in annotations:
        if len(row.get("title") or "") > 255 or len(row["message"].encode()) > 64 << 10:
            raise invalid("CheckRun", "annotations", "title or message is too long")
        if not 1 <= row["start_line"] <= row["end_line"]:
            raise invalid("CheckRun", "annotations", "start_line must precede the end_line")
    one.annotations += annotations
    one.title, one.summary = output.get("title", one.title), output.get("summary", one.summary)
    one.status = "completed" if body.get("conclusion") else body.get("status", one.status)
    one.conclusion = body.get("conclusion")
    one.history.append((one.status, one.conclusion, one.title))


def _check(call: Call) -> CheckRun:
    found = next((one for one in call.here.checks if one.id == int(call.found["id"])), None)
    if found is None:
        raise not_found()
    return found


def show_check(call: Call) -> Reply:
    """GET /repos/OWNER/NAME/check-runs/ID"""
    return Reply(200, answer("CheckRun", values.check_run(call.state, _check(call))))


def list_annotations(call: Call) -> Reply:
    """GET /repos/OWNER/NAME/check-runs/ID/annotations"""
    rows, headers = paged(call, _check(call).annotations)
    blank = {"start_column": None, "end_column": None, "raw_details": None, "title": None}
    return Reply(200, [answer("CheckAnnotation", blank | one) for one in rows], headers)


def list_checks(call: Call) -> Reply:
    """GET /repos/OWNER/NAME/commits/REF/check-runs: the latest of each name, or all."""
    mine = [one for one in call.here.checks if one.head == call.found["ref"]]
    mine = [one for one in mine if str(one.app) == call.query.get("app_id", str(one.app))]
    if call.query.get("filter", "latest") == "latest":
        mine = list({one.name: one for one in mine}.values())
    rows, headers = paged(call, mine[::-1])
    shown = [answer("CheckRun", values.check_run(call.state, one)) for one in rows]
    return Reply(200, {"total_count": len(mine), "check_runs": shown}, headers)


PULL, CHECKS = "/repos/{repo}/pulls/{number}", "/repos/{repo}/check-runs"
CONVERSATION = "/repos/{repo}/issues/{number}/comments"
WRITE, READ = ("issues:%s|pull_requests:%s".replace("%s", one) for one in ("write", "read"))
ROUTES = (
    route("GET", f"{PULL}/reviews", "pull_requests:read", list_reviews),
    route("POST", f"{PULL}/reviews", "pull_requests:write", post_review, True),
    route("GET", CONVERSATION, READ, list_comments),
    route("POST", CONVERSATION, WRITE, post_comment, True),
    route("PATCH", "/repos/{repo}/issues/comments/{id}", WRITE, edit_comment),
    route("POST", CHECKS, "checks:write", make_check),
    route("GET", f"{CHECKS}/{{id}}", "checks:read", show_check),
    route("PATCH", f"{CHECKS}/{{id}}", "checks:write", change_check),
    route("GET", f"{CHECKS}/{{id}}/annotations", "checks:read", list_annotations),
    route("GET", "/repos/{repo}/commits/{ref}/check-runs", "checks:read", list_checks),
)
