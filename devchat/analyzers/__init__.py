"""Deterministic checks of a change; they never run, import or configure themselves by its code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Protocol

from devchat.changes import Diff, Finding, Source


class Analyzer(Protocol):
    """Finds what a change introduces, on lines that it touched; one analyzer per file.

    `version` is that of the tool behind it ("" for our own); `absent` says what is missing where
    it can't run ("" where it can).
    """

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str: ...

    @property
    def absent(self) -> str: ...

    def analyse(self, diff: Diff, source: Source) -> Iterable[Finding]:
        """Yield findings; raises `AnalyzerError` where the tool fails or takes too long."""
        ...


ANALYZERS: Mapping[str, str] = MappingProxyType(
    {
        "conflicts": "devchat.analyzers.conflicts",
        "python-syntax": "devchat.analyzers.python_syntax",
        "ruff": "devchat.analyzers.ruff",
        "parse": "devchat.analyzers.parse",
        "json": "devchat.analyzers.json_syntax",
        "toml": "devchat.analyzers.toml_syntax",
        "yaml": "devchat.analyzers.yaml_syntax",
        "shellcheck": "devchat.analyzers.shellcheck",
        "zizmor": "devchat.analyzers.zizmor",
        "secrets": "devchat.analyzers.secrets",
    }
)
"""The analyzers by the names that a policy knows them by, and the modules that open them."""


def open_analyzers() -> tuple[Analyzer, ...]:
    """Return every analyzer there is, in the order in which they are listed."""
    return tuple(import_module(module).open_analyzer() for module in ANALYZERS.values())
