"""GGUF files made by hand, as small as they can be."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

U32, I32, BOOL, STRING, ARRAY, U64 = 4, 5, 7, 8, 9, 10
F32 = 0
Entry = tuple[int, object]


@dataclass(frozen=True, slots=True)
class Tensor:
    """A row of the tensor table: its shape, ggml type and offset."""

    shape: tuple[int, ...]
    kind: int = F32
    offset: int = 0


def text(value: str | bytes) -> bytes:
    """Write a string as GGUF does."""
    raw = value.encode() if isinstance(value, str) else value
    return struct.pack("<Q", len(raw)) + raw


def strings(*values: str) -> Entry:
    """Make an array of strings."""
    packed = struct.pack("<IQ", STRING, len(values)) + b"".join(map(text, values))
    return ARRAY, packed


def entry(key: str, kind: int, value: object) -> bytes:
    """Write one metadata entry."""
    start = text(key) + struct.pack("<I", kind)
    if isinstance(value, bytes):
        return start + value
    if isinstance(value, str):
        return start + text(value)
    return start + struct.pack({U32: "<I", BOOL: "<?", U64: "<Q"}[kind], value)


USUAL: Mapping[str, Entry] = {
    "general.architecture": (STRING, "llama"),
    "general.name": (STRING, "Test Model"),
    "general.size_label": (STRING, "7B"),
    "general.file_type": (U32, 15),
    "llama.block_count": (U32, 2),
    "llama.context_length": (U32, 4096),
    "tokenizer.ggml.tokens": strings("a", "b", "结"),
    "tokenizer.chat_template": (STRING, "{{ messages }}"),
}


def gguf(
    changes: Mapping[str, Entry | None] | None = None,
    tensors: Sequence[Tensor] = (Tensor((4, 2)),),
    version: int = 3,
    data: bytes = bytes(32),
) -> bytes:
    """Make a whole file: the usual entries with changes (None takes one away), and tensors."""
    entries = {key: value for key, value in (dict(USUAL) | dict(changes or {})).items() if value}
    body = b"GGUF" + struct.pack("<IQQ", version, len(tensors), len(entries))
    body += b"".join(entry(key, kind, value) for key, (kind, value) in entries.items())
    for number, tensor in enumerate(tensors):
        count = len(tensor.shape)
        body += text(f"t{number}") + struct.pack(f"<I{count}Q", count, *tensor.shape)
        body += struct.pack("<IQ", tensor.kind, tensor.offset)
    return body + bytes(-len(body) % 32) + data
