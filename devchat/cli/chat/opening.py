"""Open everything that a conversation needs, and close it again."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass

from devchat.backends import open_backend
from devchat.chat.conversation import Conversation, Voice, check_prompt
from devchat.cli.answer import warn_if_readable
from devchat.cli.chat.do_files import no_stdin
from devchat.cli.chat.outcome import Ask, Outcome, Replay
from devchat.cli.chat.session import Session, used_tokens
from devchat.cli.here import here
from devchat.cli.manner import manner_of
from devchat.cli.options import answer_options
from devchat.cli.past import Wanted, record_of
from devchat.context.attach import read_attachments
from devchat.errors import LockedError, StorageError
from devchat.history import IN_MEMORY, History, open_history
from devchat.history import Conversation as Record
from devchat.models.resolve import resolve
from devchat.render.console import note, show_error
from devchat.settings import Settings

_CUT_OFF = 3
"""So many conversations that were cut off are named, the latest ones."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the command line asks for beside the settings."""

    question: str = ""
    files: tuple[str, ...] = ()
    prompt: str | None = None
    system: str | None = None
    seed: int | None = None
    past: Wanted = Wanted()
    plain: bool = False
    by_default: bool = False


@contextmanager
def open_session(settings: Settings, wishes: Wishes) -> Iterator[tuple[Session, Outcome | None]]:
    """Open a session, and say what is to be done first; close the model and the history after."""
    with ExitStack() as stack:
        history = stack.enter_context(_history(settings, save=wishes.past.save))
        conversation = Conversation(history, _record(history, settings, wishes.past), _say)
        prompt, system = manner_of(conversation.turns, settings, wishes.prompt, wishes.system)
        check_prompt(prompt)
        # The local engine loads its model while the user types.
        chosen = resolve("", settings)
        backend = open_backend(chosen, settings, os.environ)
        warn_if_readable(chosen)
        options = answer_options(settings, prompt, wishes.seed)
        session = Session(
            settings,
            os.environ,
            here(),
            Voice(backend, prompt, options, system),
            conversation,
            wishes.plain,
            kept=wishes.past.save,
        )
        stack.callback(lambda: session.backend.close())
        stack.callback(lambda: session.conversation.close())
        session.pending = read_attachments(wishes.files, folder=session.folder, read_stdin=no_stdin)
        session.used_tokens = used_tokens(session.conversation)
        _greet(session, by_default=wishes.by_default)
        yield session, _first(session, wishes)


@contextmanager
def _history(settings: Settings, *, save: bool) -> Iterator[History]:
    """Open the history; where that fails the conversation lives in memory, and that is said."""
    path = settings.paths.history if save else IN_MEMORY
    try:
        history = open_history(path)
    except LockedError as error:
        _say(f"{error.message}: until then this conversation is kept in memory")
        history = open_history(path, later=True)
    except StorageError as error:
        show_error(sys.stderr, error)
        _say("this conversation is kept in memory only")
        history = open_history(IN_MEMORY)
    with history:
        history.tell(_say)
        yield history


def _record(history: History, settings: Settings, wanted: Wanted) -> Record | None:
    """Find what to go on with; where nothing is to be kept it is copied from the file."""
    if wanted.save or not (wanted.go_on or wanted.session):
        return record_of(history, wanted)
    with open_history(settings.paths.history) as kept:
        record = record_of(kept, wanted)
        assert record is not None
        turns = kept.thread(record.head) if record.head is not None else ()
        history.copy(kept, turns, record, None)
    return history.find(record.id)


def _greet(session: Session, *, by_default: bool) -> None:
    backend = session.backend
    _say(f"{backend.name} on {backend.location}; /help lists what there is, Ctrl-D leaves")
    if by_default:
        _say("tiny, fluent, often wrong. A better one: `devchat models list`")
    here = session.conversation
    with suppress(LockedError):
        cut_off = [one for one in here.history.unfinished() if one.id != here.id]
        for one in cut_off[:_CUT_OFF]:
            _say(f"`{one.id}` was cut off in an answer ({one.title}): `/resume {one.id}`")


def _first(session: Session, wishes: Wishes) -> Outcome | None:
    if wishes.question:
        return Ask(wishes.question)
    return Replay() if session.conversation.turns else None


def _say(text: str) -> None:
    note(sys.stderr, text)
