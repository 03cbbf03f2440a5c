"""A checked prompt, and how it is filled. Knows no files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from string import Template

from devchat.errors import PromptError
from devchat.types import Message, Schema, Tier


@dataclass(frozen=True, slots=True)
class Section:
    """A section's text, and the line of the file where it begins."""

    text: str = ""
    line: int = 1


@dataclass(frozen=True, slots=True)
class Example:
    """A question and the answer that a model should give."""

    user: str
    assistant: str

    @property
    def messages(self) -> tuple[Message, Message]:
        """The example as two turns."""
        return Message.of("user", self.user), Message.of("assistant", self.assistant)


@dataclass(frozen=True, slots=True)
class Prompt:
    """A checked prompt file; `messages` wants a value for each of its `inputs`."""

    name: str
    sections: Mapping[str, Section]
    examples: tuple[Example, ...] = ()
    description: str = ""
    inputs: tuple[str, ...] = ()
    temperature: float | None = None
    max_tokens: int | None = None
    schema: Schema | None = None

    @property
    def takes_questions(self) -> bool:
        """Whether it can be asked anything: a question, with files or without."""
        return "question" in self.inputs and set(self.inputs) <= {"question", "files"}

    def messages(
        self, values: Mapping[str, str], *, tier: Tier, shots: int, system: str | None = None
    ) -> tuple[Message, ...]:
        """Fill the prompt: system, then the first `shots` examples, then user.

        `system` replaces the prompt's own and is not filled. A line that holds nothing but an
        input whose value is empty goes, with the blank lines after it. Raises PromptError.
        """
        self._check_values(values)
        own = _fill(self.section("System", tier), values)
        head = own if system is None else system
        return (
            *((Message.of("system", head),) if head else ()),
            *(message for one in self.examples[:shots] for message in one.messages),
            Message.of("user", _fill(self.section("User", tier), values)),
        )

    def section(self, heading: str, tier: Tier) -> Section:
        """Return a section, in its short form for a tiny model where there is one."""
        usual = self.sections.get(heading, Section())
        return self.sections.get(f"{heading} (tiny)", usual) if tier == "tiny" else usual

    def _check_values(self, values: Mapping[str, str]) -> None:
        for name in self.inputs:
            if name not in values:
                line = self._line_using(name)
                raise fault(self.name, line, f"no value for the input `{name}`", "give it one")
        for name in values:
            if name not in self.inputs:
                hint = f"it takes {', '.join(self.inputs) or 'none'}"
                raise PromptError(f"prompt `{self.name}` takes no input `{name}`", hint)

    def _line_using(self, name: str) -> int:
        uses = (use for one in self.sections.values() for use in placeholders(self.name, one))
        return next((line for used, line in uses if used == name), 1)


def placeholders(name: str, section: Section) -> Iterator[tuple[str, int]]:
    """Yield (input, line) for each placeholder. Raises PromptError for one that is malformed."""
    for found in Template.pattern.finditer(section.text):
        line = section.line + section.text.count("\n", 0, found.start())
        if found["invalid"] is not None:
            raise fault(name, line, "a `$` that names no input", "a dollar is written `$$`")
        if used := found["named"] or found["braced"]:
            yield used, line


def _fill(section: Section, values: Mapping[str, str]) -> str:
    text = section.text
    for name in (name for name, value in values.items() if not value and name in text):
        text = re.sub(
            rf"^\$(?:{name}|{{{name}}})[ \t]*(?:\n(?:[ \t]*\n)*|\Z)", "", text, flags=re.MULTILINE
        )
    return Template(text.rstrip("\n")).substitute(values)


def fault(name: str, line: int, problem: str, hint: str) -> PromptError:
    """Make the error for a line of a prompt."""
    return PromptError(f"prompt `{name}`, line {line}: {problem}", hint)
