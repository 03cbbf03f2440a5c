"""The file of one evaluated prompt: a head with its tokens, then llama.cpp's state of them.

A head is read without the state, so that the best file is found quickly. Both have a checksum:
llama.cpp never sees a byte of a damaged file. No other engine's, model's or version's state fits:
`key` names all that makes the numbers what they are.
"""

from __future__ import annotations

import hashlib
import json
import struct
import zlib
from dataclasses import asdict, dataclass
from typing import BinaryIO

from devchat.backends.local.worth import Wanted

MAGIC, FORMAT = b"devchat\0", 1
START = struct.Struct(">8sII16s")
"""Magic, format, and the size and checksum of the head."""
LARGEST_HEAD = 64 << 20


class DamagedError(Exception):
    """A file that is not what was written."""


@dataclass(frozen=True, slots=True)
class Head:
    """What is known of a state; `size` is the state's bytes, `crc` their CRC-32.

    The first `exact` tokens have the numbers of a request answered alone; `asked` are its prompt.
    """

    key: str
    model: str
    tokens: tuple[int, ...]
    exact: int
    asked: int
    size: int
    crc: int

    @property
    def name(self) -> str:
        """The file's name: of the same tokens under the same key there is one file."""
        digest = hashlib.blake2b(struct.pack(f"{len(self.tokens)}q", *self.tokens), digest_size=8)
        return f"{self.key}-{digest.hexdigest()}.kv"


def head_of(key: str, model: str, wanted: Wanted, state: bytes) -> Head:
    """Describe a state."""
    return Head(
        key, model, wanted.tokens, wanted.exact, wanted.asked, len(state), zlib.crc32(state)
    )


def encode_head(head: Head) -> bytes:
    """Make the bytes that come before a state."""
    body = json.dumps(asdict(head), separators=(",", ":")).encode()
    return START.pack(MAGIC, FORMAT, len(body), _digest(body)) + body


def read_head(file: BinaryIO) -> Head:
    """Read a head; the file's position is the state's then. Raises `DamagedError`, `OSError`."""
    start = file.read(START.size)
    if len(start) < START.size:
        raise DamagedError("truncated in its head")
    magic, form, size, digest = START.unpack(start)
    if (magic, form) != (MAGIC, FORMAT) or size > LARGEST_HEAD:
        raise DamagedError("foreign")
    body = file.read(size)
    if _digest(body) != digest:
        raise DamagedError("damaged in its head")
    try:
        found = json.loads(body)
        head = Head(**found | {"tokens": tuple(found["tokens"])})
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise DamagedError("written by another devchat") from error
    if not _typed(head):
        raise DamagedError("written by another devchat")
    return head


def read_state(file: BinaryIO, head: Head) -> bytes:
    """Read what follows a head. Raises `DamagedError`, `OSError`."""
    state = file.read(head.size + 1)
    if len(state) != head.size or zlib.crc32(state) != head.crc:
        raise DamagedError("damaged in its state")
    return state


def _typed(head: Head) -> bool:
    # Each field is what llama.cpp and its readers take it for; a token is a 32-bit number.
    numbers = (head.exact, head.asked, head.size, head.crc)
    sound = all(type(one) is int and one >= 0 for one in numbers)
    sound = sound and all(type(one) is int and 0 <= one < 1 << 31 for one in head.tokens)
    return sound and isinstance(head.key, str) and isinstance(head.model, str)


def _digest(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=16).digest()
