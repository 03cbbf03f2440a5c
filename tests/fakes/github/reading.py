"""Answers about a repository: itself, pulls, diffs, files."""

from __future__ import annotations

from base64 import b64encode
from typing import Any
from urllib.parse import quote, unquote

from tests.fakes.github import values
from tests.fakes.github.calls import Call, Reply, paged, route
from tests.fakes.github.git import Entry
from tests.fakes.github.models import LINK, answer
from tests.fakes.github.refusal import Refusal, not_found

DIFF_LINES, DIFF_BYTES, DIFF_FILES = 20_000, 1_000_000, 300
FILES_LISTED = 3_000
PATCH_BYTES = 1_000_000
STATUSES = {
    "A": "added",
    "D": "removed",
    "M": "modified",
    "R": "renamed",
    "C": "copied",
    "T": "changed",
}


def show_repository(call: Call) -> Reply:
    """GET /repos/OWNER/NAME"""
    return Reply(200, answer("FullRepository", values.repository(call.here)))


def show_pull(call: Call) -> Reply:
    """GET /repos/OWNER/NAME/pulls/N: JSON, or the diff."""
    if "diff" not in call.headers.get("accept", ""):
        return Reply(200, answer("PullRequest", values.pull(call.pull)))
    diff = call.here.git.diff(call.pull.base, call.pull.head)
    said = _too_large(diff)
    if said:
        error = {"resource": "PullRequest", "field": "diff", "code": "too_large"}
        raise Refusal(406, f"Sorry, the diff exceeded the maximum number of {said}.", [error])
    return Reply(200, diff, {"content-type": "application/vnd.github.diff; charset=utf-8"})


def _too_large(diff: bytes) -> str:
    if (b"\n" + diff).count(b"\ndiff --git ") > DIFF_FILES:
        return f"files ({DIFF_FILES})"
    if diff.count(b"\n") > DIFF_LINES:
        return f"lines ({DIFF_LINES})"
    return f"bytes ({DIFF_BYTES})" if len(diff) > DIFF_BYTES else ""


def list_pulls(call: Call) -> Reply:
    """GET /repos/OWNER/NAME/pulls"""
    wanted = call.query.get("state", "open")
    mine = [one for one in call.here.pulls.values() if wanted in (one.state, "all")]
    rows, headers = paged(call, mine)
    return Reply(200, [answer("PullRequestSimple", values.pull(one)) for one in rows], headers)


def list_files(call: Call) -> Reply:
    """GET /repos/OWNER/NAME/pulls/N/files: 3,000 at most."""
    entries = call.here.git.entries(call.pull.base, call.pull.head)[:FILES_LISTED]
    rows, headers = paged(call, entries)
    listed = [answer("DiffEntry", _file(one, call.pull.head)) for one in rows]
    return Reply(200, listed, headers)


def compare(call: Call) -> Reply:
    """GET /repos/OWNER/NAME/compare/BASE...HEAD: without commits and files."""
    git = call.here.git
    base, _, head = call.found["basehead"].partition("...")
    if not git.resolve(base) or not git.resolve(head):
        raise not_found()
    parted = git.run("merge-base", base, head).decode().strip()
    known = {"base_commit": {"sha": base}, "merge_base_commit": {"sha": parted}}
    return Reply(200, answer("CommitComparison", known))


def _file(entry: Entry, head: str) -> dict[str, Any]:
    added, removed = entry.counts()
    row: dict[str, Any] = {
        "sha": entry.blob,
        "filename": entry.path,
        "status": STATUSES[entry.letter],
        "additions": added,
        "deletions": removed,
        "changes": added + removed,
        "contents_url": f"{LINK}contents/{quote(entry.path, errors='replace')}?ref={head}",
    }
    if entry.letter in "RC":
        row["previous_filename"] = entry.old_path
    patch = entry.patch
    if patch is not None and len(patch) <= PATCH_BYTES:
        row["patch"] = patch.decode("utf-8", "replace")
    return row


def show_content(call: Call) -> Reply:
    """GET /repos/OWNER/NAME/contents/PATH: a file, a folder's list, or a submodule."""
    git = call.here.git
    revision = git.resolve(call.query.get("ref", call.here.default_branch))
    path = unquote(call.found["path"], errors="surrogateescape")
    mode, name = git.look(revision, path) if revision else ("", "")
    if not mode:
        raise not_found()
    if mode == "040000":
        return Reply(200, [])
    if mode == "160000":
        links = {"git": None, "html": None, "self": ""}
        known = {"path": path, "type": "submodule", "sha": name, "size": 0, "_links": links}
        return Reply(200, answer("ContentSubmodule", known))
    data = git.blob(name)
    if "raw" in call.headers.get("accept", ""):
        return Reply(200, data, {"content-type": "application/vnd.github.raw+json; charset=utf-8"})
    return Reply(200, answer("ContentFile", _content(path, name, data)))


def _content(path: str, name: str, data: bytes) -> dict[str, Any]:
    whole = len(data) <= 1 << 20
    return {
        "type": "file",
        "path": path.encode("utf-8", "replace").decode(),
        "name": path.rpartition("/")[2].encode("utf-8", "replace").decode(),
        "sha": name,
        "size": len(data),
        "encoding": "base64" if whole else "none",
        "content": b64encode(data).decode() if whole else "",
        "_links": {"git": None, "html": None, "self": ""},
    }


def show_blob(call: Call) -> Reply:
    """GET /repos/OWNER/NAME/git/blobs/SHA"""
    data = call.here.git.blob(call.found["sha"])
    known = {"sha": call.found["sha"], "size": len(data), "encoding": "base64"}
    return Reply(200, answer("Blob", known | {"content": b64encode(data).decode()}))


REPOSITORY = "/repos/{repo}"
ROUTES = (
    route("GET", REPOSITORY, "metadata:read", show_repository),
    route("GET", f"{REPOSITORY}/pulls", "pull_requests:read", list_pulls),
    route("GET", f"{REPOSITORY}/pulls/{{number}}", "pull_requests:read", show_pull),
    route("GET", f"{REPOSITORY}/pulls/{{number}}/files", "pull_requests:read", list_files),
    route("GET", f"{REPOSITORY}/compare/{{basehead}}", "contents:read", compare),
    route("GET", f"{REPOSITORY}/contents/{{path}}", "contents:read", show_content),
    route("GET", f"{REPOSITORY}/git/blobs/{{sha}}", "contents:read", show_blob),
)
