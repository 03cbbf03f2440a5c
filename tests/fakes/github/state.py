"""What the fake remembers: an App, installations, repositories, pulls and what was written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Literal

from tests.fakes.github.git import Bare

Json = dict[str, Any]


@dataclass(slots=True)
class Installation:
    """The App on one account; `left` of `limit` requests remain until `resets_at`."""

    id: int
    account: str
    permissions: dict[str, str]
    suspended: bool = False
    limit: int = 5000
    left: int = 5000
    resets_at: float = 0.0
    contents_made: list[float] = field(default_factory=list)


@dataclass(slots=True)
class Comment:
    """A comment in a conversation."""

    id: int
    user: str
    body: str
    edits: int = 0


@dataclass(slots=True)
class Review:
    """A review with its line comments, as they were posted."""

    id: int
    user: str
    body: str
    commit: str
    comments: list[Json]


@dataclass(slots=True)
class CheckRun:
    """A check run; `history` keeps each (status, conclusion, title) that it had."""

    id: int
    name: str
    head: str
    external_id: str
    app: int
    status: str = "queued"
    conclusion: str | None = None
    title: str | None = None
    summary: str | None = None
    annotations: list[Json] = field(default_factory=list)
    history: list[tuple[str, str | None, str | None]] = field(default_factory=list)


@dataclass(slots=True)
class Repository:
    """A repository; its checks hang on commits."""

    id: int
    name: str
    installation: Installation
    git: Bare
    default_branch: str = "main"
    pulls: dict[int, Pull] = field(default_factory=dict)
    checks: list[CheckRun] = field(default_factory=list)


@dataclass(slots=True)
class Pull:
    """A pull. `head_repository` is "" where the fork was deleted."""

    repository: Repository
    number: int
    title: str
    body: str
    author: str
    base_ref: str
    head_ref: str
    head: str
    head_repository: str
    draft: bool = False
    state: Literal["open", "closed"] = "open"
    labels: list[str] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)

    @property
    def base(self) -> str:
        """The tip of the base branch."""
        return self.repository.git.resolve(f"refs/heads/{self.base_ref}")


@dataclass(slots=True)
class Token:
    """An installation token: `repositories` are the ids that it opens."""

    text: str
    installation: Installation
    repositories: frozenset[int]
    permissions: dict[str, str]
    ends: float


@dataclass(slots=True)
class Attempt:
    """An attempt to hand over a delivery."""

    id: int
    guid: str
    event: str
    action: str | None
    body: bytes
    installation: int | None
    repository: int | None
    at: float
    redelivery: bool = False
    status_code: int = 0
    status: str = ""


@dataclass(slots=True)
class State:
    """Everything; ids count up from 1001 over all kinds.

    `hook` is where deliveries go ("": nowhere), `wanted` are to be sent again.
    """

    app_id: int
    slug: str
    permissions: dict[str, str]
    events: list[str] = field(default_factory=lambda: ["check_run", "check_suite", "pull_request"])
    hook: str = ""
    installations: dict[int, Installation] = field(default_factory=dict)
    repositories: dict[str, Repository] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    attempts: list[Attempt] = field(default_factory=list)
    wanted: list[Attempt] = field(default_factory=list)
    ids: Iterator[int] = field(default_factory=lambda: count(1001))

    @property
    def bot(self) -> str:
        """The login under which the App writes."""
        return f"{self.slug}[bot]"

    def repository(self, id: int) -> Repository | None:
        """Find a repository by its id."""
        return next((one for one in self.repositories.values() if one.id == id), None)
