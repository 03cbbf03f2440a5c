"""A tool of another project: where it is, which version, and what it says of both sides."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import sysconfig
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from devchat.analyzers.pairs import Pair
from devchat.analyzers.sandbox import USUAL, Limits, run, said, scratch
from devchat.errors import AnalyzerError, DevchatError

Item = TypeVar("Item")
_VERSION = re.compile(rb"\d+(?:\.\d+)+")


@dataclass(frozen=True, slots=True)
class Tool:
    """An executable by its absolute path, "" where it is not there.

    `known` is its version where that is known without asking it.
    """

    name: str
    path: str
    known: str = ""
    limits: Limits = USUAL

    @property
    def absent(self) -> str:
        """Say that it is missing, and how to get it."""
        if self.path:
            return ""
        return f"`{self.name}` is not installed: pip install 'devchat-cli[analyzers]'"

    @property
    def version(self) -> str:
        """Return its version; "" where it does not say."""
        if self.known or not self.path:
            return self.known
        try:
            with scratch({}) as folder:
                found = _VERSION.search(run([self.path, "--version"], folder, self.limits)[1])
        except DevchatError:
            return ""
        return found[0].decode() if found else ""

    def ask(self, options: Sequence[str], texts: Mapping[str, str], found: int = 0) -> Any:
        """Run it once over some files, and return its JSON.

        `found` is its exit status, besides 0, where it has something to say. Raises
        `AnalyzerError` for any other, and for an answer in another form.
        """
        with scratch(texts) as folder:
            code, out = run([self.path, *options, "--", *sorted(texts)], folder, self.limits)
            why = said(folder) or f"exit status {code}"
        if code and not (code == found and out.startswith((b"[", b"{"))):
            raise AnalyzerError(f"`{self.name}` failed: {why}")
        with self.reading():
            return json.loads(out)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Translate what goes wrong where its answer is not of the expected form."""
        try:
            yield
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            raise AnalyzerError(f"`{self.name}` answered in a form that is not known") from error


def find_tool(name: str, distribution: str) -> Tool:
    """Find a tool beside the Python that runs this, else on PATH; never in a relative folder."""
    beside = os.pathsep.join((sysconfig.get_path("scripts"), str(Path(sys.executable).parent)))
    if path := shutil.which(name, path=beside):
        return Tool(name, path, version_of(distribution))
    folders = os.environ.get("PATH", "").split(os.pathsep)
    absolute = os.pathsep.join(one for one in folders if Path(one).is_absolute())
    return Tool(name, shutil.which(name, path=absolute) or "")


def version_of(distribution: str) -> str:
    """Return the version of what is installed, "" where it is not known."""
    from importlib import metadata

    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return ""


def of_both(judged: Sequence[Pair], suffix: Callable[[Pair], str]) -> dict[str, str]:
    """Return the texts of both sides that are not empty, under harmless names."""
    return {
        f"{2 * number + at:06}.{suffix(pair)}": text
        for number, pair in enumerate(judged)
        for at, text in enumerate((pair.base, pair.head))
        if text
    }


def by_file(
    items: Iterable[Item], name: Callable[[Item], str]
) -> Callable[[int], tuple[list[Item], list[Item]]]:
    """Sort what a tool says by file; the result gives base's and head's of the nth pair."""
    found = defaultdict[int, list[Item]](list)
    for item in items:
        found[int(Path(name(item)).stem)].append(item)
    return lambda number: (found[2 * number], found[2 * number + 1])
