"""Split a stream into reasoning (`<think>`...`</think>`) and answer.

Knows nothing of models: who opens the tag in the prompt itself says so with `inside`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from devchat.types import Chunk, ChunkKind

OPEN = "<think>"
CLOSE = "</think>"


class ThinkSplitter:
    """Split pieces of an answer, wherever they were cut, at its think tags.

    Only a `<think>` that the answer begins with counts, so an answer *about* the tag stays whole.
    White space right after either tag is dropped. `inside` starts within the reasoning.
    """

    def __init__(self, inside: bool = False) -> None:
        self._place: Literal["start", "thinking", "answer"] = "thinking" if inside else "start"
        self._after_tag = inside
        self._held = ""

    def feed(self, text: str) -> Iterator[Chunk]:
        """Take the next piece; give what can be told by now."""
        self._held += text
        if self._place == "start":
            self._begin()
        chunks = []
        if self._place == "thinking":
            chunks += self._think()
        if self._place == "answer":
            chunks += self._take("text", len(self._held))
        return iter(chunks)

    def finish(self) -> Iterator[Chunk]:
        """Give what was held back because it might have become a tag."""
        kind: ChunkKind = "reasoning" if self._place == "thinking" else "text"
        return iter(self._take(kind, len(self._held)))

    def _begin(self) -> None:
        start = self._held.lstrip()
        if start.startswith(OPEN):
            self._enter("thinking", start.removeprefix(OPEN))
        elif not OPEN.startswith(start):
            self._place = "answer"

    def _think(self) -> list[Chunk]:
        thought, closed, rest = self._held.partition(CLOSE)
        if not closed:
            return self._take("reasoning", len(thought) - _tag_begun(thought))
        self._held = thought
        chunks = self._take("reasoning", len(thought))
        self._enter("answer", rest)
        return chunks

    def _enter(self, place: Literal["thinking", "answer"], rest: str) -> None:
        self._place, self._held, self._after_tag = place, rest, True

    def _take(self, kind: ChunkKind, length: int) -> list[Chunk]:
        text, self._held = self._held[:length], self._held[length:]
        if self._after_tag:
            text = text.lstrip()
            self._after_tag = not text
        return [Chunk(kind, text)] if text else []


def _tag_begun(text: str) -> int:
    """Count the characters at the end of a text that a closing tag may begin with."""
    return next((size for size in range(len(CLOSE) - 1, 0, -1) if text.endswith(CLOSE[:size])), 0)
