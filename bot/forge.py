"""What we need of GitHub, in three small protocols and the values that they speak in.

Knows no HTTP. Identifiers are GitHub's own; times are seconds since the epoch.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from devchat.changes import Side

Conclusion = Literal["success", "neutral", "failure"]
AnnotationLevel = Literal["notice", "warning", "failure"]


@dataclass(frozen=True, slots=True)
class PullRef:
    """A pull request by name: `repository` is "owner/name"."""

    repository: str
    number: int

    def __str__(self) -> str:
        return f"{self.repository}#{self.number}"


@dataclass(frozen=True, slots=True)
class Pull:
    """A pull request as it is now; `base` and `head` are commits."""

    ref: PullRef
    title: str
    body: str
    state: Literal["open", "closed"]
    draft: bool
    base: str
    head: str
    default_branch: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FilePatch:
    """A file of a pull as the files endpoint gives it; `patch` is None where it gives none.

    `head` is the commit that it is of, "" where GitHub doesn't say.
    """

    path: str
    old_path: str
    status: str
    patch: str | None
    head: str = ""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where git fetches a repository from: an https address, and the token that opens it."""

    address: str
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Remark:
    """Something of ours that stands on a pull already, known by the marker hidden in its body.

    `completed` is of a check alone.
    """

    id: int
    body: str
    head: str = ""
    completed: bool = False


@dataclass(frozen=True, slots=True)
class LineComment:
    """A comment on lines of a diff; `start_line` equals `line` for one line."""

    path: str
    side: Side
    start_line: int
    line: int
    body: str


@dataclass(frozen=True, slots=True)
class Annotation:
    """A finding in a check run (the head's lines only)."""

    path: str
    start_line: int
    line: int
    level: AnnotationLevel
    title: str
    message: str


@dataclass(frozen=True, slots=True)
class Check:
    """A check run's face. `conclusion` None: it is in progress."""

    title: str
    summary: str
    conclusion: Conclusion | None = None
    annotations: tuple[Annotation, ...] = ()


class Pulls(Protocol):
    """Reading a pull. Everything raises `ForgeError`; waits that GitHub asks for, `WaitError`."""

    def pull(self, ref: PullRef) -> Pull:
        """Return a pull as it is now."""

    def diff(self, ref: PullRef) -> str:
        """Return the diff (surrogateescape); raises `TooLargeError` where GitHub refuses it."""

    def files(self, ref: PullRef) -> Iterable[FilePatch]:
        """Yield the files of a pull; GitHub stops after 3,000."""

    def content(self, repository: str, path: str, revision: str) -> bytes | None:
        """Return a file; None where it is not there, is no file, or is too large."""

    def merge_base(self, repository: str, base: str, head: str) -> str:
        """Return the commit that a pull's diff begins at: where base and head parted."""

    def origin(self, repository: str) -> Origin:
        """Return where git fetches a repository from."""


class Reviews(Protocol):
    """Writing a review. A caller looks for its own remark first: posting is at least once."""

    def reviews(self, ref: PullRef) -> Iterable[Remark]:
        """Yield the reviews that this App posted."""

    def post_review(
        self, ref: PullRef, head: str, body: str, comments: Sequence[LineComment]
    ) -> int:
        """Post a review with its comments, all or none; return its id."""

    def comments(self, ref: PullRef) -> Iterable[Remark]:
        """Yield the comments in the conversation that this App posted."""

    def post_comment(self, ref: PullRef, body: str) -> int:
        """Write a comment into the conversation; return its id."""

    def edit_comment(self, repository: str, comment: int, body: str) -> None:
        """Replace a comment's text."""

    def checks(self, repository: str, head: str) -> Iterable[Remark]:
        """Yield this App's check runs on a commit; `body` is the external id."""

    def open_check(self, repository: str, head: str, external_id: str, check: Check) -> int:
        """Make a check run; return its id."""

    def update_check(self, repository: str, id: int, check: Check) -> None:
        """Set a check run's face and conclusion, and add the annotations that it lacks."""


@dataclass(frozen=True, slots=True)
class FailedDelivery:
    """A delivery that GitHub could not hand to us."""

    id: int
    guid: str
    delivered_at: float


class App(Protocol):
    """Being an App: where it is installed, and what did not arrive."""

    def installation(self, repository: str) -> int:
        """Return the installation that a repository belongs to."""

    def pulls(self, installation: int, repository: str) -> Pulls:
        """Open reading for one repository, with a token narrowed to it and to reading."""

    def reviews(self, installation: int, repository: str) -> Reviews:
        """Open writing for one repository, with a token narrowed to it."""

    def failed_deliveries(self, since: float) -> Iterable[FailedDelivery]:
        """Yield once each what was sent since then and never arrived."""

    def redeliver(self, delivery: int) -> None:
        """Ask GitHub to send a delivery again, under the same GUID."""
