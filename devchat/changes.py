"""The values of a change and of its review: a diff goes in, findings and a receipt come out.

Apart from `devchat.types`, so that a question does not wait for them. Knows nothing of files,
git, terminals or models.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from devchat.types import Tier, Usage

Side = Literal["LEFT", "RIGHT"]
"""A side of a diff as GitHub names it: LEFT is the base, RIGHT the head."""
LineKind = Literal["+", "-", " "]
FileStatus = Literal["added", "deleted", "modified", "renamed", "copied"]
Severity = Literal["note", "warning", "error"]
"""How bad a finding is, from least to worst."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a hunk, without its newline; a carriage return before that stays in the text.

    `old` and `new` are its 1-based numbers at base and head, None where it is not there.
    `newline` is false for a file's last line that ends without one.
    """

    kind: LineKind
    text: str
    old: int | None
    new: int | None
    newline: bool = True


@dataclass(frozen=True, slots=True)
class Hunk:
    """A run of changed lines and those around them.

    `header` is the whole `@@` line; a `start` is 1-based as git prints it (0 with a count of 0
    at the beginning of a file).
    """

    header: str
    old_start: int
    old_count: int
    new_start: int
    new_count: int
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class FileDiff:
    """What happens to one file.

    `path` names it at head and `old_path` at base; they differ only where it is renamed or
    copied, and both are set also where the file is added or deleted. Modes are git's octal
    ones ("100755", "160000" for a submodule), "" where not said; blobs are as long as the
    index line gives them, all zeros for an absent side.
    """

    path: str
    old_path: str
    status: FileStatus
    hunks: tuple[Hunk, ...] = ()
    old_mode: str = ""
    new_mode: str = ""
    old_blob: str = ""
    new_blob: str = ""
    binary: bool = False


@dataclass(frozen=True, slots=True)
class Diff:
    """A change of files, in the order of its text. A series may name a file more than once."""

    files: tuple[FileDiff, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """A place where a word stands in a file at head; `line` is 1-based."""

    path: str
    line: int
    text: str


class Source(Protocol):
    """Files around a change. Whatever it reads is a stranger's.

    `base` and `head` name the two sides for people ("" where not known). `complete` tells
    whether a file that `read` does not find is truly not there.
    """

    base: str
    head: str
    complete: bool

    def read(self, side: Side, path: str) -> bytes | None:
        """Return a file's content at a side, None where it is not there or out of reach."""
        ...

    def search(self, word: str) -> Iterable[Hit]:
        """Yield the places of a whole word in the files at head; none where out of reach."""
        ...


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a reviewer has to say, anchored to lines that really read `quote`.

    Lines are 1-based on `side`, `start_line` <= `line`; both are None where no line could be
    found. `suggestion` replaces them all (None: there is none, "": delete them) and is `proven`
    once it was applied and still parsed. `source` is an analyzer's name or "model"; `rule` its
    rule, or the one of the team's that a model cites. `fingerprint` is the same for the same
    code, however it is worded; "" until a review has set it.
    """

    path: str
    side: Side
    start_line: int | None
    line: int | None
    severity: Severity
    category: str
    title: str
    body: str
    quote: str
    suggestion: str | None = None
    source: str = "model"
    rule: str = ""
    proven: bool = False
    fingerprint: str = ""


HunkState = Literal["reviewed", "skipped", "failed"]
AnalyzerState = Literal["ran", "absent", "off", "failed"]


@dataclass(frozen=True, slots=True)
class HunkReceipt:
    """What became of a hunk, and why where it was not reviewed."""

    header: str
    state: HunkState
    reason: str = ""


@dataclass(frozen=True, slots=True)
class FileReceipt:
    """What became of a file's hunks; `reason` where it was left out as a whole."""

    path: str
    hunks: tuple[HunkReceipt, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class AnalyzerReceipt:
    """What became of an analyzer; `reason` where it did not run to its end."""

    name: str
    state: AnalyzerState
    version: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was reviewed, by whom, and what was not.

    `model` is "" where none spoke. `dropped` counts findings by why they were not shown
    ("refuted", "below the floor", "beyond the ceiling", ...). `notes` are what the reader
    should know besides.
    """

    files: tuple[FileReceipt, ...]
    analyzers: tuple[AnalyzerReceipt, ...] = ()
    model: str = ""
    location: str = ""
    tier: Tier | None = None
    usage: Usage = Usage(0, 0)
    base: str = ""
    head: str = ""
    dropped: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def failed(self) -> bool:
        """Whether a part of the review failed: a hunk, or an analyzer that began and gave up."""
        hunks = any(hunk.state == "failed" for file in self.files for hunk in file.hunks)
        return hunks or any(one.state == "failed" for one in self.analyzers)


@dataclass(frozen=True, slots=True)
class Review:
    """A whole review. `findings` are those to show, worst first; `overflow` the rest."""

    summary: str
    findings: tuple[Finding, ...]
    receipt: Receipt
    overflow: tuple[Finding, ...] = ()
