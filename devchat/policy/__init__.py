"""A repository's own policy, `.devchat.toml`: an allow-list that can only make a review narrower.

It names no model, address, key or command. Made anew for each review and passed down; never mixed
with `Settings`. Read by `devchat.policy.read`, from a change's base.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from devchat.changes import Severity


@dataclass(frozen=True, slots=True)
class PathPolicy:
    """What holds for the files that a glob (as in `.gitignore`) matches."""

    glob: str
    instructions: str = ""
    min_severity: Severity | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One of the team's rules; a finding cites it by `id`."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Policy:
    """What a repository wants of its reviews; the defaults are a repository without a policy.

    `language` is the one to answer in ("" = English). `analyzers` maps a name to whether it
    may run; those not named do. `max_files` and `max_file_lines` (lines of a file's hunks) bound
    what is sent to a model.
    """

    ignore: tuple[str, ...] = ()
    paths: tuple[PathPolicy, ...] = ()
    rules: tuple[Rule, ...] = ()
    language: str = ""
    analyzers: Mapping[str, bool] = field(default_factory=dict)
    min_severity: Severity = "note"
    max_findings: int = 5
    max_files: int = 300
    max_file_lines: int = 5_000
