"""What the steps of a review keep, as JSON and back. No token is ever in it."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from bot.forge import FilePatch
from bot.jobs import JSON
from devchat.changes import (
    AnalyzerReceipt,
    FileReceipt,
    Finding,
    HunkReceipt,
    Receipt,
    Review,
)
from devchat.render.review.objects import review_object
from devchat.types import Usage


@dataclass(frozen=True, slots=True)
class Fetched:
    """A pull's change as GitHub gave it, and the policy that holds for it.

    `base` is where the diff begins. `text` is the diff, None where GitHub found it too large, or
    gave that of another commit: then `files` are what it listed instead. `policy` is the text in
    force, `notes` what should be known of it, `about` the author's own words.
    """

    base: str
    head: str
    text: str | None
    files: tuple[FilePatch, ...] = ()
    policy: str = ""
    notes: tuple[str, ...] = ()
    about: str = ""


@dataclass(frozen=True, slots=True)
class Looked:
    """A review without secrets, and for each finding the path to comment at.

    That is "" where the diff does not have its lines. `trouble` says why there is no review (then
    it is an empty one), `partial` that something which should have been reviewed was not.
    """

    review: Review
    places: tuple[str, ...] = ()
    trouble: str = ""
    partial: bool = False


def fetched_record(fetched: Fetched) -> JSON:
    """Write what was fetched."""
    return asdict(fetched)


def read_fetched(value: JSON) -> Fetched:
    """Read what was fetched."""
    files = tuple(FilePatch(**one) for one in value["files"])
    return Fetched(**value | {"files": files, "notes": tuple(value["notes"])})


def looked_record(looked: Looked) -> JSON:
    """Write a review, in devchat's own form."""
    return {
        "review": review_object(looked.review),
        "places": list(looked.places),
        "trouble": looked.trouble,
        "partial": looked.partial,
    }


def read_looked(value: JSON) -> Looked:
    """Read a review."""
    review = read_review(value["review"])
    return Looked(review, tuple(value["places"]), value["trouble"], value["partial"])


def read_review(value: JSON) -> Review:
    """Read devchat's own JSON form of a review."""
    receipt = value["receipt"]
    parts = {
        "files": tuple(map(_file, receipt["files"])),
        "analyzers": tuple(AnalyzerReceipt(**one) for one in receipt["analyzers"]),
        "usage": Usage(**receipt["usage"]),
        "notes": tuple(receipt["notes"]),
    }
    return Review(
        value["summary"],
        tuple(Finding(**one) for one in value["findings"]),
        Receipt(**receipt | parts),
        tuple(Finding(**one) for one in value["overflow"]),
    )


def _file(value: JSON) -> FileReceipt:
    hunks = tuple(HunkReceipt(**one) for one in value["hunks"])
    return FileReceipt(value["path"], hunks, value["reason"])
