"""What a policy says of a path. Globs are read as in `.gitignore`, by `pathspec`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING

from devchat.changes import Severity
from devchat.policy import PathPolicy, Policy

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

MOST_STARS = 4
STARS = re.compile(r"\*+")


class Globs:
    """Globs as in `.gitignore`: `*.md`, `docs/`, `src/**/*.py`, and `!README.md` takes one back."""

    def __init__(self, globs: Iterable[str]) -> None:
        self._globs = tuple(globs)

    def match(self, path: str) -> bool:
        """Tell whether a path, relative to the repository, is matched."""
        return bool(self._globs) and self._spec.match_file(path)

    def match_itself(self, path: str) -> bool:
        """Tell whether a path itself is matched, not only a folder above it: `.gitattributes`."""
        found = (one.match_file(path) for one in self._spec.patterns if one.include)
        return any(one and one.match.groupdict().get("ps_d") is None for one in found)

    @cached_property
    def _spec(self) -> GitIgnoreSpec:
        return _compile(self._globs)


def is_glob(text: str) -> bool:
    """Tell whether a text is a glob that can match anything; blanks and comments are none."""
    try:
        return any(one.include is not None for one in _compile([text]).patterns)
    except (ValueError, re.error):  # pathspec's own, and Python's of a range such as `[a-Z]`
        return False


def is_tame(glob: str) -> bool:
    """Tell whether a glob is quickly matched: each `*` in a name can match in many ways."""
    stars = sum(len(STARS.findall(step)) for step in glob.split("/") if step != "*")
    return stars <= MOST_STARS


def _compile(globs: Iterable[str]) -> GitIgnoreSpec:
    from pathspec import GitIgnoreSpec

    return GitIgnoreSpec.from_lines(globs, backend="simple")


class PathRules:
    """A policy's `[[paths]]`, ready to be asked of many paths."""

    def __init__(self, policy: Policy) -> None:
        self._floor: Severity = policy.min_severity
        self._paths = tuple((Globs([one.glob]), one) for one in policy.paths)

    def instructions(self, path: str) -> tuple[str, ...]:
        """Return all instructions that hold for a path, in the policy's order."""
        return tuple(one.instructions for one in self._matching(path) if one.instructions)

    def floor(self, path: str) -> Severity:
        """Return the least severity that is shown; the last glob that sets one wins."""
        floors = [one.min_severity for one in self._matching(path) if one.min_severity]
        return floors[-1] if floors else self._floor

    def _matching(self, path: str) -> list[PathPolicy]:
        return [policy for globs, policy in self._paths if globs.match(path)]
