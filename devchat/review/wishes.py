"""What a review is asked with, and what it tells on its way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from devchat.analyzers import Analyzer
from devchat.backends import Backend
from devchat.changes import Diff, Severity, Source
from devchat.policy import Policy
from devchat.prompts import Prompt


@dataclass(frozen=True, slots=True)
class Wishes:
    """How this review is wanted: what the caller asks beyond the repository's policy.

    None leaves a choice to the policy. `paths` are globs (none: all). `model_findings` lets a
    tiny model find too; `about` is what the author says of the change (title, description);
    `trust_worktree` takes the project's own guidance from head.
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
    trust_worktree: bool = False


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


@dataclass(frozen=True, slots=True)
class Task:
    """All that a review is given."""

    diff: Diff
    source: Source
    reviewers: Reviewers
    policy: Policy
    wishes: Wishes
