"""The commands of a conversation, in one table; what each does is in the `do_` files beside."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from devchat.cli.chat import do_answers, do_conversations, do_files, do_model, do_turns
from devchat.cli.chat.outcome import Leave, Outcome, Say
from devchat.cli.chat.session import Session
from devchat.cli.chat.table import table
from devchat.errors import UsageError

Proposal = tuple[str, str]
"""An argument that Tab proposes, and what it is."""


def _nothing(session: Session) -> Iterable[Proposal]:
    return ()


@dataclass(frozen=True, slots=True)
class Command:
    """A word after `/`, what it does with the rest of the line, and how that is completed."""

    name: str
    run: Callable[[Session, str], Outcome]
    help: str
    usage: str = ""
    propose: Callable[[Session], Iterable[Proposal]] = _nothing
    takes_files: bool = False


def _help(session: Session, argument: str) -> Outcome:
    if argument:
        command = find(argument.removeprefix("/"))
        return Say(table([(f"/{command.name} {command.usage}".rstrip(), command.help)]))
    rows = [(f"/{one.name} {one.usage}".rstrip(), one.help) for one in COMMANDS.values()]
    return Say((*table(rows), "", *table(KEYS)))


def _quit(session: Session, argument: str) -> Outcome:
    return Leave()


def _names(session: Session) -> Iterable[Proposal]:
    return ((one.name, one.help) for one in COMMANDS.values())


_ALL = (
    Command("help", _help, "what there is, or what one command does", "[COMMAND]", _names),
    Command("model", do_model.model, "who answers, or another model from now on", "[MODEL]",
            do_model.models),
    Command("system", do_model.system, "the system text, or another one (`-` for the prompt's own)",
            "[TEXT]"),
    Command("prompt", do_model.prompt, "the prompt file, or another one", "[NAME]",
            do_model.prompts),
    Command("file", do_files.file, "attach to the next message (`!` is the last command's output)",
            "[WHAT...]", takes_files=True),
    Command("drop", do_files.drop, "take attachments back: all, or some", "[NAME...]",
            do_files.attached),
    Command("explain", do_files.explain, "explain files, or `!`, with facts found by code first",
            "[WHAT...]", takes_files=True),
    Command("new", do_conversations.new, "begin another conversation"),
    Command("resume", do_conversations.resume, "the latest conversations, or go on with one",
            "[ID]", do_conversations.conversations),
    Command("search", do_conversations.search, "find words in all conversations", "WORDS"),
    Command("fork", do_turns.fork, "go on from here in a conversation of its own"),
    Command("rewind", do_turns.rewind, "go back before the last questions; the history keeps them",
            "[NUMBER]"),
    Command("retry", do_turns.retry, "answer the last question again", "[MODEL]", do_model.models),
    Command("continue", do_turns.go_on, "go on with an answer that was cut off"),
    Command("compact", do_turns.compact, "go on in another conversation, from a summary of this"),
    Command("edit", do_turns.edit, "change the last question in $EDITOR, and ask it instead"),
    Command("copy", do_answers.copy, "put the last answer, or only its code, on the clipboard",
            "[code]", do_answers.parts),
    Command("save", do_answers.save, "write the conversation into a Markdown file", "FILE",
            takes_files=True),
    Command("tokens", do_answers.tokens, "how full the window is, and of what"),
    Command("context", do_answers.context, "which earlier exchanges the next question takes along"),
    Command("clear", do_answers.clear, "clear the screen; the conversation goes on"),
    Command("quit", _quit, "leave; the conversation is kept"),
)  # fmt: skip
COMMANDS: Mapping[str, Command] = {command.name: command for command in _ALL}
ALIASES: Mapping[str, str] = {"exit": "quit", "?": "help", "q": "quit", "undo": "rewind"}
KEYS = (
    ("Enter", "send"),
    ("Ctrl-J, Alt-Enter, \\ Enter", "a new line"),
    ("Ctrl-C, Esc", "interrupt the answer; clear the draft; leave"),
    ("Ctrl-D", "leave"),
    ("Ctrl-Z", "suspend; `fg` comes back"),
    ("Up, Down, Ctrl-R", "what you entered before"),
    ("Ctrl-X Ctrl-E, Ctrl-G", "write in $EDITOR"),
    ("Tab", "complete commands, @files, conversations, models"),
    ("@FILE", "attach a file where you speak of it"),
    ("!COMMAND", "run a shell command, whose output you may attach"),
)


def find(name: str) -> Command:
    """Find a command by its name. Raises `UsageError` with the names that come near."""
    name = ALIASES.get(name.lower(), name.lower())
    if name in COMMANDS:
        return COMMANDS[name]
    from difflib import get_close_matches

    begun = [one for one in COMMANDS if name and one.startswith(name)]
    near = begun or get_close_matches(name, COMMANDS, 2)
    names = " or ".join(f"`/{one}`" for one in near)
    hint = f"did you mean {names}?" if near else "`/help` lists what there is"
    raise UsageError(f"no command named `/{name}`", hint)
