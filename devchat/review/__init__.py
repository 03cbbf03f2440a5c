"""The review pipeline: select, analyse, pack, ask, anchor, prove, rank, and a receipt.

One pipeline for the terminal and for the bot. It has no tools, no shell and no secrets.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from devchat.analyzers import Analyzer
from devchat.backends import Backend
from devchat.changes import Diff, Review, Severity, Source
from devchat.policy import Policy
from devchat.prompts import Prompt


@dataclass(frozen=True, slots=True)
class Wishes:
    """How this review is wanted: what the caller asks beyond the repository's policy.

    None leaves a choice to the policy. `paths` are globs (none: all). `model_findings` lets a
    tiny model find too; `about` is what the author says of the change (title, description).
    """

    min_severity: Severity | None = None
    max_findings: int | None = None
    paths: tuple[str, ...] = ()
    model_findings: bool = False
    verify: bool = False
    shots: int | None = None
    temperature: float | None = None
    seed: int | None = None
    about: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a review is: `done` of `total` steps of a phase, and tokens so far."""

    phase: Literal["analyse", "ask", "verify", "summarise"]
    done: int
    total: int
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class Prompts:
    """The prompts of a review, loaded by whoever knows where they are."""

    find: Prompt
    verify: Prompt
    summary: Prompt


@dataclass(frozen=True, slots=True)
class Reviewers:
    """Who looks at a change. Without a backend only analyzers speak."""

    analyzers: Sequence[Analyzer]
    backend: Backend | None
    prompts: Prompts


def review(
    diff: Diff, source: Source, reviewers: Reviewers, policy: Policy, wishes: Wishes
) -> Iterator[Progress | Review]:
    """Review a change; the `Review` comes last.

    A chunk that no answer came for is in the receipt,
    not raised. Raises `InputError` where nothing can be reviewed at all.
    """
    raise NotImplementedError
