"""What a request comes to before it is begun: tokens, limits, and a guide through its schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from devchat.backends.local.fit import Limits, fit
from devchat.backends.local.layout import Layout
from devchat.backends.local.request import Asked
from devchat.backends.local.schema import Grammars, Guide
from devchat.backends.local.sight import Sight, View
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
    views: Mapping[int, View] = field(default_factory=dict)
    """Its pictures, by the first of the tokens that stand for them."""

    @property
    def cells(self) -> int:
        """Cells that it needs if it shares none."""
        return len(self.prompt) + self.most


class Planner:
    """Reads the requests to one model. Only the main thread may use it."""

    def __init__(self, weights: Weights, cap: int, sight: Sight | None = None) -> None:
        """Take the largest window that the user allows, 0 = the model's; and what sees pictures."""
        self.window = min(cap or weights.trained_window, weights.trained_window)
        """The tokens that one request may take."""
        self._layout, self._grammars = Layout(weights, sight), Grammars(weights)

    def plan(self, asked: Asked, memory: int) -> Plan:
        """Make a plan where memory holds so many tokens.

        Raises `AnswerError` for a schema, `ModelError` for a template or a projector,
        `InputError` for a picture, `ContextError` for a size.
        """
        guide = None if asked.schema is None else self._grammars.guide(asked.schema)
        laid = self._layout.prompt(asked.turns)
        room = fit(len(laid.tokens), asked.max_tokens, Limits(self.window, memory))
        note = self._layout.note
        frames: list[Frame] = [{"note": note}] if note else []
        if laid.thinks and guide is None:
            frames.append({"reasoning": True})
        return Plan(asked, laid.tokens, room.answer, tuple(frames), guide, laid.views)
