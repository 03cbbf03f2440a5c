"""What was sent of each input, in tokens, and how people are told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

State = Literal["whole", "cut", "left out"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One input: its tokens, how many of them are sent (fence and marker included), and why.

    `tokens` is 0 where the input was not read, and an estimate (`about`) where it is so long
    that counting it would take longer than answering.
    """

    name: str
    tokens: int
    sent_tokens: int
    state: State
    reason: str = ""
    about: bool = False


@dataclass(frozen=True, slots=True)
class Ledger:
    """Every input once, in the order in which it was named; unread ones last."""

    entries: tuple[Entry, ...]


def ledger_lines(ledger: Ledger) -> list[str]:
    """Return a line for each input, aligned; none where everything was sent whole."""
    if all(entry.state == "whole" for entry in ledger.entries):
        return []
    sent = [f"{entry.sent_tokens:,}" for entry in ledger.entries]
    whole = [_whole(entry) for entry in ledger.entries]
    return [
        f"{entry.state:<8}  {number:>{_width(sent)}} of {total:>{_width(whole)}} tokens  "
        + (f"{entry.name}: {entry.reason}" if entry.reason else entry.name)
        for entry, number, total in zip(ledger.entries, sent, whole, strict=True)
    ]


def short_ledger_lines(ledger: Ledger, most: int = 12) -> list[str]:
    """Return the lines of a ledger; of a long one only the first that were not sent whole."""
    if len(ledger.entries) <= most:
        return ledger_lines(ledger)
    lacking = [entry for entry in ledger.entries if entry.state != "whole"]
    lines = ledger_lines(Ledger(tuple(lacking[:most])))
    if not lines:
        return []
    counts = Counter(entry.state for entry in ledger.entries)
    total = ", ".join(f"{counts[state]:,} {state}" for state in get_args(State) if counts[state])
    return [*lines, f"of {len(ledger.entries):,} inputs: {total} (`--dry-run` lists every one)"]


def _whole(entry: Entry) -> str:
    if entry.state == "left out" and not entry.tokens:
        return "?"
    return f"~{entry.tokens:,}" if entry.about else f"{entry.tokens:,}"


def _width(texts: Sequence[str]) -> int:
    return max(map(len, texts))
