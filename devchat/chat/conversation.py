"""A conversation at one place of its tree: the turns up to here, and the next question.

Knows no terminal. It is written down by `devchat.history.keeper`, in memory where need be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from devchat.backends import Backend
from devchat.chat import Prepared, count_messages, prepare
from devchat.chat.window import Exchange, Selection, select
from devchat.context import Attached
from devchat.errors import ContextError, StorageError, UsageError
from devchat.history import Conversation as Record
from devchat.history import History, Recorder, Turn
from devchat.history.keeper import Keeper
from devchat.prompts import Prompt
from devchat.types import Image, Message, Options, Text

Say = Callable[[str], None]
_RESERVED = 4
"""The latest exchange goes before attachments if it takes at most this part of the window."""


@dataclass(frozen=True, slots=True)
class Voice:
    """Who answers, and how: a model, a prompt, options, and a system text instead of its own."""

    backend: Backend
    prompt: Prompt
    options: Options
    system: str | None = None


@dataclass(frozen=True, slots=True)
class Planned:
    """A request that fits, and which earlier exchanges are in it."""

    prepared: Prepared
    selection: Selection


def check_prompt(prompt: Prompt) -> None:
    """Raise UsageError for a prompt that can't be talked with."""
    if prompt.takes_questions:
        return
    if set(prompt.inputs) <= {"files"}:
        raise UsageError(
            f"the prompt `{prompt.name}` takes no question",
            f"add `question` to its inputs: `devchat prompts edit {prompt.name}`",
        )
    raise UsageError(
        f"the prompt `{prompt.name}` wants more than a question and files",
        "choose another: `ask` is for all questions",
    )


class Conversation:
    """The turns up to `head`; asking adds to them, going back moves the head and keeps the rest."""

    def __init__(self, history: History, record: Record | None = None, say: Say = print) -> None:
        self._say = say
        self._keeper = Keeper(history, record, say)
        self._tokens: dict[tuple[str, int], int] = {}

    @property
    def history(self) -> History:
        """The history that it belongs to."""
        return self._keeper.file

    @property
    def record(self) -> Record | None:
        """What the history knows of it; None until the first question is asked."""
        return self._keeper.record

    @property
    def turns(self) -> tuple[Turn, ...]:
        """The turns up to the place where it goes on."""
        return self._keeper.turns

    @property
    def id(self) -> str:
        """The conversation's id; "" until the first question is asked."""
        return self.record.id if self.record else ""

    @property
    def question(self) -> Turn | None:
        """The last question."""
        return next((turn for turn in reversed(self.turns) if turn.role == "user"), None)

    @property
    def answer(self) -> Turn | None:
        """The answer to the last question, as far as it came."""
        last = self.turns[-1] if self.turns else None
        return last if last is not None and last.role == "assistant" else None

    def exchanges(self, voice: Voice) -> tuple[Exchange, ...]:
        """The exchanges so far as they would be sent. Raises `BackendError`."""
        return tuple(self._exchange(turns, voice) for turns in _pairs(self.turns))

    @property
    def answered_questions(self) -> tuple[Turn, ...]:
        """The questions of the exchanges."""
        return tuple(question for question, _ in _pairs(self.turns))

    def plan(self, voice: Voice, question: str, attached: Attached) -> Planned:
        """Make the request for a new question; nothing is written. Raises as `prepare` does."""
        exchanges = self.exchanges(voice)
        latest = exchanges[-1].tokens if exchanges else 0
        if latest > voice.backend.context_tokens // _RESERVED:
            latest = 0
        try:
            prepared = _prepare(voice, question, attached, latest)
        except ContextError:
            prepared = _prepare(voice, question, attached)
        planned = _with_earlier(prepared, exchanges, voice.backend)
        unseen = 0 if voice.backend.accepts_images else sum(len(one.pictures) for one in self.turns)
        return replace(planned, selection=replace(planned.selection, unseen=unseen))

    def plan_again(self, voice: Voice) -> Planned:
        """Make the request for the last question as it stands. Raises ContextError."""
        question = self.question
        assert question is not None
        before = [turns for turns in _pairs(self.turns) if turns[0] is not question]
        nothing = _prepare(voice, "", Attached(images=self.images(question)))
        *head, _ = nothing.request.messages
        request = replace(nothing.request, messages=(*head, self._message(question, voice.backend)))
        exchanges = [self._exchange(turns, voice) for turns in before]
        return _with_earlier(replace(nothing, request=request), exchanges, voice.backend)

    def ask(self, question: str, planned: Planned) -> Turn:
        """Write the question, as it was planned to be sent."""
        prepared = planned.prepared
        message = prepared.request.messages[-1]
        return self._keeper.ask(
            question, message.text, message.images, prepared.prompt, prepared.system
        )

    def answering(self, backend: Backend) -> Recorder:
        """Begin the answer to the last question, in place of the one that it has."""
        question = self.question
        assert question is not None
        turns = self.turns[: self.turns.index(question) + 1]
        return self._keeper.answer(turns, backend.name, backend.location)

    def answered(self, recorder: Recorder) -> None:
        """Take in what came of an answer, however it ended; Ctrl-C ends the wait for a lock."""
        with suppress(KeyboardInterrupt):
            self._keeper.ended(recorder)

    @property
    def questions(self) -> int:
        """How many questions there are up to here."""
        return sum(turn.role == "user" for turn in self.turns)

    def rewind(self, number: int) -> Turn:
        """Go back before the last `number` questions (or all), and return the first of them."""
        asked = [place for place, turn in enumerate(self.turns) if turn.role == "user"]
        first = asked[max(0, len(asked) - number)]
        question = self.turns[first]
        self._keeper.move(self.turns[:first])
        return question

    def switch(self, record: Record | None) -> Conversation:
        """Make the value for another conversation of the same history.

        Raises StorageError where this one would be lost.
        """
        self._keeper.settle()
        if self._keeper.unkept:
            raise StorageError(
                "this conversation can't be written to the history yet, and would be lost",
                "make room, or `/save` it as a file and leave with `/exit`",
            )
        return Conversation(self._keeper.file, record, self._say)

    def images(self, turn: Turn) -> tuple[Image, ...]:
        """Return the pictures that went with one of the turns."""
        return self._keeper.history.images(turn)

    def close(self) -> None:
        """Write what could not be written yet, and close the history."""
        self._keeper.close()

    def fork(self) -> None:
        """Go on in a conversation of its own that has the turns up to here."""
        self._keeper.fork()

    def _exchange(self, turns: Sequence[Turn], voice: Voice) -> Exchange:
        messages = tuple(self._message(turn, voice.backend) for turn in turns)
        place = voice.backend.name, turns[-1].id
        if place not in self._tokens:
            self._tokens[place] = count_messages(messages, voice.backend)
        return Exchange(messages, self._tokens[place])

    def _message(self, turn: Turn, backend: Backend) -> Message:
        images = self.images(turn) if backend.accepts_images else ()
        return Message(turn.role, (Text(turn.text), *images))


def _prepare(voice: Voice, question: str, attached: Attached, reserved: int = 0) -> Prepared:
    return prepare(
        voice.prompt,
        question,
        attached,
        voice.backend,
        voice.options,
        system=voice.system,
        reserved=reserved,
    )


def _with_earlier(prepared: Prepared, exchanges: Sequence[Exchange], backend: Backend) -> Planned:
    """Put the earlier exchanges that fit between the system text and the question."""
    messages = prepared.request.messages
    head = tuple(one for one in messages[:1] if one.role == "system")
    bare = (*head, messages[-1])
    used = count_messages(bare, backend)
    room = backend.context_tokens - prepared.answer_tokens - used
    if room < 0:
        raise ContextError(
            f"the question takes {used:,} tokens, and `{backend.name}` has room for"
            f" {room + used:,} beside the answer",
            "choose a model with a larger window with `/model`",
        )
    selection = select(exchanges, messages[-1].text, room)
    earlier = [message for place in selection.sent for message in exchanges[place].messages]
    request = replace(prepared.request, messages=(*head, *earlier, messages[-1]))
    tokens = used + sum(exchanges[place].tokens for place in selection.sent)
    return Planned(replace(prepared, request=request, prompt_tokens=tokens), selection)


def _pairs(turns: Sequence[Turn]) -> Iterator[tuple[Turn, Turn]]:
    """Yield each question with its answer; one without an answer has nothing to say later."""
    for question, answer in zip(turns, turns[1:], strict=False):
        if question.role == "user" and answer.role == "assistant" and answer.text:
            yield question, answer
