"""What may stand at the end of a command line: commands, options, and their values.

Knows the commands as typer made them, and no shell. Nothing is asked of a model or a service.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from typer.core import TyperArgument, TyperGroup, TyperOption

from devchat.cli.values import VALUES, Value

if TYPE_CHECKING:
    from typer._click.core import Command, Parameter

Tree = Callable[[str], "Command"]
"""Makes the commands: all of them for "", else those that a first word needs."""
_WHOLE = 400
_FILES = frozenset(("file", "target", "schema", "output"))
# A name will do for these, and so will a file.
_NAMES_OR_FILES = frozenset(("model",))
# A name that is not to be there yet.
_NEW = frozenset((("new", "name"),))


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the word at the cursor may become; with `files` the shell lists files itself."""

    values: tuple[Value, ...] = ()
    files: bool = False


@dataclass(slots=True)
class _Reading:
    """A command while the words after it are read."""

    command: Any
    waiting: TyperOption | None = None
    given: set[str] = field(default_factory=set)
    arguments: list[str] = field(default_factory=list)
    only_arguments: bool = False

    def read(self, word: str) -> None:
        """Read a word: an option's value, an option, a subcommand or an argument."""
        if self.waiting is not None:
            self.waiting = None
        elif word == "--":
            self.only_arguments = True
        elif word.startswith("-") and not self.only_arguments:
            self._read_option(word)
        elif isinstance(self.command, TyperGroup) and word in self.command.commands:
            self.command = self.command.commands[word]
        else:
            self.arguments.append(word)

    def _read_option(self, word: str) -> None:
        name, equals, _ = word.partition("=")
        option = _option(self.command, name)
        if option is not None:
            self.given.add(str(option.name))
            self.waiting = None if equals or option.is_flag else option

    def argument(self) -> TyperArgument | None:
        """Return the argument that the next word would be."""
        own = [one for one in self.command.params if isinstance(one, TyperArgument)]
        place = len(self.arguments)
        if place < len(own):
            return own[place]
        return own[-1] if own and own[-1].nargs == -1 else None


def propose(words: Sequence[str], last: str, tree: Tree) -> Proposal:
    """Propose what the last word may become, after the words before it."""
    reading = _Reading(tree(words[0] if words else ""))
    for word in words:
        reading.read(word)
    if reading.waiting is not None:
        return _values(reading, reading.waiting, last)
    if last.startswith("-") and not reading.only_arguments:
        return _options(reading, last)
    if isinstance(reading.command, TyperGroup):
        return _matching(last, _commands(reading.command))
    argument = reading.argument()
    return _values(reading, argument, last) if argument is not None else Proposal()


def _commands(group: TyperGroup) -> Iterable[Value]:
    for name, command in group.commands.items():
        if not command.hidden:
            yield Value(name, command.get_short_help_str(_WHOLE))


def _options(reading: _Reading, last: str) -> Proposal:
    name, equals, start = last.partition("=")
    if equals:
        option = _option(reading.command, name)
        if option is None or option.is_flag:
            return Proposal()
        found = _values(reading, option, start)
        whole = (Value(f"{name}={one.text}", one.about) for one in found.values)
        return Proposal(tuple(whole), found.files)
    return _matching(last, _names_of_options(reading))


def _names_of_options(reading: _Reading) -> Iterable[Value]:
    for one in reading.command.params:
        # A list may be given again.
        if isinstance(one, TyperOption) and (one.multiple or one.name not in reading.given):
            yield from (Value(name, one.help or "") for name in _long_first(one.opts))
    if not isinstance(reading.command, TyperGroup) or not reading.arguments:
        yield Value("--help", "Show this message and exit.")


def _long_first(names: Sequence[str]) -> list[str]:
    return sorted(names, key=lambda name: not name.startswith("--"))


def _option(command: Command, name: str) -> TyperOption | None:
    options = (one for one in command.params if isinstance(one, TyperOption))
    return next((one for one in options if name in one.opts), None)


def _values(reading: _Reading, parameter: Parameter, last: str) -> Proposal:
    name = str(parameter.name)
    if name in _FILES:
        return Proposal(files=True)
    if (reading.command.name, name) in _NEW:
        return Proposal()
    choices = getattr(parameter.type, "choices", None)
    if choices:
        return _matching(last, map(Value, choices))
    source = VALUES.get(name)
    found = _matching(last, source(reading.arguments) if source else ())
    files = name in _NAMES_OR_FILES and not found.values and ":" not in last
    return Proposal(found.values, files)


def _matching(start: str, values: Iterable[Value]) -> Proposal:
    return Proposal(tuple(one for one in values if one.text.startswith(start)))
