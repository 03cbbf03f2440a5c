"""From a conversation to the tokens of a prompt, by the model's chat template."""

from __future__ import annotations

from collections.abc import Sequence

from devchat.backends.local.request import Turn
from devchat.backends.local.template import CHATML, Piece, Template, opens_reasoning
from devchat.backends.local.weights import Weights

NO_TEMPLATE = "the model file has no chat template: ChatML is used"


class Layout:
    """Lays out prompts for one model. Only the main thread may use it."""

    def __init__(self, weights: Weights) -> None:
        """Note the template; it is compiled on first use."""
        self._weights, self._own = weights, weights.template
        self._template: Template | None = None

    @property
    def note(self) -> str:
        """What the user should know of it; "" where there is nothing."""
        return NO_TEMPLATE if self._own is None else ""

    def prompt(self, turns: tuple[Turn, ...]) -> tuple[list[int], bool]:
        """Give the tokens, and whether they open a thought. Raises `ModelError`."""
        pieces = self._compiled().lay_out(turns)
        return self._tokens(pieces), opens_reasoning(pieces)

    def _compiled(self) -> Template:
        if self._template is None:
            weights = self._weights
            bos, eos = (
                weights.piece(token, special=True).decode("utf-8", "replace") if token >= 0 else ""
                for token in (weights.bos, weights.eos)
            )
            self._template = Template(self._own or CHATML, bos, eos)
        return self._template

    def _tokens(self, pieces: Sequence[Piece]) -> list[int]:
        # In one go, as the model was trained, unless a message's text would become a control
        # token that way: then piece by piece, so that `<|im_end|>` in a file stays a text.
        weights = self._weights
        whole = weights.tokenize("".join(piece.text for piece in pieces), special=True)
        apart = [
            token
            for piece in pieces
            for token in weights.tokenize(piece.text, special=piece.trusted)
        ]
        same = list(filter(weights.controls, whole)) == list(filter(weights.controls, apart))
        tokens = whole if same else apart
        if weights.adds_bos and tokens[:1] != [weights.bos]:
            tokens.insert(0, weights.bos)
        return tokens
