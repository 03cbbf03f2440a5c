"""What a PNG's data unpack to, counted before llama.cpp unpacks them. Pure.

llama.cpp (by stb_image) unpacks all that is packed and only then looks how much it should have
been: a file of a megabyte can ask for a gigabyte so.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

START = 8
"""Bytes before the first chunk."""
HEADER = 33
"""Bytes up to the end of the first chunk, which tells of size and colors."""
_KNOWN = (b"IHDR", b"PLTE", b"IDAT", b"IEND")
# Numbers of a pixel by its type: https://www.w3.org/TR/png-3/#11IHDR
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_AT_ONCE = 1 << 18
"""Bytes unpacked at once, and thrown away."""


def unpacks_as_told(data: bytes) -> bool:
    """Tell whether no more is packed than the pixels that the header promises."""
    if len(data) < HEADER:
        return False
    width, height, depth, kind = struct.unpack_from(">IIBB", data, START + 8)
    row = -(-width * depth * _SAMPLES.get(kind, 4) // 8)
    # A byte before each row says how it is packed. In passes, rows are twice as many, and each may
    # end within a byte: https://www.w3.org/TR/png-3/#8InterlaceMethods
    most = height * row + 2 * (2 * height + 7)
    try:
        return all(so_far <= most for so_far in _sizes(_packed(data)))
    except zlib.error:
        return False


def _sizes(parts: Iterator[memoryview]) -> Iterator[int]:
    """Count what parts of one stream unpack to, again and again."""
    stream, size = zlib.decompressobj(), 0
    for part in parts:
        rest: bytes | memoryview = part
        while rest and not stream.eof:
            size += len(stream.decompress(rest, _AT_ONCE))
            yield size
            rest = stream.unconsumed_tail


def _packed(data: bytes) -> Iterator[memoryview]:
    """Give what is packed in a file's chunks; nothing more after one that stb_image refuses."""
    view, place = memoryview(data), START
    while place + 8 <= len(view):
        size, kind = struct.unpack_from(">I4s", view, place)
        # Whose first letter is a capital can't be left out. Apple's `CgBI` would change how all is
        # unpacked.
        if kind == b"IEND" or (kind not in _KNOWN and not kind[0] & 0x20):
            return
        if kind == b"IDAT":
            yield view[place + 8 : place + 8 + size]
        place += 12 + size
