"""GGUF's metadata and tensor table, from bytes. Knows nothing of files or of what keys mean.

Layout: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from struct import Struct, error

Value = str | int | float | bool | None
"""A metadata value; None stands for an array, which is stepped over."""
Enough = Callable[[str, Mapping[str, Value]], bool]

MAX_ENTRIES = 65_536
MAX_TENSORS = 65_536
MAX_STRINGS = 2_000_000
"""Strings in all arrays together; the largest vocabulary with its merges has about 800,000."""
MAX_KEY = 1_024

_U32, _U64, _COUNTS = Struct("<I"), Struct("<Q"), Struct("<QQ")
_STRING, _ARRAY = 8, 9
_SCALARS = {
    number: Struct("<" + code)
    for number, code in {
        0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"
    }.items()
}  # fmt: skip
# ggml's tensor types: (weights in a block, bytes of a block). A type that is missing here is newer
# than this table, and its tensors' sizes are left to llama.cpp.
_BLOCKS = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34),
    9: (32, 36), 10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210),
    15: (256, 292), 16: (256, 66), 17: (256, 74), 18: (256, 98), 19: (256, 50), 20: (32, 18),
    21: (256, 110), 22: (256, 82), 23: (256, 136), 24: (1, 1), 25: (1, 2), 26: (1, 4),
    27: (1, 8), 28: (1, 8), 29: (256, 56), 30: (1, 2), 34: (256, 54), 35: (256, 66), 39: (32, 17),
}  # fmt: skip


class CorruptError(Exception):
    """The bytes contradict themselves, or the file's size."""


class MoreError(Exception):
    """The bytes end before what was asked for; the file goes on."""


@dataclass(frozen=True, slots=True)
class Tensors:
    """What the tensor table promises: the number of weights, and the size of the whole file."""

    parameters: int
    file_bytes: int


class Cursor:
    """Steps through the start of a GGUF file of `size` bytes, never past its end."""

    def __init__(self, data: bytes, size: int) -> None:
        self.data, self.size, self.position = data, size, 4
        self.strings_left = MAX_STRINGS

    def take(self, layout: Struct) -> tuple[int, ...]:
        """Unpack fixed-size values and step over them."""
        start = self.skip(layout.size)
        return layout.unpack_from(self.data, start)

    def skip(self, count: int) -> int:
        """Step over bytes and return where they start."""
        start = self.position
        if start + count > self.size:
            raise CorruptError(f"byte {start:,} asks for {count:,} more than the file has")
        if start + count > len(self.data):
            raise MoreError
        self.position = start + count
        return start

    def text(self, limit: int | None = None) -> str:
        """Read a string; bytes that are not UTF-8 are replaced."""
        (count,) = self.take(_U64)
        if limit is not None and count > limit:
            raise CorruptError(f"a name of {count:,} bytes")
        start = self.skip(count)
        return self.data[start : start + count].decode("utf-8", "replace")

    def value(self) -> Value:
        """Read one value with its type; an array is stepped over."""
        (kind,) = self.take(_U32)
        if kind == _STRING:
            return self.text()
        if kind == _ARRAY:
            self.step_over_array()
            return None
        return self.take(_scalar(kind))[0]

    def step_over_array(self) -> None:
        """Step over an array without reading it."""
        (kind,), (count,) = self.take(_U32), self.take(_U64)
        if kind != _STRING:
            self.skip(_scalar(kind).size * count)
            return
        self.strings_left -= count
        if self.strings_left < 0 or self.position + 8 * count > self.size:
            raise CorruptError(f"an array of {count:,} strings")
        # A vocabulary is 100,000 strings and more: this loop is nearly all the time there is.
        unpack, data, position = _U64.unpack_from, self.data, self.position
        try:
            for _ in range(count):
                position += 8 + unpack(data, position)[0]
        except (error, OverflowError):  # past the end of the data, by little or by exabytes
            position += 8
        self.skip(position - self.position)


def _scalar(kind: int) -> Struct:
    if kind not in _SCALARS:
        raise CorruptError(f"a value of the unknown type {kind}")
    return _SCALARS[kind]


def read_entries(cursor: Cursor, enough: Enough) -> tuple[int, dict[str, Value]]:
    """Return the number of tensors and the metadata, up to where `enough(key, entries)` holds.

    The cursor stands after version. Raises `CorruptError`, `MoreError`.
    """
    tensors, count = cursor.take(_COUNTS)
    if count > MAX_ENTRIES or tensors > MAX_TENSORS:
        raise CorruptError(f"{count:,} entries and {tensors:,} tensors")
    entries: dict[str, Value] = {}
    for _ in range(count):
        key = cursor.text(MAX_KEY)
        if enough(key, entries):
            break
        entries[key] = cursor.value()
    return tensors, entries


def read_tensors(cursor: Cursor, count: int, alignment: int) -> Tensors:
    """Read the tensor table, which follows the last metadata entry."""
    parameters = end = 0
    for _ in range(count):
        cursor.skip(cursor.take(_U64)[0])  # its name
        (dimensions,) = cursor.take(_U32)
        if not 1 <= dimensions <= 8:
            raise CorruptError(f"a tensor of {dimensions} dimensions")
        weights = prod(cursor.take(Struct(f"<{dimensions}Q")))
        (kind,), (offset,) = cursor.take(_U32), cursor.take(_U64)
        per_block, block_bytes = _BLOCKS.get(kind, (1, 0))
        end = max(end, offset + weights // per_block * block_bytes)
        parameters += weights
    start = -(-cursor.position // alignment) * alignment
    return Tensors(parameters, start + end if count else cursor.position)


def read_version(cursor: Cursor) -> int:
    """Read the version, which follows the magic number."""
    return cursor.take(_U32)[0]
