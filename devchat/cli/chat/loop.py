"""The loop: read what is entered, find out what it asks for, do it."""

from __future__ import annotations

import re
import sys
from contextlib import suppress
from typing import Protocol

from devchat.chat.conversation import Planned
from devchat.cli.chat.answering import answer
from devchat.cli.chat.commands import find
from devchat.cli.chat.do_files import no_stdin
from devchat.cli.chat.do_shell import shell
from devchat.cli.chat.mentions import mentioned
from devchat.cli.chat.outcome import (
    Answer,
    Ask,
    ClearScreen,
    Compact,
    Draft,
    Leave,
    Offer,
    Outcome,
    Replay,
    Say,
)
from devchat.cli.chat.replay import replay, show_question
from devchat.cli.chat.session import Asked, Session
from devchat.cli.columns import write_lines
from devchat.context import Attached
from devchat.context.attach import read_attachments
from devchat.errors import DevchatError, StorageError
from devchat.render.console import note, show_error

SUMMARISE = (
    "Summarise our conversation, so that we can go on from your summary alone: what was asked,"
    " what was found and decided, the code and the names that matter, and what is still open."
)
_COMMAND = re.compile(r"/([A-Za-z?]*)(?:[ \t]+(.*))?$", re.DOTALL)


class Asks(Protocol):
    """Asks the user for the next message."""

    def read(self, draft: str) -> str | None:
        """Return what is entered, `draft` being there already; `None` to leave."""

    def confirm(self, question: str) -> bool:
        """Ask for one key; any but `y` is a no."""

    def clear_screen(self) -> None:
        """Clear the screen."""


def converse(session: Session, prompter: Asks, first: Outcome | None) -> None:
    """Go on until the user leaves; what goes wrong is said, and the draft comes back."""
    outcome, draft = first, ""
    if isinstance(first, Ask):
        show_question(session, first.question)
    while not isinstance(outcome, Leave):
        try:
            if outcome is not None:
                draft = _tried(session, prompter, outcome)
            session.conversation.history.tell(lambda text: note(sys.stderr, text))
            entered = prompter.read(draft)
            outcome, draft = None, ""
            outcome = Leave() if entered is None else _understood(session, entered)
        except KeyboardInterrupt:  # wherever no answer, prompt or command had it
            outcome = None


def _tried(session: Session, prompter: Asks, outcome: Outcome) -> str:
    """Do something and return the next draft: that of a question which could not be asked too."""
    try:
        return _do(session, prompter, outcome)
    except DevchatError as error:
        show_error(sys.stderr, error)
    except KeyboardInterrupt:
        note(sys.stderr, "interrupted")
    return outcome.question if isinstance(outcome, Ask) else ""


def _understood(session: Session, entered: str) -> Outcome | None:
    """Return what was asked for by an input; `None` for nothing."""
    text = entered.strip()
    if not text:
        return None
    try:
        if text.startswith("!"):
            return shell(session, session.folds.unfold(text[1:]).strip())
        if found := _COMMAND.match(text):
            return _run(session, found[1], (found[2] or "").strip())
    except DevchatError as error:
        show_error(sys.stderr, error)
        return None
    return Ask(text)


def _run(session: Session, name: str, argument: str) -> Outcome:
    command = find(name)
    # A pasted text is an attachment where files are named, and else a part of what was typed.
    given = argument if command.takes_files else session.folds.unfold(argument)
    return command.run(session, given)


def _do(session: Session, prompter: Asks, outcome: Outcome) -> str:
    _tell(outcome)
    match outcome:
        case Draft(text):
            return text
        case Replay():
            replay(session)
        case Offer():
            return _offer(session, prompter, outcome)
        case ClearScreen():
            prompter.clear_screen()
        case Ask(question, facts):
            return answer(session, _asked(session, question, facts))
        case Answer():
            return answer(session, session.conversation.plan_again(session.voice))
        case Compact():
            return _compact(session)
    return ""


def _offer(session: Session, prompter: Asks, offer: Offer) -> str:
    if prompter.confirm(offer.question):
        session.pending += Attached((offer.attachment,))
    return offer.draft


def _tell(outcome: Outcome) -> None:
    match outcome:
        case Say(lines=lines) | Draft(lines=lines) | Replay(lines=lines):
            if lines:
                write_lines(lines)


def _compact(session: Session) -> str:
    """Ask for a summary at the head of a new conversation; unless it comes, stay in the old one."""
    before, used = session.conversation, session.used_tokens
    planned = before.plan(session.voice, SUMMARISE, Attached())
    session.go_to(None)
    made = session.conversation
    made.ask(f"Summary of {before.id}", planned)
    typed = answer(session, planned)
    if made.answer is not None and made.answer.status == "complete":
        note(sys.stderr, f"`{made.id}` goes on from this summary; `{before.id}` stays as it is")
        return typed
    session.conversation, session.used_tokens = before, used
    with suppress(StorageError):
        before.history.remove(made.id)
    note(sys.stderr, f"there is no whole summary: `{before.id}` goes on as it was")
    return typed


def _asked(session: Session, typed: str, facts: str) -> Planned:
    """Plan a question with its files, and write it down once it is known to fit."""
    specs, missing = mentioned(typed, session.folder)
    for spec in missing:
        note(sys.stderr, f"`@{spec}` is no file here: it is sent as a word")
    question = session.folds.unfold(typed) + facts
    attached = session.pending + _read(session, specs)
    planned = session.conversation.plan(session.voice, question, attached)
    turn = session.conversation.ask(question, planned)
    session.asked[turn.id] = Asked(typed, session.pending)
    session.pending = Attached()
    return planned


def _read(session: Session, specs: tuple[str, ...]) -> Attached:
    return read_attachments(specs, folder=session.folder, read_stdin=no_stdin)
