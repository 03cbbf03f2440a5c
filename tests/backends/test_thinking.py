"""Reasoning is told from the answer, however the stream was cut into pieces."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devchat.backends.thinking import ThinkSplitter
from devchat.types import ChunkKind

FRAGMENTS = [
    "<think>",
    "</think>",
    "<",
    "/",
    "think>",
    "thin",
    " ",
    "\n",
    "a",
    "答",
    "</thin</think>",
]


def split(pieces: Iterable[str], inside: bool = False) -> tuple[str, str]:
    """Feed all pieces; return reasoning and answer. Pieces that say nothing are never given."""
    splitter = ThinkSplitter(inside)
    said: dict[ChunkKind, str] = {"reasoning": "", "text": ""}
    chunks = [chunk for piece in pieces for chunk in splitter.feed(piece)]
    for chunk in [*chunks, *splitter.finish()]:
        assert chunk.text
        said[chunk.kind] += chunk.text
    return said["reasoning"], said["text"]


@pytest.mark.parametrize(
    ("text", "inside", "reasoning", "answer"),
    [
        ("plain answer", False, "", "plain answer"),
        ("<think>why</think>so", False, "why", "so"),
        ("\n <think>\nwhy\n</think>\n\nso\n", False, "why\n", "so\n"),
        ("<think>\n\n</think>\n\nno thought", False, "", "no thought"),
        (
            "The tag <think> opens, </think> closes",
            False,
            "",
            "The tag <think> opens, </think> closes",
        ),
        ("<think>a</think>b <think>c</think>", False, "a", "b <think>c</think>"),
        ("<think>a <think> b</think>c", False, "a <think> b", "c"),
        ("<think>never closed", False, "never closed", ""),
        ("<think>cut in the tag</thi", False, "cut in the tag</thi", ""),
        ("  indented", False, "", "  indented"),
        (" \n", False, "", " \n"),
        ("<thin", False, "", "<thin"),
        ("<thinking>", False, "", "<thinking>"),
        ("</think>stray", False, "", "</think>stray"),
        ("\nwhy</think>\nso", True, "why", "so"),
        ("</think>so", True, "", "so"),
        ("only thought", True, "only thought", ""),
        ("", False, "", ""),
    ],
)
def test_splits_at_the_tags(text: str, inside: bool, reasoning: str, answer: str) -> None:
    assert split([text], inside) == (reasoning, answer)
    assert split(text, inside) == (reasoning, answer), "character by character"


@given(st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=3)), st.data(), st.booleans())
def test_any_cut_gives_the_same(fragments: list[str], data: st.DataObject, inside: bool) -> None:
    whole = "".join(fragments)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(whole)))))
    pieces = [whole[start:end] for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    assert split(pieces, inside) == split([whole], inside)


@given(st.text(max_size=30).filter(lambda text: not text.lstrip().startswith("<think>")))
def test_an_answer_without_the_tag_is_untouched(text: str) -> None:
    assert split(text) == ("", text)


def test_text_is_given_as_soon_as_it_can_be_told() -> None:
    splitter = ThinkSplitter()
    assert [chunk.text for chunk in splitter.feed("Hello")] == ["Hello"]
    assert [chunk.text for chunk in splitter.feed(" <think")] == [" <think"]
