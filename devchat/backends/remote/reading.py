"""Read the events of one streamed answer into chunks and a completion. Pure.

Every field is foreign: what is missing or of another type is passed over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from devchat.backends.remote.failure import Failure
from devchat.backends.thinking import ThinkSplitter
from devchat.types import Chunk, FinishReason, Usage

_REASONS: Mapping[str, FinishReason | None] = {
    "length": "length",
    "max_tokens": "length",
    "content_filter": "filter",
    "error": None,
    "abort": None,
    "insufficient_system_resource": None,
}
"""What services call the end of an answer; None = it broke off. All else is a normal end."""


class Reading:
    """Gather an answer while it arrives."""

    def __init__(self) -> None:
        self.text = ""
        self.reasoning = ""
        self.usage: Usage | None = None
        self.finish_reason: FinishReason | None = None
        self._splitter = ThinkSplitter()

    def take(self, event: Mapping[str, Any]) -> Iterator[Chunk]:
        """Take one event; give what it adds."""
        self.usage = _usage(event.get("usage")) or self.usage
        choices = event.get("choices")
        choice = choices[0] if isinstance(choices, list) and choices else None
        if not isinstance(choice, dict):
            return
        delta = choice.get("delta")
        if isinstance(delta, dict):
            yield from self._delta(delta)
        if reason := choice.get("finish_reason"):
            self.finish_reason = _REASONS.get(str(reason), "stop")

    @property
    def begun(self) -> bool:
        """Whether any of the answer has come."""
        return bool(self.text or self.reasoning)

    def finish(self) -> Iterator[Chunk]:
        """Give what was held back. Raises `Failure` where the answer did not come to its end."""
        for chunk in self._splitter.finish():
            yield self._add(chunk)
        if self.finish_reason is None:
            raise Failure("cut" if self.begun else "empty", "no answer in it")

    def _delta(self, delta: Mapping[str, Any]) -> Iterator[Chunk]:
        for name in ("reasoning_content", "reasoning"):
            if isinstance(thought := delta.get(name), str) and thought:
                yield self._add(Chunk("reasoning", thought))
                break  # some services send the same under both names
        for name in ("content", "refusal"):
            for chunk in self._splitter.feed(_text(delta.get(name))):
                yield self._add(chunk)

    def _add(self, chunk: Chunk) -> Chunk:
        if chunk.kind == "reasoning":
            self.reasoning += chunk.text
        else:
            self.text += chunk.text
        return chunk


def _text(content: Any) -> str:
    """Read content that is a text, or a list of parts as Mistral's reasoning models send it."""
    if isinstance(content, list):
        return "".join(_text(part.get("text")) for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def _usage(usage: Any) -> Usage | None:
    if not isinstance(usage, dict):
        return None
    prompt, completion = _count(usage, "prompt_tokens"), _count(usage, "completion_tokens")
    if prompt is None or completion is None:
        return None
    details = usage.get("prompt_tokens_details")
    cached = _count(details, "cached_tokens") if isinstance(details, dict) else None
    return Usage(prompt, completion, cached or _count(usage, "prompt_cache_hit_tokens") or 0)


def _count(usage: Mapping[str, Any], name: str) -> int | None:
    value = usage.get(name)
    return value if isinstance(value, int) and value >= 0 else None
