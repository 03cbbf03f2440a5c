"""What one question needs of the history: the turns before it, and a place for its answer.

A history that can't be used never costs the answer: that is said in one line, and it goes on.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace

from devchat.backends import Backend
from devchat.chat import Prepared, prepare
from devchat.context import Attached
from devchat.errors import DevchatError, StorageError, UsageError
from devchat.history import Conversation, History, Recorder, open_history
from devchat.prompts import Prompt
from devchat.render.console import note
from devchat.sanitize import single_line
from devchat.settings import Settings
from devchat.types import Options

TITLE_LENGTH = 80


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whether to keep the answer, and which conversation to go on with ("" = by `go_on`)."""

    save: bool = True
    go_on: bool = False
    session: str = ""


@dataclass(frozen=True, slots=True)
class Past:
    """The history, if it is needed and can be used, and the conversation that goes on."""

    history: History | None = None
    record: Conversation | None = None
    save: bool = False

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
        if self.history is None or self.record is None:
            return prepare(prompt, question, attached, backend, options, shots=shots, system=system)
        from devchat.chat.conversation import Conversation as Told
        from devchat.chat.conversation import Voice

        told = Told(self.history, self.record)
        planned = told.plan(Voice(backend, prompt, options, system), question, attached)
        if left_out := str(planned.selection):
            note(sys.stderr, left_out)
        return planned.prepared

    @contextmanager
    def recording(
        self, question: str, prepared: Prepared, backend: Backend
    ) -> Iterator[Recorder | None]:
        """Write the question down, and afterwards how its answer ended."""
        recorder = self._begin(question, prepared, backend)
        if recorder is None:
            yield None
            return
        try:
            yield recorder
        except DevchatError as error:
            if recorder.turn.status == "streaming":
                recorder.fail(error.message)
            raise
        finally:
            if recorder.turn.status == "streaming":
                recorder.interrupt()
            if recorder.failure is not None:
                _not_kept(recorder.failure)

    def _begin(self, question: str, prepared: Prepared, backend: Backend) -> Recorder | None:
        if self.history is None or not self.save:
            return None
        text = prepared.request.messages[-1].text
        try:
            record = self.record or self.history.start(single_line(question or text, TITLE_LENGTH))
            turn = self.history.add(record, record.head, "user", text)
            return self.history.answer(turn, backend.name, backend.location)
        except StorageError as error:
            _not_kept(error)
            return None


@contextmanager
def open_past(settings: Settings, wanted: Wanted) -> Iterator[Past]:
    """Open the history if it is needed.

    Raises UsageError where there is no such conversation, and StorageError where one is to go on
    and the history can't be read.
    """
    if wanted.go_on and wanted.session:
        raise UsageError("`--continue` and `--session` name two conversations", "give one of them")
    if not (wanted.save or wanted.go_on or wanted.session):
        yield Past()
        return
    past = _opened(settings, wanted)
    try:
        yield past
    finally:
        if past.history is not None:
            with suppress(StorageError):
                past.history.close()


def _opened(settings: Settings, wanted: Wanted) -> Past:
    try:
        history = open_history(settings.paths.history)
    except StorageError as error:
        if wanted.go_on or wanted.session:
            raise
        _not_kept(error)
        return Past()
    if history.note:
        note(sys.stderr, history.note)
    past = Past(history, save=wanted.save)
    if wanted.session:
        return replace(past, record=history.find(wanted.session))
    return replace(past, record=_latest(history)) if wanted.go_on else past


def _latest(history: History) -> Conversation:
    latest = history.latest()
    if latest is None:
        raise UsageError("there is no conversation to go on with", "ask without --continue first")
    return latest


def _not_kept(error: StorageError) -> None:
    note(sys.stderr, f"this answer is not kept: {error.message} ({error.hint})")
