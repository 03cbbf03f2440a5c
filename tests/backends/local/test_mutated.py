"""Model files with something wrong in them: an answer or a clear error each time, and the front
door lives.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import pytest

from devchat.errors import BackendError
from devchat.types import Completion
from tests.backends.local.conftest import Gguf, Open, ask, finish

EACH = 11
"""Files of each kind."""
Mutate = Callable[[random.Random, bytearray], None]


def flip(chance: random.Random, head: bytearray, start: int, end: int) -> None:
    for _ in range(chance.randint(1, 6)):
        head[chance.randrange(start, end)] = chance.choice([0, 1, 0x7F, 0x80, 0xFF])


def vocabulary(head: bytearray) -> int:
    return head.index(b"tokenizer.ggml.tokens")


def tensors(head: bytearray) -> int:
    return head.index(b"token_embd.weight")


def key(chance: random.Random, head: bytearray) -> None:
    """Change the kind, the length or the value of one of the model's own numbers."""
    name = chance.choice(
        [
            b"llama.block_count",
            b"llama.context_length",
            b"llama.embedding_length",
            b"llama.feed_forward_length",
            b"llama.attention.head_count",
            b"llama.attention.head_count_kv",
            b"llama.rope.dimension_count",
            b"llama.vocab_size",
            b"tokenizer.ggml.model",
            b"tokenizer.ggml.bos_token_id",
            b"general.architecture",
        ]
    )
    place = head.index(name) + len(name)
    flip(chance, head, place, place + 12)


KINDS: dict[str, Mutate] = {
    "start": lambda chance, head: flip(chance, head, 4, 24),
    "keys": lambda chance, head: flip(chance, head, 24, vocabulary(head)),
    "one key": key,
    "tokens": lambda chance, head: flip(chance, head, vocabulary(head), vocabulary(head) + 20_000),
    "length of tokens": lambda chance, head: flip(
        chance, head, vocabulary(head), vocabulary(head) + 40
    ),
    "behind the tokens": lambda chance, head: flip(
        chance, head, tensors(head) - 4_000, tensors(head)
    ),
    "tensors": lambda chance, head: flip(chance, head, tensors(head), tensors(head) + 12_000),
    "first tensors": lambda chance, head: flip(chance, head, tensors(head), tensors(head) + 300),
    "anywhere": lambda chance, head: flip(chance, head, 4, len(head)),
    "cut": lambda chance, head: head.__delitem__(slice(chance.randrange(4, 2 << 20), None)),
}


def outcomes(open_model: Open, gguf: Gguf, kind: str) -> Iterator[Completion | BackendError]:
    chance = random.Random(kind)
    for _ in range(EACH):
        head = bytearray(gguf.head)
        KINDS[kind](chance, head)
        path = gguf.write(bytes(head), len(head) if kind == "cut" else None)
        try:
            backend = open_model(path, keep_alive=0)
            yield finish(backend, ask("Hi", max_tokens=2))
            backend.close()
        except BackendError as error:
            yield error
        path.unlink()


@pytest.mark.engine
@pytest.mark.parametrize("kind", KINDS)
def test_a_mutated_model_answers_or_says_clearly_that_it_can_not(
    open_model: Open, gguf: Gguf, kind: str
) -> None:
    found = list(outcomes(open_model, gguf, kind))
    assert len(found) == EACH
    for error in found:
        if isinstance(error, BackendError):
            assert error.message.strip() and "\n" not in error.message
            assert error.hint
    assert finish(open_model(), ask("Hello", max_tokens=2)).text


def test_there_are_at_least_a_hundred() -> None:
    assert len(KINDS) * EACH >= 100
