"""Answers of models, listened to, written down, and told again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

from devchat.backends import Backend
from devchat.errors import AnswerError, BackendError, DevchatError
from devchat.types import Chunk, Completion, FinishReason, Request, Tier, Usage

Result = Completion | DevchatError


@dataclass(frozen=True, slots=True)
class Told:
    """What a model answered once, and the seconds that it took.

    `error` says why its answer was none.
    """

    text: str
    finish_reason: FinishReason
    prompt_tokens: int
    completion_tokens: int
    seconds: float
    error: str = ""

    def result(self, model: str) -> Result:
        """Return it as a backend does."""
        if self.error:
            return AnswerError(self.error, "")
        usage = Usage(self.prompt_tokens, self.completion_tokens)
        return Completion(self.text, "", usage, self.finish_reason, model)


@dataclass(frozen=True, slots=True)
class Voice:
    """What a model is known by."""

    name: str
    location: str
    tier: Tier
    context_tokens: int
    exact_count: bool
    binds_schema: bool


@dataclass(slots=True)
class Record:
    """A model's answers by their requests. `command` is what wrote them down, and when."""

    voice: Voice
    command: str
    answers: dict[str, Told] = field(default_factory=dict)


class Teller:
    """A backend that tells recorded answers, and asks another one for those that it lacks.

    Without another one, what is not recorded is an error and counted in `missing`.
    """

    accepts_images = False

    def __init__(self, record: Record, backend: Backend | None = None) -> None:
        voice = record.voice
        self.name, self.location, self.tier = voice.name, voice.location, voice.tier
        self.exact_count, self.binds_schema = voice.exact_count, voice.binds_schema
        self._heard: list[str] = []
        self._asked: set[str] = set()
        self.missing = 0
        self._record, self._backend = record, backend

    @property
    def context_tokens(self) -> int:
        """The model's window."""
        return self._record.voice.context_tokens

    @property
    def answers(self) -> dict[str, Told]:
        """What was answered, by the requests."""
        return {key: self._record.answers[key] for key in self._heard}

    def stream(self, request: Request) -> Generator[Chunk | Completion, None, None]:
        """Answer in one piece."""
        ((_, result),) = self.complete_many([request])
        if isinstance(result, DevchatError):
            raise result
        yield Chunk("text", result.text)
        yield result

    def complete_many(self, requests: Sequence[Request]) -> Iterator[tuple[int, Result]]:
        """Answer several requests."""
        keys = [key_of(self.name, request) for request in requests]
        unknown = [index for index, key in enumerate(keys) if not self._knows(key)]
        for index in sorted({*range(len(keys))} - {*unknown}):
            self._heard.append(keys[index])
            yield index, self._record.answers[keys[index]].result(self.name)
        for place, result in self._ask([requests[index] for index in unknown]):
            index = unknown[place]
            if keys[index] in self._record.answers:
                self._heard.append(keys[index])
            yield index, result

    def count(self, text: str) -> int:
        """Count tokens, or guess: a wrong guess changes the request, which then is not recorded."""
        return self._backend.count(text) if self._backend else len(text.encode()) // 3 + 1

    def close(self) -> None:
        """Let go of the other backend."""
        if self._backend:
            self._backend.close()

    def _knows(self, key: str) -> bool:
        """Tell whether an answer is recorded; one that was none just now is asked for again."""
        told = self._record.answers.get(key)
        return told is not None and not (told.error and key in self._asked)

    def _ask(self, requests: Sequence[Request]) -> Iterator[tuple[int, Result]]:
        if self._backend is None:
            self.missing += len(requests)
            error = BackendError("this request is not recorded", "record it with `--record`")
            yield from ((index, error) for index in range(len(requests)))
            return
        started = monotonic()
        for index, result in self._backend.complete_many(requests):
            if told := _told(result, round(monotonic() - started, 2)):
                key = key_of(self.name, requests[index])
                self._asked.add(key)
                self._record.answers[key] = told
            yield index, result
            started = monotonic()


def _told(result: Result, seconds: float) -> Told | None:
    """Write down an answer, also one that is none; other errors come from elsewhere."""
    if isinstance(result, Completion):
        usage = result.usage
        tokens = (usage.prompt_tokens, usage.completion_tokens)
        return Told(result.text, result.finish_reason, *tokens, seconds)
    if isinstance(result, AnswerError):
        return Told("", "stop", 0, 0, seconds, result.message)
    return None


def key_of(model: str, request: Request) -> str:
    """Return a hash of all that a model is asked: another prompt is another request."""
    messages = [(one.role, one.text) for one in request.messages]
    text = json.dumps([model, messages, asdict(request.options)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def voice_of(backend: Backend) -> Voice:
    """Describe a backend."""
    return Voice(
        backend.name,
        backend.location,
        backend.tier,
        backend.context_tokens,
        backend.exact_count,
        backend.binds_schema,
    )


def read_record(path: Path) -> Record:
    """Read answers that were written down."""
    table: dict[str, Any] = json.loads(path.read_text("utf-8"))
    answers = {key: Told(**one) for key, one in table["answers"].items()}
    return Record(Voice(**table["model"]), table["command"], answers)


def write_record(path: Path, record: Record) -> None:
    """Write answers down, in the order of their keys."""
    answers = {key: asdict(one) for key, one in sorted(record.answers.items())}
    table = {"model": asdict(record.voice), "command": record.command, "answers": answers}
    part = path.with_name(f"{path.name}.part")
    part.write_text(json.dumps(table, indent=1, ensure_ascii=False) + "\n", "utf-8")
    part.replace(path)
