"""What the jobs speak in: whom they ask, which head of which pull, and how an attempt ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from bot.forge import PullRef
from bot.jobs import JSON, Job
from devchat.settings import Settings

Over = Literal["", "superseded", "unwanted", "limited", "failed"]
"""Why a review ends early: a newer head, a pull that is not to be reviewed, too many reviews of
late, an error; "" not."""
AGAIN = ("superseded", "unwanted", "limited", "failed")
"""Outcomes after which the same head may be reviewed once more by itself."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What a review is made with: devchat's settings, its environment, a folder to fetch into.

    At most `per_day` reviews of a repository begin in 24 hours (0: any number). The model has
    `seconds` for one; what it is at then counts for nothing.
    """

    settings: Settings
    environ: Mapping[str, str] = field(repr=False)  # there may be keys in it
    data: Path
    drafts: bool = False
    per_day: int = 0
    seconds: float = 3600.0


@dataclass(frozen=True, slots=True)
class Target:
    """One attempt at one head of a pull. Its `id` is the job's, and the check's external id.

    `delivery` is what asked for it, for the logs.
    """

    ref: PullRef
    head: str
    installation: int
    attempt: int
    delivery: str = ""

    @property
    def id(self) -> str:
        """The name that alone decides about duplicates."""
        return f"review:{self.ref}:{self.head}:{self.attempt}"

    def job(self, delay: float = 0.0) -> Job:
        """Make the job of this attempt."""
        payload = {
            "repository": self.ref.repository,
            "number": self.ref.number,
            "head": self.head,
            "installation": self.installation,
            "attempt": self.attempt,
            "delivery": self.delivery,
        }
        return Job("review", self.id, payload, str(self.installation), delay)


def read_target(payload: JSON) -> Target:
    """Read what `Target.job` wrote."""
    ref = PullRef(payload["repository"], payload["number"])
    where = ref, payload["head"], payload["installation"], payload["attempt"]
    return Target(*where, payload.get("delivery", ""))


def is_delivery(id: str) -> bool:
    """Tell the job of a delivery, whose id is its GUID, from one that we made ourselves."""
    return ":" not in id


def delivery_of(id: str) -> str:
    """Return the GUID that a job's id begins with, "" where a person or we ourselves asked."""
    first = id.partition(":")[0]
    return "" if first in ("hand", "review") else first


def attempt_of(id: str) -> int:
    """Return the number of the attempt that a job's id ends with."""
    return int(id.rpartition(":")[2])
