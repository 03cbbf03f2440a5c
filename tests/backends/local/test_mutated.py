"""Model files with something wrong in them: an answer or a clear error each time, and the front
door lives.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devchat.errors import DevchatError
from devchat.types import Completion
from tests.backends.local.conftest import Gguf, Open, ask, finish
from tests.backends.local.network import write_talker

TINY, REAL = 9, 2
"""Files of each kind: of a model of 50 kB, each of whose bytes counts, and of the real one."""
QUESTION = ask("hi", max_tokens=2)
Mutate = Callable[[random.Random, bytearray], None]


def flip(chance: random.Random, head: bytearray, start: int, end: int) -> None:
    for _ in range(chance.randint(1, 6)):
        head[chance.randrange(start, end)] = chance.choice([0, 1, 0x7F, 0x80, 0xFF])


def vocabulary(head: bytearray) -> int:
    return head.index(b"tokenizer.ggml.tokens")


def tensors(head: bytearray) -> int:
    return head.index(b"token_embd.weight")


def first_half(head: bytearray) -> int:
    """Where half of the vocabulary is over, or some 2,000 words of a large one."""
    return vocabulary(head) + min(20_000, (tensors(head) - vocabulary(head)) // 2)


def second_half(head: bytearray) -> int:
    return max(first_half(head), tensors(head) - 4_000)


KEYS = (
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
)


def key(chance: random.Random, head: bytearray) -> None:
    """Change the kind, the length or the value of one of the model's own numbers."""
    name = chance.choice([name for name in KEYS if name in head])
    place = head.index(name) + len(name)
    flip(chance, head, place, place + 12)


KINDS: dict[str, Mutate] = {
    "start": lambda chance, head: flip(chance, head, 4, 24),
    "keys": lambda chance, head: flip(chance, head, 24, vocabulary(head)),
    "one key": key,
    "tokens": lambda chance, head: flip(chance, head, vocabulary(head), first_half(head)),
    "length of tokens": lambda chance, head: flip(
        chance, head, vocabulary(head), vocabulary(head) + 40
    ),
    "behind the tokens": lambda chance, head: flip(chance, head, second_half(head), tensors(head)),
    "tensors": lambda chance, head: flip(
        chance, head, tensors(head), head.rindex(b".weight") + len(".weight") + 40
    ),
    "first tensors": lambda chance, head: flip(chance, head, tensors(head), tensors(head) + 300),
    "anywhere": lambda chance, head: flip(chance, head, 4, len(head)),
    "cut": lambda chance, head: head.__delitem__(slice(chance.randrange(4, len(head)), None)),
}


@pytest.fixture
def talker(home: Path) -> Path:
    """The tiny model, unharmed."""
    return write_talker(home / "talker.gguf")


def mutated(gguf: Gguf, talker: Path, kind: str) -> Iterator[Path]:
    """Write one file after the other; the weights of those of the real model are zeros."""
    chance = random.Random(kind)
    for number in range(TINY + REAL):
        head = bytearray(gguf.head if number < REAL else talker.read_bytes())
        KINDS[kind](chance, head)
        whole = number < REAL and kind != "cut"
        path = gguf.write(bytes(head), None if whole else len(head))
        yield path
        path.unlink()


def outcome(open_model: Open, path: Path) -> Completion | DevchatError:
    backend = open_model(path, keep_alive=0)
    try:
        return finish(backend, QUESTION)
    except DevchatError as error:
        return error
    finally:
        backend.close()


@pytest.mark.engine
@pytest.mark.parametrize("kind", KINDS)
def test_a_mutated_model_answers_or_says_clearly_that_it_can_not(
    open_model: Open, gguf: Gguf, talker: Path, kind: str
) -> None:
    found = [outcome(open_model, path) for path in mutated(gguf, talker, kind)]
    errors = [one for one in found if isinstance(one, DevchatError)]
    assert errors
    for error in errors:
        assert error.message.strip() and "\n" not in error.message
        assert error.hint
    assert finish(open_model(talker), QUESTION).text


def test_there_are_at_least_a_hundred() -> None:
    assert len(KINDS) * (TINY + REAL) >= 100
