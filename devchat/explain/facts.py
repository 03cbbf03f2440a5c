"""The facts about one input: the one place that chooses who gathers them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, ClassVar, Protocol

from devchat.explain.kinds import Kind
from devchat.explain.place import Place
from devchat.explain.recognise import file_of
from devchat.explain.sample import counted
from devchat.sanitize import single_line
from devchat.types import Tier

_LONGEST = 240
MOST_FACTS: Mapping[Tier, int] = {"tiny": 24, "small": 80, "large": 80}
"""How many lines of facts a model is shown: a tiny one loses the thread among many."""


class Facts(Protocol):
    """What code found in a text: a dataclass with a plain form."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    def text(self) -> tuple[str, ...]:
        """Write it in lines, the most important first."""


@dataclass(frozen=True, slots=True)
class Examined:
    """An input with what it was taken for and the facts about it."""

    name: str
    kind: Kind
    facts: Facts

    def lines(self) -> list[str]:
        """Write the facts, each on one visible line."""
        return [_line(line) for line in self.facts.text()]

    def part(self, first: int, last: int) -> Examined:
        """Return it for some of its lines: their definitions, and all other facts as they are."""
        from devchat.explain.outline import Outline

        if not isinstance(self.facts, Outline):
            return self
        return replace(self, facts=self.facts.within(first, last))

    def as_json(self) -> dict[str, Any]:
        """Write it for programs."""
        return {
            "name": self.name,
            "kind": self.kind.name,
            "family": self.kind.family,
            "facts": asdict(self.facts),
        }


def gather(name: str, kind: Kind, text: str, place: Place) -> Examined:
    """Gather the facts that belong to a kind. Never raises, whatever the text is."""
    return Examined(name, kind, _facts(name, kind, text, place))


def _facts(name: str, kind: Kind, text: str, place: Place) -> Facts:
    # Each reader is imported where it is needed: a command loads one of them.
    match kind.family:
        case "source":
            from devchat.explain.outline import outline

            return outline(kind.name, kind.title, text, file_of(name)[1])
        case "diff":
            from devchat.explain.diffstat import read_diff

            return read_diff(text)
        case "error":
            return _of_error(kind, text, place)
        case "log":
            from devchat.explain.logs import read_log

            return read_log(text)
        case "data":
            return _of_data(kind, text)
        case "prose":
            return _of_prose(kind, text)


def _of_data(kind: Kind, text: str) -> Facts:
    if kind.name == "csv":
        from devchat.explain.table import read_table

        return read_table(text)
    from devchat.explain.shape import read_shape

    return read_shape(kind.name, text)


def _of_prose(kind: Kind, text: str) -> Facts:
    if kind.name == "commits":
        from devchat.explain.commits import read_commits

        return read_commits(text)
    from devchat.explain.prose import read_prose

    return read_prose(text)


def _of_error(kind: Kind, text: str, place: Place) -> Facts:
    if kind.name == "error":  # of no known tool: like a short log
        from devchat.explain.logs import read_log

        return read_log(text)
    if kind.name.endswith(("traceback", "panic")):
        from devchat.explain.trace import read_trace

        return read_trace(kind.name, text, place)
    from devchat.explain.messages import read_messages

    return read_messages(kind.name, text, place)


def facts_text(examined: Sequence[Examined], most: int) -> str:
    """Write the facts of all inputs in at most so many lines, shared out evenly."""
    share = max(1, most // max(1, len(examined)))
    blocks = []
    for one in examined[:most]:
        lines = one.lines()
        cut = [*lines[:share], f"... {counted(len(lines) - share, 'more fact')}"]
        lines = cut if len(lines) > share else lines
        blocks.append("\n".join([f"{one.name} is {one.kind.title}.", *lines]))
    return "\n\n".join(blocks)


def _line(text: str) -> str:
    """Keep the indentation of a line, and make the rest visible."""
    indent = text[: len(text) - len(text.lstrip(" "))]
    return indent + single_line(text, _LONGEST)
