"""A conversation, and here a single turn of it: a question and its files, made to fit the window.

Knows neither the terminal nor how a backend works.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from devchat.backends import Backend
from devchat.context import Attached
from devchat.context.ledger import Ledger
from devchat.context.pack import pack
from devchat.errors import ContextError, InputError, UsageError
from devchat.prompts import Prompt
from devchat.types import Image, Message, Options, Request, Tier

# What a chat template wraps around each message: ChatML takes 5 tokens, the longest known 9.
MESSAGE_TOKENS = 10
# What services charge for a large picture is about 1,100 tokens (OpenAI, "high" detail).
IMAGE_TOKENS = 1_200
# Room kept for an answer whose length nobody chose, at most a quarter of the window. A tiny
# model has said what it has to say much sooner, and then goes round in circles.
ANSWER_TOKENS: Mapping[Tier, int] = {"tiny": 256, "small": 1_024, "large": 2_048}


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request that fits, with how it was made to: `shots` examples, and the ledger of inputs.

    `prompt` and `system` are what a question that follows has to be asked with: the prompt's name,
    and the text that stands for its own.
    """

    request: Request
    ledger: Ledger
    prompt_tokens: int
    answer_tokens: int
    shots: int
    prompt: str = ""
    system: str | None = None


def prepare(
    prompt: Prompt,
    question: str,
    attached: Attached,
    backend: Backend,
    options: Options,
    *,
    shots: int = 0,
    system: str | None = None,
    inputs: Mapping[str, str] | None = None,
    reserved: int = 0,
) -> Prepared:
    """Make the request of a question and its attachments, inside the backend's window.

    `inputs` are values for what else the prompt asks for; `reserved` tokens are kept free of
    attachments, for turns that come before. Examples are given up first (the last
    one first), then attachments are cut by the rule of `devchat.context.pack`.
    Raises `ContextError` where a single input or the question itself is too large, `InputError`
    for pictures that the model can't see, `UsageError` for inputs that the prompt has no place
    for.
    """
    _check_inputs(prompt, question, attached, backend)
    answer = options.max_tokens or min(ANSWER_TOKENS[backend.tier], backend.context_tokens // 4)
    budget = backend.context_tokens - answer - IMAGE_TOKENS * len(attached.images)

    def messages(files: str, shots: int) -> tuple[Message, ...]:
        given = {"question": question, "files": files, **(inputs or {})}
        values = {name: text for name, text in given.items() if name in prompt.inputs}
        return prompt.messages(values, tier=backend.tier, shots=shots, system=system)

    fitting, used = _fit_shots(messages, shots, budget, backend)
    packed = pack(attached, room=budget - used - reserved, count=backend.count)
    final = _with_images(messages(packed.text, fitting), attached.images)
    return Prepared(
        request=Request(final, replace(options, max_tokens=answer)),
        ledger=packed.ledger,
        prompt_tokens=count_messages(final, backend),
        answer_tokens=answer,
        shots=fitting,
        prompt=prompt.name,
        system=system if prompt.takes_questions else _system_text(final),
    )


def count_messages(messages: tuple[Message, ...], backend: Backend) -> int:
    """Count the tokens of messages as they are sent, each with what a template adds to it."""
    return sum(
        backend.count(message.text) + MESSAGE_TOKENS + IMAGE_TOKENS * len(message.images)
        for message in messages
    )


def _check_inputs(prompt: Prompt, question: str, attached: Attached, backend: Backend) -> None:
    given = {"question": bool(question), "files": bool(attached.texts)}
    for name, present in given.items():
        if present and name not in prompt.inputs:
            raise UsageError(
                f"the prompt `{prompt.name}` takes no {name}",
                f"add `{name}` to its inputs: `devchat prompts edit {prompt.name}`",
            )
    if attached.images and not backend.accepts_images:
        raise InputError(
            f"`{attached.images[0].name}` is a picture, and `{backend.name}` reads only text",
            "choose a model that takes pictures with -m; nothing was sent",
        )


def _fit_shots(
    messages: Callable[[str, int], tuple[Message, ...]], shots: int, budget: int, backend: Backend
) -> tuple[int, int]:
    """Return how many examples fit, and the tokens of everything but the attachments."""
    for fitting in range(shots, -1, -1):
        used = count_messages(messages("", fitting), backend)
        if used <= budget:
            return fitting, used
    raise ContextError(
        f"the question alone takes {used:,} tokens, and `{backend.name}` has room for {budget:,}"
        f" of its {backend.context_tokens:,} beside the answer",
        "shorten it, lower --max-tokens, or choose a model with a larger window with -m",
    )


def _system_text(messages: tuple[Message, ...]) -> str:
    return messages[0].text if messages[0].role == "system" else ""


def _with_images(messages: tuple[Message, ...], images: tuple[Image, ...]) -> tuple[Message, ...]:
    if not images:
        return messages
    *before, last = messages
    return (*before, Message(last.role, (*last.content, *images)))
