"""What `git log` prints: how many commits, whose, from when to when, and their subjects."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from devchat.explain.sample import LONGEST_LINE, clipped, counted, lines_of, share

_COMMIT = re.compile(r"commit (?P<id>[0-9a-f]{7,64})(?: \(.*\))?$")
_HEADER = re.compile(r"(?P<name>Author|Date|AuthorDate): +(?P<value>.*)")
_SHORT = re.compile(r"(?P<id>[0-9a-f]{7,40}) (?:\((?:HEAD|tag|origin)[^)]*\) )?(?P<subject>\S.*)")
_MOST_SHOWN = 20
_LONGEST = 100


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit, as far as its lines tell."""

    id: str
    subject: str = ""
    author: str = ""
    date: str = ""


@dataclass(frozen=True, slots=True)
class Commits:
    """Commits in the order of the text, which is the newest first unless asked otherwise."""

    commits: tuple[Commit, ...]

    def text(self) -> tuple[str, ...]:
        """Write it for people and models."""
        authors = Counter(one.author for one in self.commits if one.author)
        dates = [one.date for one in self.commits if one.date]
        head = [counted(len(self.commits), "commit")]
        if authors:
            named = (f"{name} ({count:,})" for name, count in authors.most_common(5))
            head.append(f"by {', '.join(named)}")
        if dates:
            between = f"from {dates[-1]} to {dates[0]}"
            head.append(between if len(dates) > 1 else f"of {dates[0]}")
        return (*head, *(f"{one.id[:9]} {one.subject}" for one in self.commits[:_MOST_SHOWN]))


def are_commits(lines: Sequence[str]) -> bool:
    """Tell by git's headings, or by lines that nearly all begin with a short hash."""
    pairs = zip(lines, lines[1:], strict=False)
    if any(_COMMIT.match(one) and next_.startswith(("Author:", "Merge:")) for one, next_ in pairs):
        return True
    return len(lines) > 1 and share(lines, _SHORT) >= 0.95


def read_commits(text: str) -> Commits:
    """Read the commits of `git log`, in its long forms or with `--oneline`."""
    lines = [line[:LONGEST_LINE] for line in lines_of(text)]
    return Commits(tuple(_long(lines)) or tuple(_short(lines)))


def _long(lines: Sequence[str]) -> Iterator[Commit]:
    starts = [number for number, line in enumerate(lines) if _COMMIT.match(line)]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=False):
        found = _COMMIT.match(lines[start])
        own = lines[start + 1 : end]
        headers = {one["name"]: one["value"] for line in own if (one := _HEADER.match(line))}
        subject = next((line.strip() for line in own if line.startswith("    ")), "")
        author = headers.get("Author", "").split(" <")[0]
        date = headers.get("Date") or headers.get("AuthorDate", "")
        name = found["id"] if found else ""
        yield Commit(name, clipped(subject, _LONGEST), clipped(author, _LONGEST), date[:_LONGEST])


def _short(lines: Sequence[str]) -> Iterator[Commit]:
    for line in lines:
        if found := _SHORT.match(line):
            yield Commit(found["id"], clipped(found["subject"].strip(), _LONGEST))
