"""What stands for a picture in a prompt, and what a picture says of its size."""

from __future__ import annotations

import pytest

from devchat.backends.local.picture import check
from devchat.backends.local.prefixes import STEP, uncut, usable
from devchat.backends.local.stand import before_picture, positions, stand_ins, whole
from devchat.errors import InputError
from tests.backends.local.projector import bomb, png

ONE, SAME, OTHER = stand_ins(7, 6, 6), stand_ins(7, 6, 6), stand_ins(8, 6, 6)
WIDE = stand_ins(2**64 - 1, 12, 4)


def jpeg(*segments: bytes) -> bytes:
    return b"\xff\xd8" + b"".join(segments)


def frame(marker: int, height: int, width: int) -> bytes:
    size = height.to_bytes(2, "big") + width.to_bytes(2, "big")
    return bytes((0xFF, marker, 0, 17, 8)) + size + bytes(10)


def test_a_picture_is_known_by_its_content() -> None:
    assert ONE == SAME and not set(ONE) & set(OTHER)
    assert all(token < 0 for token in (*ONE, *WIDE)) and len(set(WIDE)) == 12


def test_no_picture_is_cut() -> None:
    tokens = [1, 2, *ONE, 3, *WIDE, *OTHER]
    cuts = [whole(tokens, count) for count in range(len(tokens) + 1)]
    assert cuts == [0, 1, *[2] * 6, 8, *[9] * 12, *[21] * 6, 27]
    assert [before_picture(tokens), before_picture([1, 2]), before_picture(ONE)] == [2, 2, 0]


@pytest.mark.parametrize(
    ("prompt", "held", "count", "stepped"),
    [
        ([*range(48), *ONE, 7, 7], 48, 48, 48),
        ([*range(49), *ONE, 7, 7], 49, 49, 32),
        ([*range(50), *ONE, 7, 7], 50, 50, 48),
        ([*range(50), *ONE, 7, 7], 49, 48, 48),
        ([0, *ONE, 7, 7], 1, 1, 0),
        ([0, 1, *ONE, 7, 7], 1, 0, 0),
        ([*range(42), *ONE, 7, *ONE, 7, 7], 49, 49, 48),
        ([*range(42), *ONE, 7, *ONE, 7, 7], 50, 49, 48),
        ([*range(33), *stand_ins(9, 6, 6), *range(10), *ONE, 7, 7], 57, 55, 16),
    ],
)
def test_no_token_before_a_picture_is_left_to_be_read_alone(
    prompt: list[int], held: int, count: int, stepped: int
) -> None:
    assert usable(prompt[:held], prompt) == count
    assert uncut(prompt, count, STEP) == stepped


def test_a_picture_may_take_fewer_positions_than_tokens() -> None:
    tokens = [1, 2, *ONE, 3, *WIDE, *OTHER]
    assert (positions(tokens), positions(WIDE), positions([])) == (2 + 6 + 1 + 4 + 6, 4, 0)
    assert positions(tokens[9:]) + positions(tokens[:9]) == positions(tokens)


@pytest.mark.parametrize(
    "data",
    [
        png((1, 2, 3)),
        b"GIF89a\x10\0\x10\0\0\0\0",
        jpeg(b"\xff\xe0\0\4ab", frame(0xC0, 480, 640)),
        jpeg(b"\xff\xff\x01\xff\xe1\0\3a", frame(0xC2, 7000, 7000)),
    ],
)
def test_a_size_is_found(data: bytes) -> None:
    check("shot", data)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (bomb(), "60,000 x 60,000"),
        (b"GIF87a\xff\xff\xff\xff\0\0\0", "65,535 x 65,535"),
        (jpeg(b"\xff\xfe\0\3a", frame(0xC1, 40_000, 50_000)), "50,000 x 40,000"),
        (png((1, 2, 3), width=0), "no picture"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\4CgBI", "no picture"),
        (jpeg(b"\xff\xe0\xff\xff"), "no picture"),
        (jpeg(frame(0xC3, 10, 10)), "no picture"),
        (jpeg(b"not a marker"), "no picture"),
        (b"", "no picture"),
        (b"RIFF\0\0\0\0WEBP", "WebP"),
    ],
)
def test_what_can_not_be_read_or_is_too_large_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(InputError, match=words):
        check("shot", data)
