"""Pictures that unpack to more than they say, and those that don't."""

from __future__ import annotations

import struct
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devchat.backends.local.picture import check
from devchat.errors import InputError
from tests.backends.local.projector import chunk, png, png_of

SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
# Where each pass begins and how far it steps: https://www.w3.org/TR/png-3/#8InterlaceMethods
PASSES = [(0, 8, 0, 8), (4, 8, 0, 8), (0, 4, 4, 8), (2, 4, 0, 4), (0, 2, 2, 4), (1, 2, 0, 2)]
PASSES += [(0, 1, 1, 2)]
BITS = [(kind, depth) for kind, depths in DEPTHS.items() for depth in depths]
LARGE = 8 << 20
PACKED = zlib.compress(bytes(LARGE), 9)


def rows(width: int, height: int, bits: int) -> int:
    return height * (1 + -(-width * bits // 8)) if width and height else 0


def unpacked(width: int, height: int, bits: int, interlaced: bool) -> int:
    """Count the bytes that a picture's data are."""
    if not interlaced:
        return rows(width, height, bits)
    return sum(
        rows(len(range(x, width, across)), len(range(y, height, down)), bits)
        for x, across, y, down in PASSES
    )


@given(st.integers(1, 70), st.integers(1, 70), st.sampled_from(BITS), st.booleans())
def test_a_picture_of_any_kind_may_be_seen(
    width: int, height: int, kind: tuple[int, int], interlaced: bool
) -> None:
    color, depth = kind
    size = unpacked(width, height, depth * SAMPLES[color], interlaced)
    head = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, interlaced)
    check("x.png", png_of(head, zlib.compress(bytes(size))))


def head(width: int = 8, height: int = 8) -> bytes:
    return struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)


APPLE = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head()) + chunk(b"CgBI", bytes(4))
PARTS = [PACKED[start : start + 999] for start in range(0, len(PACKED), 999)]


@pytest.mark.parametrize(
    "data",
    [
        png_of(head(), PACKED),
        png_of(head(8, 999), PACKED),
        png_of(head(), *PARTS),
        png_of(head(), zlib.compress(bytes(100))[:2] + b"\xff" + bytes(99)),
        png_of(head(), PACKED) + bytes(99),
    ],
    ids=["one chunk", "taller", "many chunks", "no stream", "more behind"],
)
def test_what_unpacks_to_more_than_it_says_is_refused_unpacked_by_none(data: bytes) -> None:
    tracemalloc.start()
    with pytest.raises(InputError, match="`x.png` is no picture"):
        check("x.png", data)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 1 << 20


def test_what_llama_cpp_does_not_unpack_is_not_counted() -> None:
    """A chunk that changes how all is unpacked, and what comes behind the end."""
    check("x.png", APPLE + chunk(b"IDAT", PACKED) + chunk(b"IEND", b""))
    check("x.png", png((1, 2, 3)) + chunk(b"IDAT", PACKED))
