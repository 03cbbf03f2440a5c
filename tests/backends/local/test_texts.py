"""Frames, the end of an answer, and chat templates: text in, text out."""

from __future__ import annotations

import os
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devchat.backends.local.request import Turn
from devchat.backends.local.tail import Tail
from devchat.backends.local.template import CHATML, Piece, Template, opens_reasoning
from devchat.backends.local.wire import WireError, encode, peer_uid, receive
from devchat.errors import ModelError

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=9,
)


@pytest.mark.no_cover
@given(st.dictionaries(st.text(), values))
def test_frames_arrive_as_they_were_sent(frame: dict[str, object]) -> None:
    left, right = socket.socketpair()
    with left, right:
        left.sendall(encode(frame))
        left.shutdown(socket.SHUT_WR)
        assert receive(right) == frame
        assert receive(right) is None


@given(st.binary(max_size=40))
def test_noise_is_a_frame_an_end_or_an_error(noise: bytes) -> None:
    left, right = socket.socketpair()
    with left, right:
        left.sendall(noise)
        left.shutdown(socket.SHUT_WR)
        try:
            frame = receive(right)
        except WireError:
            return
        assert frame is None or isinstance(frame, dict)


def test_a_frame_has_a_largest_size() -> None:
    with pytest.raises(WireError):
        encode({"text": "x" * (64 << 20)})


def test_the_peer_is_known() -> None:
    left, right = socket.socketpair()
    with left, right:
        assert peer_uid(left) == os.geteuid()


@given(st.text(min_size=1), st.lists(st.integers(1, 5)), st.lists(st.text(max_size=4), max_size=3))
def test_bytes_cut_anywhere_give_the_text_up_to_the_first_stop(
    text: str, cuts: list[int], stops: list[str]
) -> None:
    data = text.encode("utf-8", "replace")
    whole = data.decode()
    tail, given_out = Tail(tuple(stops)), ""
    while data and not tail.stopped:
        size = cuts.pop() if cuts else 1
        given_out += tail.feed(data[:size])
        data = data[size:]
    if not tail.stopped:
        given_out += tail.feed(b"", last=True)
    places = [whole.find(stop) for stop in stops if stop and stop in whole]
    assert tail.stopped == bool(places)
    if not places:
        assert given_out == whole
    else:
        assert whole.startswith(given_out)
        assert not any(stop in given_out for stop in stops if stop)


def lay_out(source: str, *turns: tuple[str, str]) -> str:
    pieces = Template(source, "<s>", "</s>").lay_out([Turn(*turn) for turn in turns])
    return "".join(piece.text for piece in pieces)


TALK = (("system", "Be kind."), ("user", "Hi"), ("assistant", "Yes?"), ("user", "Bye"))
ALTERNATING = (
    "{{ bos_token }}{% for m in messages %}"
    "{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('order') }}{% endif %}"
    "[{{ m.role }}]{{ m.content }}{{ eos_token }}{% endfor %}"
)
CASES = [
    (
        CHATML,
        TALK[:2],
        "<|im_start|>system\nBe kind.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n"
        "<|im_start|>assistant\n",
    ),
    (ALTERNATING, TALK[:2], "<s>[user]Be kind.\n\nHi</s>"),
    (ALTERNATING, TALK, "<s>[user]Be kind.\n\nHi</s>[assistant]Yes?</s>[user]Bye</s>"),
    (ALTERNATING, (("user", "a"), ("user", "b")), "<s>[user]a\n\nb</s>"),
    (ALTERNATING, (("system", "a"),), "<s>[user]a</s>"),
    (ALTERNATING, (("system", "a"), ("assistant", "b")), "<s>[user]a</s>[assistant]b</s>"),
    (
        "{% for m in messages %}{% generation %}{{ m.content }}{% endgeneration %}"
        "{% if loop.first %}{% continue %}{% endif %}{% endfor %}",
        TALK[1:2],
        "Hi",
    ),
    ("{{ messages[0].content }}{{ {'é': 1} | tojson(indent=None) }}", TALK[1:2], 'Hi{"é": 1}'),
    ("{{ messages[0].content }} {{ strftime_now('%%') }}", TALK[1:2], "Hi %"),
    ("{{ messages[0].content | trim | upper }}", (("user", " Straße "),), " Straße "),
]


@pytest.mark.parametrize(("source", "turns", "prompt"), CASES)
def test_layouts(source: str, turns: tuple[tuple[str, str], ...], prompt: str) -> None:
    assert lay_out(source, *turns) == prompt


@given(st.lists(st.tuples(st.sampled_from(["user", "assistant"]), st.text()), min_size=1))
def test_only_what_the_template_wrote_is_trusted(turns: list[tuple[str, str]]) -> None:
    pieces = Template(CHATML, "", "").lay_out([Turn(*turn) for turn in turns])
    assert [piece.text for piece in pieces if not piece.trusted] == [text for _, text in turns]


def test_a_template_that_takes_long_to_compile_is_refused_in_time() -> None:
    with pytest.raises(ModelError, match="takes more than 2 seconds"):
        Template("{{ ('a ' * 1000000)|wordcount }}" * 300, "", "")


@pytest.mark.parametrize(
    "source",
    [
        "{% for m in messages %}{{ m.content }}{{ m.content }}{% endfor %}",
        "{% for m in messages %}{{ m.content[:5] }}{% endfor %}",
    ],
)
def test_a_template_that_changes_a_text_is_refused(source: str) -> None:
    with pytest.raises(ModelError, match="loses a part"):
        lay_out(source, *TALK[:2])


@pytest.mark.parametrize(
    ("pieces", "opens"),
    [
        ((Piece("<think>\n", True),), True),
        ((Piece("<think>\n", False), Piece("", True)), False),
        ((Piece("<think></think>", True),), False),
    ],
)
def test_thoughts_are_opened_by_the_template_only(pieces: tuple[Piece, ...], opens: bool) -> None:
    assert opens_reasoning(pieces) is opens
