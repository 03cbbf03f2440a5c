"""Changes made by hand: two trees, the diff between them, and a model that says what it is told."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from devchat.analyzers import Analyzer
from devchat.backends import Backend
from devchat.backends.scripted import Answer, Manner, Scripted
from devchat.changes import Diff, Finding, Hit, Review, Side
from devchat.diff import parse
from devchat.policy import Policy
from devchat.prompts import load_prompt, shipped_folder
from devchat.review import Progress, Prompts, Reviewers, Wishes, review
from devchat.types import Options, Request

PROMPTS = Prompts(
    *(
        load_prompt(name, [shipped_folder()])
        for name in ("review", "review-verify", "review-summary")
    )
)


@dataclass
class Trees:
    """Both sides of a change, by path."""

    at_base: Mapping[str, str]
    at_head: Mapping[str, str]
    base: str = "base"
    head: str = "head"
    complete: bool = True

    def read(self, side: Side, path: str) -> bytes | None:
        text = (self.at_base if side == "LEFT" else self.at_head).get(path)
        return None if text is None else text.encode("utf-8", "surrogateescape")

    def search(self, word: str) -> Iterator[Hit]:
        for path, text in self.at_head.items():
            for number, line in enumerate(text.split("\n"), 1):
                if word in line:
                    yield Hit(path, number, line)

    def close(self) -> None: ...

    def diff(self, context: int = 3) -> Diff:
        paths = sorted({*self.at_base, *self.at_head})
        return parse("".join(self._diff(path, context) for path in paths))

    def _diff(self, path: str, context: int) -> str:
        base, head = self.at_base.get(path), self.at_head.get(path)
        if base == head:
            return ""
        lines = difflib.unified_diff(
            (base or "").split("\n")[:-1],
            (head or "").split("\n")[:-1],
            "/dev/null" if base is None else f"a/{path}",
            "/dev/null" if head is None else f"b/{path}",
            n=context,
            lineterm="",
        )
        return "\n".join((f"diff --git a/{path} b/{path}", *lines, ""))


class Patch(Trees):
    """A change of which only the diff is known."""

    def read(self, side: Side, path: str) -> bytes | None:
        return None

    def search(self, word: str) -> Iterator[Hit]:
        return iter(())


def one_file(base: str, head: str, path: str = "a.py", **other: str) -> Trees:
    """A change of one file; `other` files are the same on both sides."""
    same = {name.replace("__", "."): text for name, text in other.items()}
    return Trees({path: base} | same, {path: head} | same)


def said(quote: str = "", **changes: Any) -> dict[str, Any]:
    """A finding as a model writes it."""
    return {
        "path": "a.py",
        "quote": quote,
        "last_quote": None,
        "line": None,
        "title": "It fails for an empty list",
        "body": "With [] it divides by zero.",
        "severity": "error",
        "category": "bug",
        "rule": None,
        "suggestion": None,
    } | changes


def answer(*findings: object, summary: str = "It changes a file.") -> str:
    """An answer to a chunk."""
    return json.dumps({"summary": summary, "findings": list(findings)})


class Unbound(Scripted):
    """A model whose answers nobody holds to the schema or to a length before they come."""

    def __init__(
        self,
        answers: Iterable[str | Answer] | Callable[[Request], str | Answer],
        manner: Manner | None = None,
    ) -> None:
        super().__init__(answers, manner=manner)

    def complete_many(self, requests: Sequence[Request]) -> Iterator[Any]:
        bare = [replace(one, options=Options()) for one in requests]
        return super().complete_many(bare)


@dataclass(frozen=True)
class Checker:
    """An analyzer that finds what it was given."""

    findings: tuple[Finding, ...] = ()
    name: str = "checker"
    version: str = "1"
    absent: str = ""
    error: Exception | None = field(default=None)

    def analyse(self, diff: Diff, source: object) -> Iterable[Finding]:
        if self.error is not None:
            raise self.error
        return self.findings


def run(
    trees: Trees,
    backend: Backend | None,
    *analyzers: Analyzer,
    policy: Policy | None = None,
    wishes: Wishes | None = None,
    diff: Diff | None = None,
) -> Review:
    """Review a change to its end."""
    *progress, last = review(
        trees.diff() if diff is None else diff,
        trees,
        Reviewers(analyzers, backend, PROMPTS),
        policy or Policy(),
        wishes or Wishes(),
    )
    assert all(isinstance(one, Progress) for one in progress)
    assert isinstance(last, Review)
    return last


def states(done: Review) -> list[str]:
    """The state of every hunk."""
    return [hunk.state for file in done.receipt.files for hunk in file.hunks]
