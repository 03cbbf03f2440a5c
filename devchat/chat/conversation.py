"""A conversation at one place of its tree: the turns up to here, and the next question.

Knows no terminal. What is written goes to the history it was given; should that fail, it goes on
in memory and says so once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from devchat.backends import Backend
from devchat.chat import Prepared, count_messages, prepare
from devchat.chat.window import Exchange, Selection, select
from devchat.context import Attached
from devchat.errors import ContextError, StorageError, UsageError
from devchat.history import IN_MEMORY, History, Recorder, Turn, open_history
from devchat.history import Conversation as Record
from devchat.prompts import Prompt
from devchat.sanitize import single_line
from devchat.types import Chunk, Completion, Image, Message, Options, Text, Usage

T = TypeVar("T")
_GIVEN = frozenset({"question", "files"})
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
    wanted = [f"`{name}`" for name in prompt.inputs if name not in _GIVEN]
    if wanted:
        raise UsageError(
            f"the prompt `{prompt.name}` wants {', '.join(wanted)}: a conversation has none",
            "choose another: `ask` is for all questions",
        )
    if "question" not in prompt.inputs:
        raise UsageError(
            f"the prompt `{prompt.name}` takes no question",
            f"add `question` to its inputs: `devchat prompts edit {prompt.name}`",
        )


class Conversation:
    """The turns up to `head`; asking adds to them, going back moves the head and keeps the rest."""

    def __init__(self, history: History, record: Record | None = None, say: Say = print) -> None:
        self.history = history
        self.record = record
        self.turns: tuple[Turn, ...] = ()
        self._say = say
        self._images: dict[int, tuple[Image, ...]] = {}
        self._tokens: dict[tuple[str, int], int] = {}
        if record is not None and record.head is not None:
            self.turns = history.thread(record.head)

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
        return _with_earlier(prepared, exchanges, voice.backend)

    def plan_again(self, voice: Voice) -> Planned:
        """Make the request for the last question as it stands. Raises ContextError."""
        question = self.question
        assert question is not None
        before = [turns for turns in _pairs(self.turns) if turns[0] is not question]
        nothing = _prepare(voice, "", Attached())
        *head, _ = nothing.request.messages
        request = replace(nothing.request, messages=(*head, self._message(question)))
        exchanges = [self._exchange(turns, voice) for turns in before]
        return _with_earlier(replace(nothing, request=request), exchanges, voice.backend)

    def ask(self, question: str, planned: Planned) -> Turn:
        """Write the question, as it was planned to be sent."""
        message = planned.prepared.request.messages[-1]
        turn = self._written(lambda: self._add(question, message.text))
        if message.images:
            self._images[turn.id] = message.images
        self.turns += (turn,)
        return turn

    def answering(self, backend: Backend) -> Recorder:
        """Begin the answer to the last question, in place of the one that it has."""
        question = self.question
        assert question is not None
        self.turns = self.turns[: self.turns.index(question) + 1]
        return self._written(lambda: self._recorder(backend))

    def _recorder(self, backend: Backend) -> Recorder:
        # After a fork the question may be of another conversation.
        return self.history.answer(self.turns[-1], backend.name, backend.location, self.id)

    def answered(self, recorder: Recorder) -> None:
        """Take in what came of an answer, however it ended."""
        self.turns = (*self.turns, recorder.turn)
        if recorder.failure is not None:
            self._say(f"the answer is not in the history: {recorder.failure.message}")

    @property
    def questions(self) -> int:
        """How many questions there are up to here."""
        return sum(turn.role == "user" for turn in self.turns)

    def rewind(self, number: int) -> Turn:
        """Go back before the last `number` questions (or all), and return the first of them."""
        asked = [place for place, turn in enumerate(self.turns) if turn.role == "user"]
        first = asked[max(0, len(asked) - number)]
        question = self.turns[first]
        self.turns = self.turns[:first]
        self._written(self._move)
        return question

    def switch(self, record: Record | None) -> Conversation:
        """Make the value for another conversation of the same history."""
        return Conversation(self.history, record, self._say)

    def markdown(self) -> str:
        """Write the conversation as Markdown."""
        return "\n\n".join(map(_as_markdown, self.turns)) + "\n"

    def fork(self) -> None:
        """Go on in a conversation of its own that has the turns up to here."""
        question = self.turns[0].text
        self.record = self._written(lambda: self.history.start(_title(question)))
        self._written(self._move)

    def _add(self, question: str, text: str) -> Turn:
        if self.record is None:
            self.record = self.history.start(_title(question))
        parent = self.turns[-1].id if self.turns else None
        return self.history.add(self.record.id, parent, "user", text)

    def _move(self) -> None:
        if self.record is not None:
            head = self.turns[-1].id if self.turns else None
            self.history.set_head(self.record.id, head)

    def _written(self, write: Callable[[], T]) -> T:
        """Write to the history; where that fails go on in memory, and write there."""
        try:
            return write()
        except StorageError as error:
            self._say(f"{error.message}; from here on it is kept in memory only")
            self._remember()
            return write()

    def _remember(self) -> None:
        """Copy the turns up to here into a history in memory."""
        turns, images = self.turns, self._images
        self.history, self.record = open_history(IN_MEMORY), None
        self.turns, self._images, self._tokens = (), {}, {}
        for turn in turns:
            copied = self._copied(turn)
            self._images[copied.id] = images.get(turn.id, ())
            self.turns += (copied,)

    def _copied(self, turn: Turn) -> Turn:
        if turn.role == "user":
            return self._add(turn.text, turn.text)
        recorder = self.history.answer(self.turns[-1], turn.model, turn.location)
        recorder.feed(Chunk("text", turn.text))
        usage = turn.usage or Usage(0, 0, exact=False)
        recorder.finish(Completion(turn.text, "", usage, "stop", turn.model), turn.seconds or 0.0)
        return recorder.turn

    def _exchange(self, turns: Sequence[Turn], voice: Voice) -> Exchange:
        messages = tuple(map(self._message, turns))
        place = voice.backend.name, turns[-1].id
        if place not in self._tokens:
            self._tokens[place] = count_messages(messages, voice.backend)
        return Exchange(messages, self._tokens[place])

    def _message(self, turn: Turn) -> Message:
        return Message(turn.role, (Text(turn.text), *self._images.get(turn.id, ())))


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


def _title(question: str) -> str:
    return single_line(question, 80)


def _as_markdown(turn: Turn) -> str:
    who = turn.model if turn.role == "assistant" else "You"
    ended = "" if turn.status == "complete" else f" ({turn.status})"
    return f"## {single_line(who)}{ended}\n\n{turn.text.strip()}"
