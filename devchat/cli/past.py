"""What one question needs of the history: the turns before it, and a place for its answer.

A history that can't be used never costs the answer: that is said in one line, and it goes on.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from devchat.backends import Backend
from devchat.chat import Prepared, prepare
from devchat.context import Attached
from devchat.errors import DevchatError, UsageError
from devchat.history import Conversation, History, Recorder, Turn, open_history
from devchat.history.keeper import Keeper
from devchat.prompts import Prompt
from devchat.render.console import note
from devchat.settings import Settings
from devchat.types import Options


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whether to keep what is said, and which conversation to go on with: the latest, or this."""

    save: bool = True
    go_on: bool = False
    session: str = ""


@dataclass(frozen=True, slots=True)
class Past:
    """What writes the conversation down, if the history is needed; whether it may."""

    keeper: Keeper | None = None
    save: bool = False

    @property
    def turns(self) -> tuple[Turn, ...]:
        """What was said before."""
        return self.keeper.turns if self.keeper else ()

    def prepare(
        self,
        prompt: Prompt,
        question: str,
        attached: Attached,
        backend: Backend,
        options: Options,
        *,
        shots: int = 0,
        system: str | None = None,
    ) -> Prepared:
        """Make the request of a question; earlier turns go along, in place of examples."""
        if self.keeper is None or self.keeper.record is None:
            return prepare(prompt, question, attached, backend, options, shots=shots, system=system)
        from devchat.chat.conversation import Conversation as Told
        from devchat.chat.conversation import Voice

        told = Told(self.keeper.history, self.keeper.record)
        planned = told.plan(Voice(backend, prompt, options, system), question, attached)
        if left_out := str(planned.selection):
            note(sys.stderr, left_out)
        return planned.prepared

    @contextmanager
    def recording(
        self, question: str, prepared: Prepared, backend: Backend
    ) -> Iterator[Recorder | None]:
        """Write the question down, and afterwards how its answer ended."""
        keeper = self.keeper
        if keeper is None or not self.save:
            yield None
            return
        message = prepared.request.messages[-1]
        title, manner = question or message.text, (prepared.prompt, prepared.system)
        keeper.ask(title, message.text, message.images, *manner)
        recorder = keeper.answer(keeper.turns, backend.name, backend.location)
        try:
            yield recorder
        except DevchatError as error:
            if recorder.turn.status == "streaming":
                recorder.fail(error.message)
            raise
        finally:
            if recorder.turn.status == "streaming":
                recorder.interrupt()
            keeper.ended(recorder)


@contextmanager
def open_past(settings: Settings, wanted: Wanted) -> Iterator[Past]:
    """Open the history if it is needed.

    Raises UsageError where there is no such conversation, and StorageError where one is to go on
    and the history can't be read.
    """
    if not (wanted.save or wanted.go_on or wanted.session):
        yield Past()
        return
    later = not (wanted.go_on or wanted.session)
    with open_history(settings.paths.history, later=later) as history:
        try:
            yield Past(Keeper(history, record_of(history, wanted), _say), wanted.save)
        finally:
            history.tell(_say)


def record_of(history: History, wanted: Wanted) -> Conversation | None:
    """Return the conversation to go on with, None to begin one. Raises UsageError."""
    if wanted.go_on and wanted.session:
        raise UsageError("`--continue` and `--session` name two conversations", "give one of them")
    if wanted.session:
        return history.find(wanted.session)
    if not wanted.go_on:
        return None
    latest = history.latest()
    if latest is None:
        raise UsageError("there is no conversation to go on with", "leave out `--continue`")
    return latest


def _say(text: str) -> None:
    note(sys.stderr, text)
