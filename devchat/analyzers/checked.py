"""An analyzer that is a library: its file's `check` is run in a child process with limits."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import devchat
from devchat.analyzers.introduced import broken
from devchat.analyzers.pairs import Pair, pairs
from devchat.analyzers.problem import Problem
from devchat.analyzers.sandbox import USUAL, Limits, run, said, scratch
from devchat.analyzers.tool import version_of
from devchat.changes import Diff, Finding, Source
from devchat.errors import AnalyzerError

Verdict = Sequence[Problem] | None
"""What is wrong with a text; None where it can't be judged."""


@dataclass(frozen=True, slots=True)
class Checked:
    """Runs `check(kind, text)` of a module over both sides of the files that it has a kind for.

    `package` is what it imports ("" for nothing but Python's own). `broken` is asked which of the
    problems to tell.
    """

    name: str
    module: str
    kind: Callable[[Pair], str]
    package: str = ""
    distribution: str = ""
    tell: Callable[[str, Pair, Sequence[Problem], Sequence[Problem]], Iterator[Finding]] = broken
    limits: Limits = USUAL

    @property
    def version(self) -> str:
        """Return the version of the library."""
        return version_of(self.distribution) if self.distribution and not self.absent else ""

    @property
    def absent(self) -> str:
        """Say which library is missing."""
        return missing(self.package, self.distribution) if self.package else ""

    def analyse(self, diff: Diff, source: Source) -> Iterable[Finding]:
        """Yield what the change brought."""
        judged = [(pair, kind) for pair in pairs(diff, source) if (kind := self.kind(pair))]
        texts = [(kind, text) for pair, kind in judged for text in (pair.base, pair.head)]
        verdicts = check_all(self.module, texts, self.limits)
        for number, (pair, _) in enumerate(judged):
            base, head = verdicts[2 * number : 2 * number + 2]
            if base is not None and head is not None:
                yield from self.tell(self.name, pair, base, head)


def missing(package: str, distribution: str) -> str:
    """Say that a library is missing and how to get it, "" where it is there."""
    if importlib.util.find_spec(package):
        return ""
    return f"`{distribution}` is not installed: pip install 'devchat-cli[analyzers]'"


def check_all(
    module: str, texts: Sequence[tuple[str, str]], limits: Limits = USUAL
) -> list[Verdict]:
    """Run a module's `check` over texts of some kinds, in a child; empty texts are right."""
    files = {f"{at:06}.{kind}": text for at, (kind, text) in enumerate(texts) if text}
    if not files:
        return [()] * len(texts)
    with scratch(files) as folder:
        command = [sys.executable, "-P", "-m", "devchat.analyzers.child", module]
        code, out = run(command, folder, limits, {"PYTHONPATH": _import_path()})
        if code:
            raise AnalyzerError(f"its check failed: {said(folder) or f'exit status {code}'}")
    try:
        found = json.loads(out)
        return [_verdict(found.get(f"{at:06}", [])) for at in range(len(texts))]
    except (ValueError, TypeError) as error:
        raise AnalyzerError("its check answered in a form that is not known") from error


def _verdict(found: list[dict[str, object]] | None) -> Verdict:
    return None if found is None else [Problem(**one) for one in found]  # type: ignore[arg-type]


def _import_path() -> str:
    """Return where this process imports from, without the folder it stands in."""
    here = str(Path.cwd())
    folders = [one for one in sys.path if Path(one).is_absolute() and one != here]
    return ":".join([*folders, str(Path(devchat.__file__).parent.parent)])
