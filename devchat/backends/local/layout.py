"""From a conversation to the tokens of a prompt, by the model's chat template."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from devchat.backends.local.request import Seen, Turn
from devchat.backends.local.sight import Sight, View
from devchat.backends.local.template import CHATML, Piece, Template, opens_reasoning
from devchat.backends.local.weights import Weights
from devchat.errors import ModelError

NO_TEMPLATE = "the model file has no chat template: ChatML is used"


@dataclass(frozen=True, slots=True)
class Laid:
    """A prompt's tokens, whether they open a thought, and the pictures that they stand for."""

    tokens: list[int]
    thinks: bool
    views: dict[int, View]


class Layout:
    """Lays out prompts for one model. Only the main thread may use it."""

    def __init__(self, weights: Weights, sight: Sight | None) -> None:
        """Note the template; it is compiled on first use."""
        self._weights, self._own, self._sight = weights, weights.template, sight
        self._template: Template | None = None

    @property
    def note(self) -> str:
        """What the user should know of it; "" where there is nothing."""
        return NO_TEMPLATE if self._own is None else ""

    def prompt(self, turns: tuple[Turn, ...]) -> Laid:
        """Lay out a conversation. Raises `ModelError`, and `InputError` for a picture."""
        pieces = self._compiled().lay_out(turns)
        tokens, views = list[int](), dict[int, View]()
        for seen, group in groupby(pieces, lambda piece: piece.seen):
            if seen is None:
                tokens += self._tokens(list(group))
                continue
            for view in self._views(seen):
                if isinstance(view, View):
                    views[view.tokens[0]] = view
                    tokens += view.tokens
                else:
                    tokens += view
        weights = self._weights
        if weights.adds_bos and tokens[:1] != [weights.bos]:
            tokens.insert(0, weights.bos)
        return Laid(tokens, opens_reasoning(pieces), views)

    def _views(self, seen: Seen) -> Iterator[View | list[int]]:
        if self._sight is None:
            raise ModelError(
                f"the model has no projector to look at `{seen.name}` with",
                "put its `mmproj` file beside it, or choose another model with `-m`",
            )
        return self._sight.views(seen)

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
        return whole if same else apart
