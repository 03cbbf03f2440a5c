"""How chunks are asked about: with which words, examples and options, and what fits beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from devchat.backends import Backend
from devchat.changes import Finding
from devchat.errors import ContextError
from devchat.policy import Policy
from devchat.policy.background import read_background
from devchat.prompts import Prompt
from devchat.review import briefing
from devchat.review.chunks import Chunk, Limits
from devchat.review.schema import LENGTHS, chunk_schema
from devchat.review.wishes import Task, Wishes
from devchat.types import Message, Options, Request, Schema, Tier

# More is not better: models find less in more text (SWE-PRBench), even where it would fit.
CHUNK_TOKENS: Mapping[Tier, int] = {"tiny": 1_500, "small": 4_000, "large": 10_000}
ANSWER_TOKENS: Mapping[Tier, int] = {"tiny": 512, "small": 1_536, "large": 4_096}
"""Room for an answer, at most a quarter of the window."""
BOUND_LINES = 1_000
"""Lines of a chunk whose quotes bind each token: a grammar of so many is made in 40 ms."""
_UNBOUND_LINES = 10_000
_MESSAGE_TOKENS = 10
"""What a chat template wraps around a message, at most."""
_LEAST_ROOM = 128
# Parts of the window that may go to what is not the change.
_SHOTS_SHARE, _BACKGROUND_SHARE = 4, 8
_KNOWN_TOKENS = 40
"""What telling of an analyzer's finding may take."""


@dataclass(frozen=True, slots=True)
class Asking:
    """How chunks are asked about; `notes` are what the reader of the review should know of it."""

    backend: Backend
    prompt: Prompt
    policy: Policy
    options: Options
    shots: int
    values: Mapping[str, str]
    known: tuple[Finding, ...]
    limits: Limits
    notes: tuple[str, ...] = ()

    def request(self, chunk: Chunk) -> Request:
        """Write the request for a chunk."""
        values = {
            **self.values,
            "instructions": briefing.instructions(chunk),
            "known": briefing.known(chunk, self.known),
            "changes": briefing.changes(chunk),
        }
        bound = LENGTHS[self.backend.tier] if self.backend.binds_schema else None
        schema = chunk_schema(chunk, self.policy.rules, bound)
        messages = filled(self.prompt, values, self.backend.tier, self.shots)
        return Request(messages, replace(self.options, schema=schema))


def open_asking(task: Task, backend: Backend, known: tuple[Finding, ...]) -> Asking:
    """Settle what goes with every chunk, and how much of a chunk fits beside it.

    Raises `ContextError` where the window has no room for a change at all.
    """
    prompt, wishes = task.reviewers.prompts.find, task.wishes
    chosen = options(prompt, wishes, backend)
    values, notes = _values(task, backend)
    shots = _shots(prompt, wishes, backend)
    used = count_messages(filled(prompt, values, backend.tier, shots), backend)
    used += _KNOWN_TOKENS * min(len(known), briefing.MOST_KNOWN)
    room = backend.context_tokens - (chosen.max_tokens or 0) - used
    if room < _LEAST_ROOM:
        raise ContextError(
            f"the window of `{backend.name}` has no room for a change beside the prompt",
            "choose a model with a larger window with `-m`, or `--no-model`",
        )
    most = BOUND_LINES if backend.binds_schema else _UNBOUND_LINES
    limits = Limits(min(room, CHUNK_TOKENS[backend.tier]), most, backend.count)
    return Asking(backend, prompt, task.policy, chosen, shots, values, known, limits, notes)


def options(
    prompt: Prompt, wishes: Wishes, backend: Backend, schema: Schema | None = None
) -> Options:
    """Choose the options of a prompt's requests."""
    most = prompt.max_tokens or ANSWER_TOKENS[backend.tier]
    warmth = prompt.temperature if wishes.temperature is None else wishes.temperature
    return Options(warmth, min(most, backend.context_tokens // 4), seed=wishes.seed, schema=schema)


def filled(
    prompt: Prompt, values: Mapping[str, str], tier: Tier, shots: int = 0
) -> tuple[Message, ...]:
    """Fill a prompt with those of the values that it takes, and nothing for others."""
    return prompt.messages(
        {name: values.get(name, "") for name in prompt.inputs}, tier=tier, shots=shots
    )


def count_messages(messages: Sequence[Message], backend: Backend) -> int:
    """Count the tokens of messages as they are sent."""
    return sum(backend.count(message.text) + _MESSAGE_TOKENS for message in messages)


def _values(task: Task, backend: Backend) -> tuple[dict[str, str], tuple[str, ...]]:
    """Write what goes with every chunk; background goes where there is room to spare."""
    values = {
        "about": briefing.about(task.wishes.about),
        "rules": briefing.rules(task.policy),
        "language": briefing.language(task.policy),
    }
    trust = task.wishes.trust_worktree
    tiny = backend.tier == "tiny"
    texts = () if tiny else read_background(task.source, trust_worktree=trust)
    background = briefing.background(texts)
    if backend.count(background) <= backend.context_tokens // _BACKGROUND_SHARE:
        cut = [f"only the beginning of {one.path} was read" for one in texts if one.cut]
        return values | {"background": background}, tuple(cut)
    return values, ("the project's own guidance was left out: the model's window is too small",)


def _shots(prompt: Prompt, wishes: Wishes, backend: Backend) -> int:
    """Return how many examples go along: those wished for that take a quarter of the window.

    A tiny model is given none by itself, for it copies them.
    """
    usual = 0 if backend.tier == "tiny" else len(prompt.examples)
    shots = usual if wishes.shots is None else min(wishes.shots, len(prompt.examples))
    costs = [count_messages(one.messages, backend) for one in prompt.examples[:shots]]
    room = backend.context_tokens // _SHOTS_SHARE
    while costs and sum(costs) > room:
        costs.pop()
    return len(costs)
