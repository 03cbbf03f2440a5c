"""Whatever GitHub answers becomes a value or an error of ours."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import ForgeError
from bot.github import reading
from bot.github.connection import Reply, understand

READERS: dict[str, Callable[[Any], Any]] = {
    "login": reading.read_login,
    "id": reading.read_id,
    "pull": reading.read_pull("octo/app"),
    "merge base": reading.read_merge_base,
    "files": reading.read_files,
    "content": reading.read_content,
    "remarks": reading.read_remarks("devchat[bot]"),
    "checks": reading.read_checks,
    "annotations": reading.count_annotations,
    "attempts": reading.read_attempts,
}
NAMES = (
    *("slug", "permissions", "id", "head", "base", "user", "login", "sha", "ref", "repo", "title"),
    *("body", "state", "draft", "number", "labels", "name", "full_name", "default_branch"),
    *("merge_base_commit", "filename", "status", "patch", "type", "encoding", "size", "content"),
    *("commit_id", "check_runs", "external_id", "head_sha", "output", "annotations_count"),
    *("guid", "delivered_at", "status_code", "contents_url"),
)
PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
PLAIN |= st.sampled_from(["file", "base64", "open", "devchat[bot]", "2026-01-01T00:00:00Z"])
ANSWERS = st.recursive(
    PLAIN,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=12)
    ),
    max_leaves=30,
)


@pytest.mark.parametrize("name", READERS)
@given(answer=ANSWERS)
def test_any_json_is_read_or_refused(name: str, answer: Any) -> None:
    reply = Reply(200, {}, json.dumps(answer).encode())
    try:
        understand(reply, READERS[name])
    except ForgeError as error:
        assert "a form that is not known" in error.message


@given(body=st.binary())
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    try:
        assert understand(Reply(200, {}, body), lambda value: value) == json.loads(body or b"null")
    except ForgeError as error:
        assert "a form that is not known" in error.message
