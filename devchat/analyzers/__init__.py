"""Deterministic checks of a change; they never run, import or configure themselves by its code."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from devchat.changes import Diff, Finding, Source


class Analyzer(Protocol):
    """Finds what a change introduces, on lines that it touched; one analyzer per file.

    `version` is that of the tool behind it ("" for our own); `absent` says what is missing where
    it can't run ("" where it can).
    """

    name: str

    @property
    def version(self) -> str: ...

    @property
    def absent(self) -> str: ...

    def analyse(self, diff: Diff, source: Source) -> Iterable[Finding]:
        """Yield findings; raises `AnalyzerError` where the tool fails or takes too long."""
        ...


def open_analyzers() -> tuple[Analyzer, ...]:
    """Return every analyzer there is, in the order in which they are listed."""
    raise NotImplementedError
