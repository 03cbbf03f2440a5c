"""What a request comes to before it is begun: tokens, limits, and a guide through its schema."""

from __future__ import annotations

from dataclasses import dataclass

from devchat.backends.local.fit import Limits, fit
from devchat.backends.local.layout import Layout
from devchat.backends.local.request import Asked
from devchat.backends.local.schema import Grammars, Guide
from devchat.backends.local.weights import Weights
from devchat.backends.local.wire import Frame


@dataclass(frozen=True, slots=True)
class Plan:
    """A prompt's tokens, how many its answer has at most, and what its client is told first."""

    asked: Asked
    prompt: list[int]
    most: int
    frames: tuple[Frame, ...] = ()
    guide: Guide | None = None

    @property
    def cells(self) -> int:
        """Cells that it needs if it shares none."""
        return len(self.prompt) + self.most


class Planner:
    """Reads the requests to one model. Only the main thread may use it."""

    def __init__(self, weights: Weights, cap: int) -> None:
        """Take the largest window that the user allows, 0 = the model's."""
        self.window = min(cap or weights.trained_window, weights.trained_window)
        """The tokens that one request may take."""
        self._layout, self._grammars = Layout(weights), Grammars(weights)

    def plan(self, asked: Asked, memory: int) -> Plan:
        """Make a plan where memory holds so many tokens.

        Raises `AnswerError` for a schema, `ModelError` for a template, `ContextError` for a size.
        """
        guide = None if asked.schema is None else self._grammars.guide(asked.schema)
        prompt, thinks = self._layout.prompt(asked.turns)
        room = fit(len(prompt), asked.max_tokens, Limits(self.window, memory))
        note = self._layout.note
        frames: list[Frame] = [{"note": note}] if note else []
        if thinks and guide is None:
            frames.append({"reasoning": True})
        return Plan(asked, prompt, room.answer, tuple(frames), guide)
