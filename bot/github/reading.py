"""From GitHub's JSON to our values. Pure; what is missing raises `KeyError`, `TypeError`, ..."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.forge import FailedDelivery, FilePatch, Pull, PullRef, Remark

Json = Mapping[str, Any]
_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_AT = re.compile(rf"[?&]ref=({_SHA.pattern})$")


@dataclass(frozen=True, slots=True)
class Content:
    """A file as the contents endpoint gives it; `data` None where it is too large for that."""

    size: int
    data: bytes | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to hand us a delivery."""

    delivery: FailedDelivery
    arrived: bool


def read_login(value: Json) -> str:
    """Read the login that the App writes under."""
    return f"{value['slug']}[bot]"


def read_id(value: Json) -> int:
    """Read the id of what was asked for or made."""
    return int(value["id"])


def read_nothing(_value: object) -> None:
    """Look at nothing."""


def read_pull(repository: str) -> Callable[[Json], Pull]:
    """Return a reader of a pull of a repository."""

    def read(value: Json) -> Pull:
        base = value["base"]
        return Pull(
            ref=PullRef(repository, int(value["number"])),
            title=value["title"],
            body=value["body"] or "",
            state="open" if value["state"] == "open" else "closed",
            draft=bool(value.get("draft")),
            base=_sha(base["sha"]),
            head=_sha(value["head"]["sha"]),
            default_branch=base["repo"]["default_branch"],
            labels=tuple(label["name"] for label in value["labels"]),
        )

    return read


def read_merge_base(value: Json) -> str:
    """Read the merge base of a comparison."""
    return _sha(value["merge_base_commit"]["sha"])


def _sha(value: object) -> str:
    """Let nothing else through: it becomes a part of names, and a word for git."""
    if not isinstance(value, str) or not _SHA.fullmatch(value):
        raise ValueError("no name of a commit")
    return value


def read_files(value: list[Json]) -> list[FilePatch]:
    """Read a page of a pull's files."""
    return [
        FilePatch(
            path=one["filename"],
            old_path=one.get("previous_filename") or one["filename"],
            status=one["status"],
            patch=one.get("patch"),
            head=_revision(one.get("contents_url")),
        )
        for one in value
    ]


def _revision(address: object) -> str:
    """Read the commit at which a file is to be found; "" where the address names none."""
    found = _AT.search(address) if isinstance(address, str) else None
    return found[1] if found else ""


def read_content(value: Any) -> Content | None:
    """Read what is at a path; None where that is a folder or a submodule."""
    if not isinstance(value, dict) or value["type"] != "file":
        return None
    whole = value["encoding"] == "base64"
    return Content(int(value["size"]), base64.b64decode(value["content"]) if whole else None)


def read_remarks(login: str) -> Callable[[list[Json]], list[Remark]]:
    """Return a reader of the reviews or comments that one user posted."""

    def read(value: list[Json]) -> list[Remark]:
        return [
            Remark(int(one["id"]), one["body"] or "", one.get("commit_id") or "")
            for one in value
            if one["user"] and one["user"]["login"] == login
        ]

    return read


def read_checks(value: Json) -> list[Remark]:
    """Read a page of check runs."""
    return [
        Remark(
            int(one["id"]), one["external_id"] or "", one["head_sha"], one["status"] == "completed"
        )
        for one in value["check_runs"]
    ]


def count_annotations(value: Json) -> int:
    """Read how many annotations a check run has."""
    return int(value["output"]["annotations_count"])


def read_attempts(value: list[Json]) -> list[Attempt]:
    """Read a page of attempts, the latest first."""
    return [
        Attempt(
            FailedDelivery(
                int(one["id"]),
                str(one["guid"]),
                datetime.fromisoformat(one["delivered_at"]).timestamp(),
            ),
            200 <= int(one["status_code"]) < 400,
        )
        for one in value
    ]
