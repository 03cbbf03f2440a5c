"""One conversation while it is written down: in its file, or in memory while that can't be.

What was kept in memory goes into the file once that can be written again: neither a full disk nor
a program that holds the file for a while costs anything that was said. Knows no model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from time import monotonic, sleep
from typing import TypeVar

from devchat.errors import LockedError, StorageError
from devchat.history.connection import IN_MEMORY
from devchat.history.recorder import Recorder
from devchat.history.store import History, open_history
from devchat.history.turns import Conversation, Turn
from devchat.sanitize import single_line
from devchat.types import Image

T = TypeVar("T")
HASTE_SECONDS = 0.2
"""How long a lock is waited for before an answer: it should be on the screen at once."""
_QUIET_SECONDS, _MOST_SECONDS = 2.0, 30.0
"""How long a lock is waited for after an answer, without saying so and in all."""
_PAUSE_SECONDS = 0.05
_TITLE_LENGTH = 80
_WAITING = "another program holds the history: waiting to keep this; Ctrl-C gives up"
_KEPT = "this is kept now"
_ALL_KEPT = "all of this conversation is kept now"


@dataclass(frozen=True, slots=True)
class _Away:
    """What memory stands for: a history in a file, and the ids that turns have there."""

    history: History
    ids: dict[int, int]


class Keeper:
    """Writes a conversation down; `turns` lead to the place where it goes on.

    Writing raises nothing. `say` is told once an answer has ended and still can't be kept.
    """

    def __init__(
        self, history: History, record: Conversation | None, say: Callable[[str], None]
    ) -> None:
        self.history = history
        self.record = record
        self.turns: tuple[Turn, ...] = ()
        self._say = say
        self._away: _Away | None = None
        self._late: list[Recorder] = []
        self._told = ""
        history.patience = HASTE_SECONDS
        if record is not None and record.head is not None:
            self.turns = history.thread(record.head)

    @property
    def file(self) -> History:
        """The history that it belongs to, also while it is kept in memory."""
        return self._away.history if self._away else self.history

    @property
    def unkept(self) -> bool:
        """Whether something that was said could not be written yet."""
        return bool(self._late) or self._away is not None

    def ask(
        self, title: str, text: str, images: Sequence[Image], prompt: str, system: str | None
    ) -> Turn:
        """Write a question, which begins the conversation or goes on with it."""

        def write() -> Turn:
            self.record = self.record or self.history.start(single_line(title, _TITLE_LENGTH))
            last = self.turns[-1] if self.turns else None
            return self.history.add(
                self.record, last, "user", text, images=images, prompt=prompt, system=system
            )

        question = self._written(write)
        self.turns += (question,)
        return question

    def answer(self, turns: tuple[Turn, ...], model: str, location: str) -> Recorder:
        """Begin the answer to the last of these turns; it goes on from there."""
        self.turns = turns
        # After a fork the question may be of another conversation.
        return self._written(
            lambda: self.history.answer(self.turns[-1], model, location, self.record or "")
        )

    def ended(self, recorder: Recorder) -> None:
        """Take in what came of an answer, however it ended."""
        self.turns += (recorder.turn,)
        if recorder.failure is not None:
            self._late.append(recorder)
        self.settle()

    def fork(self) -> None:
        """Go on in a conversation of its own that has the turns up to here."""
        title = self.record.title if self.record else ""
        self.record = self._written(lambda: self.history.start(title))
        self.move(self.turns)

    def move(self, turns: tuple[Turn, ...]) -> None:
        """Go on after other turns."""
        self.turns = turns
        if self.record is not None:
            self._written(self._set_head)

    def settle(self) -> None:
        """Write what could not be written yet; a lock is waited for. Raises KeyboardInterrupt."""
        if not self.unkept:
            return
        try:
            self._patiently(self._catch_up)
        except StorageError as error:
            self._tell(f"this answer is not kept: {error.message} ({error.hint})")
        except KeyboardInterrupt:
            self._tell("this answer is not kept: it was not waited for")
            raise

    def close(self) -> None:
        """Write what could not be written yet, and close the history."""
        self.settle()
        self.history.close()
        self.file.close()

    def _written(self, write: Callable[[], T]) -> T:
        """Write, in memory where the file can't be written."""
        try:
            return write()
        except StorageError:
            self._go_away()
            return write()

    def _set_head(self) -> None:
        assert self.record is not None
        self.history.set_head(self.record, self.turns[-1] if self.turns else None)

    def _go_away(self) -> None:
        """Go on in memory, with all that was said."""
        file, turns = self.history, self.turns
        memory = open_history(IN_MEMORY)
        if self.record is not None:
            try:
                self.turns = memory.copy(file, turns, self.record, None)
            except StorageError:  # the file can't even be read: without the pictures in it
                bare = [replace(turn, pictures=()) for turn in turns]
                self.turns = memory.copy(file, bare, self.record, None)
        ids = {copy.id: turn.id for copy, turn in zip(self.turns, turns, strict=True)}
        self.history, self._away = memory, _Away(file, ids)

    def _patiently(self, write: Callable[[], None]) -> None:
        """Write once no other program holds the file, unless that was awaited in vain before."""
        began, asked = monotonic(), False
        while True:
            try:
                write()
                break
            except LockedError:
                waited = monotonic() - began
                if waited > _MOST_SECONDS or self._told:
                    raise
                if waited > _QUIET_SECONDS and not asked:
                    asked = True
                    self._say(_WAITING)
            sleep(_PAUSE_SECONDS)
        if asked or self._told:
            self._say(_ALL_KEPT if self._told else _KEPT)
            self._told = ""

    def _catch_up(self) -> None:
        while self._late:
            self._late[0].write_again()
            del self._late[0]
        if self._away is not None:
            self._come_home(self._away)

    def _come_home(self, away: _Away) -> None:
        """Take to the file what was said in memory."""
        if self.record is not None:
            known = [away.ids[turn.id] for turn in self.turns if turn.id in away.ids]
            if known and not away.history.thread(known[-1]):
                known = []  # deleted meanwhile: what goes on here is kept whole
            fresh = self.turns[len(known) :]
            last = known[-1] if known else None
            copied = away.history.copy(self.history, fresh, self.record, last)
            head = copied[-1].id if copied else last
            self.turns = away.history.thread(head) if head is not None else ()
        self.history.close()
        self.history, self._away = away.history, None

    def _tell(self, text: str) -> None:
        if text != self._told:
            self._told = text
            self._say(text)
