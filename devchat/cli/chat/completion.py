"""What Tab proposes: commands, their arguments, the files of an `@mention`. No terminal here."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from devchat.cli.chat.commands import COMMANDS
from devchat.cli.chat.mentions import BEFORE, PUNCTUATION
from devchat.cli.chat.session import Session
from devchat.context.names import expanded
from devchat.sanitize import HIDDEN, single_line

_BARE_MENTION = re.compile(rf'{BEFORE}@([^\s"{PUNCTUATION}]*)$')
_QUOTED_MENTION = re.compile(rf'{BEFORE}@"([^"\n]*)$')
_COMMAND = re.compile(r"/(\S*)$")
_ARGUMENT = re.compile(r"/(\S+)[ \t]+(.*)$")
_MOST_FILES = 200


@dataclass(frozen=True, slots=True)
class Candidate:
    """A text that replaces the last `length` characters; `about` says what it is."""

    text: str
    length: int
    about: str = ""


def candidates(before: str, session: Session) -> Iterator[Candidate]:
    """Yield what may stand at the end of the text before the cursor."""
    if found := _COMMAND.match(before):
        yield from _commands(found[1])
    elif (found := _ARGUMENT.match(before)) and found[1] in COMMANDS:
        yield from _arguments(found[1], found[2], session)
    elif found := _QUOTED_MENTION.search(before):
        yield from _mentions(found[1], 2 + len(found[1]), session.folder)
    elif found := _BARE_MENTION.search(before):
        yield from _mentions(found[1], 1 + len(found[1]), session.folder)


def _commands(start: str) -> Iterator[Candidate]:
    for command in COMMANDS.values():
        if command.name.startswith(start):
            ending = " " if command.usage else ""
            yield Candidate(f"/{command.name}{ending}", 1 + len(start), command.help)


def _arguments(name: str, given: str, session: Session) -> Iterator[Candidate]:
    if COMMANDS[name].takes_files:
        word = re.split(r"[ \t]+", given)[-1]
        for path in paths(word, session.folder):
            yield Candidate(path, len(word))
        return
    for text, about in COMMANDS[name].propose(session):
        if text.startswith(given):
            yield Candidate(text, len(given), single_line(about, 60))


def _mentions(start: str, length: int, folder: Path) -> Iterator[Candidate]:
    for path in paths(start, folder):
        spaced = bool(re.search(rf"[\s{PUNCTUATION}]", path))
        closing = "" if path.endswith("/") else '"'
        yield Candidate(f'@"{path}{closing}' if spaced else f"@{path}", length)


def paths(start: str, folder: Path) -> Iterable[str]:
    """List the files and folders (with a `/`) whose path begins so; hidden ones if asked for."""
    base, slash, name = start.rpartition("/")
    try:
        with os.scandir(folder / expanded(base + slash)) as entries:
            found = [_shown(entry) for entry in islice(entries, 10_000)]
    except (OSError, ValueError):
        return []
    return [
        base + slash + one
        for one in sorted(found)
        if one.startswith(name) and (name or not one.startswith(".")) and not HIDDEN.search(one)
    ][:_MOST_FILES]


def _shown(entry: os.DirEntry[str]) -> str:
    try:
        return entry.name + ("/" if entry.is_dir() else "")
    except OSError:
        return entry.name
