"""The manual page devchat(1), made from the commands, the settings and the pages about them.

In roff with the macros of man(7): https://man7.org/linux/man-pages/man7/man.7.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from textwrap import wrap
from typing import Any

from typer.core import TyperArgument, TyperGroup
from typer.main import get_command

from devchat import __version__
from devchat.cli import build_app
from devchat.settings.load import variable_of
from devchat.settings.paths import find_paths
from devchat.settings.schema import read_schema

ROOT = Path(__file__).parent.parent
DATE = "2026-11-21"
"""Of the last change that readers should notice; not of the last run."""
LINKS = ("git", "pytest", "bash", "fish", "zsh")
DESCRIPTION = (
    "`devchat` answers questions about code, explains what is in front of you, and talks with you,"
    " on a quantized model of your own machine or on any OpenAI-compatible service that you name."
    " With no settings at all a small model that comes with the package answers, offline. Nothing"
    " is ever sent to a service that you did not name.",
    "Answers go to standard output and everything else to standard error. What is piped in goes"
    " along. Conversations are kept on this machine, through Ctrl-C and kill -9, unless"
    " `--no-save` is given or the setting `history` is false.",
    "Without a command it says in ten lines what it can do.",
)


def manual_page() -> str:
    """Return docs/devchat.1 as it should be."""
    tree = get_command(build_app())
    assert isinstance(tree, TyperGroup)
    lines = [
        '.\\" Written by `make docs`, and checked by a test.',
        f'.TH DEVCHAT 1 {DATE} "devchat {__version__}" "User Commands"',
        ".SH NAME",
        "devchat \\- a developer assistant on a model of your own machine, or on a service",
        ".SH SYNOPSIS",
        ".B devchat",
        "[\\fIOPTIONS\\fR] \\fICOMMAND\\fR [\\fIARGS\\fR]...",
        ".SH DESCRIPTION",
        *_paragraphs("\n\n".join(DESCRIPTION)),
        ".SH OPTIONS",
        *_parameters(tree, _context(tree, None, "devchat")),
        ".SH COMMANDS",
        "Every command also takes \\fB\\-h\\fR and \\fB\\-\\-help\\fR.",
        *_commands(tree, _context(tree, None, "devchat")),
        ".SH EXIT STATUS",
        *_exit_status(),
        ".SH ENVIRONMENT",
        *_environment(),
        ".SH FILES",
        *_files(),
        ".SH EXAMPLES",
        *_examples(),
        ".SH SEE ALSO",
        " ,\n".join(f".BR {name} (1)" for name in LINKS),
    ]
    return "\n".join(lines) + "\n"


def _context(command: Any, parent: Any, name: str) -> Any:
    return command.context_class(command, info_name=name, parent=parent)


def _commands(group: TyperGroup, above: Any) -> Iterator[str]:
    """Write a section for each command, those of a group after it."""
    for name, command in group.commands.items():
        context = _context(command, above, name)
        if isinstance(command, TyperGroup):
            yield from _commands(command, context)
            continue
        yield f".SS {_bold(context.command_path)} {_usage(command, context)}".rstrip()
        yield from _paragraphs(command.help or "")
        yield from _parameters(command, context)


def _usage(command: Any, context: Any) -> str:
    pieces = [re.sub(r"[{}]", "", piece) for piece in command.collect_usage_pieces(context)]
    if all(isinstance(one, TyperArgument) for one in command.params):
        pieces.remove("[OPTIONS]")
    return " ".join(re.sub(r"[A-Za-z-]+", lambda one: _italic(one[0]), piece) for piece in pieces)


def _paragraphs(text: str) -> Iterator[str]:
    for number, paragraph in enumerate(text.split("\n\n")):
        kept = paragraph.removeprefix("\b\n")
        yield from [".PP"] * bool(number)
        yield from (
            [".nf", *map(_escaped, kept.split("\n")), ".fi"]
            if kept != paragraph
            else [_text(" ".join(paragraph.split()))]
        )


def _parameters(command: Any, context: Any) -> Iterator[str]:
    for one in command.params:
        record = one.get_help_record(context)
        if record is None:
            continue
        name, about = record
        head = _italic(name) if isinstance(one, TyperArgument) else _option(name)
        yield from (".TP", head, _text(" ".join(about.split())))


def _option(record: str) -> str:
    """Write `-f, --file WHAT` with its names bold and its value in italics."""
    parts = re.split(r" (?!-)", record, maxsplit=1)
    names, value = (*parts, "")[:2]
    shown = ", ".join(map(_bold, names.split(", ")))
    return f"{shown} {_italic(value)}" if value else shown


def _exit_status() -> Iterator[str]:
    rows = re.findall(r"^\| (\d+) \| (.+) \|$", (ROOT / "ARCHITECTURE.md").read_text(), re.M)
    for code, meaning in rows:
        if not meaning.startswith("`"):  # the rooms of the house have numbers too
            yield from (".TP", _bold(code), _text(meaning))


def _environment() -> Iterator[str]:
    """Write the settings that have a variable, then other variables that are read."""
    for field in read_schema().values():
        if "*" not in field.path:
            wanted = "" if field.kind is str else f": {field.wanted}"
            yield from _defined(variable_of(field.path), field.rule.note + wanted)
    yield from _defined("DEVCHAT_CONFIG_DIR", "the folder of settings, keys and prompt files")
    yield from _defined("DEVCHAT_DATA_DIR", "the folder of the history and of model files")
    yield from _defined("DEVCHAT_RUNTIME_DIR", "the folder of the sockets of running models")
    yield from _defined("OPENAI_API_KEY", "and so on for other services: the key sent to them")
    yield from _defined("NO_COLOR", "if set, no colours")
    yield from _defined("VISUAL, EDITOR", "the editor for settings, prompts and questions")


def _files() -> Iterator[str]:
    paths = find_paths({"HOME": "/home"}, "linux")
    abouts = {
        paths.config_file: "settings; see devchat config",
        paths.keys_file: "keys, where the system has no keyring; only for your eyes (0600)",
        paths.prompts: "prompt files of your own, before those that come with devchat",
        paths.models: "GGUF files that -m finds by their name",
        paths.history: "conversations; see devchat history",
        paths.history.with_name("inputs.jsonl"): "what was entered in devchat chat",
    }
    for path, about in abouts.items():
        yield from (".TP", _italic(str(path).replace("/home/", "~/", 1)), _text(about))
    yield from (".PP", _text("On macOS both folders are ~/Library/Application Support/devchat."))


def _examples() -> Iterator[str]:
    """Take those of README.md."""
    text = (ROOT / "README.md").read_text().partition("things to try\n\n")[2]
    yield ".nf"
    yield from (_escaped(line[4:]) for line in text.partition("\n\n")[0].split("\n"))
    yield ".fi"


def _defined(name: str, about: str) -> Iterable[str]:
    return (".TP", _bold(name), _text(about))


def _bold(text: str) -> str:
    return f"\\fB{_escaped(text)}\\fR"


def _italic(text: str) -> str:
    return f"\\fI{_escaped(text)}\\fR"


def _text(text: str) -> str:
    """Write text on lines of its own; what is between backticks becomes bold."""
    parts = text.split("`")
    shown = "".join(_bold(part) if at % 2 else _escaped(part) for at, part in enumerate(parts))
    lines = wrap(shown, 78, break_long_words=False, break_on_hyphens=False)
    return "\n".join(f"\\&{line}" if line.startswith((".", "'")) else line for line in lines)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\e").replace("-", "\\-").replace("^", "\\(ha").replace("~", "\\(ti")
