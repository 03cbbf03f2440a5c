"""Bind an answer to a JSON Schema through llguidance.

A token is chosen freely first and only a refused one costs a mask over the vocabulary: with a
schema, most tokens a model would choose are right anyway. Where the schema leaves only one way to
go on (a key, a bracket), the model is not even asked.
"""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any

from devchat.backends.local.library import bare_import
from devchat.backends.local.pool import Pool
from devchat.backends.local.sampling import Sampler
from devchat.backends.local.trial import plain, takes_too_long
from devchat.backends.local.weights import Weights
from devchat.errors import AnswerError, BackendError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# One spelling of white space, the one that models have seen most: none can be spun out for ever.
STYLE = {"whitespace_flexible": False, "item_separator": ", ", "key_separator": ": "}


TRIED = 64
"""Schemas whose trials are remembered."""


class Grammars:
    """Makes guides for one vocabulary; what takes long (0.3 s) is made once, on first use."""

    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        self._tokenizer: Any = None
        self._slow: dict[str, bool] = {}

    def guide(self, schema: dict[str, Any]) -> Guide:
        """Prepare for an answer that matches. Raises `AnswerError` for a schema it can't serve."""
        library = _library()
        if self._tokenizer is None:
            self._tokenizer = _tokenizer(library, self._weights)
        try:
            grammar = library.LLMatcher.grammar_from_json_schema(schema, overrides=STYLE)
        except ValueError as error:
            raise _unusable(str(error)) from error
        if not plain(schema) and self._takes_too_long(grammar):
            raise _unusable("it takes too long to prepare for")
        matcher = library.LLMatcher(self._tokenizer, grammar, log_level=0)
        if matcher.is_error():
            raise _unusable(matcher.get_error())
        return Guide(self._weights, matcher)

    def _takes_too_long(self, grammar: str) -> bool:
        if grammar not in self._slow:
            if len(self._slow) >= TRIED:
                self._slow.clear()
            self._slow[grammar] = takes_too_long(grammar)
        return self._slow[grammar]


class Guide:
    """Follows one answer through its schema."""

    def __init__(self, weights: Weights, matcher: Any) -> None:
        self._weights, self._matcher = weights, matcher

    @property
    def complete(self) -> bool:
        """Whether what was chosen so far matches the schema."""
        return bool(self._matcher.is_accepting())

    @property
    def closed(self) -> bool:
        """Whether nothing may follow."""
        return bool(self._matcher.is_stopped())

    def choose(self, sampler: Sampler, pool: Pool, index: int) -> int:
        """Choose a token that the schema allows next."""
        token = sampler.sample(pool, index)
        if not self._allows(token):
            allowed = self._matcher.compute_bitmask()
            _mask(pool.logits(index), allowed)
            token = sampler.sample(pool, index)
        if not self._weights.ends(token):
            self._matcher.consume_token(token)
        return token

    def forced(self, most: int) -> list[int]:
        """Give the tokens that must follow, so many at most; they count as chosen."""
        tokens = [] if self.closed else list(self._matcher.compute_ff_tokens()[:most])
        if tokens:
            self._matcher.consume_tokens(tokens)
        return tokens

    def _allows(self, token: int) -> bool:
        if self._weights.ends(token):
            return self.complete
        return bool(self._matcher.validate_tokens([token]))


def _mask(logits: NDArray[np.float32], allowed: bytes) -> None:
    import numpy as np

    bits = np.unpackbits(np.frombuffer(allowed, np.uint8), bitorder="little")[: logits.size]
    logits[bits == 0] = -np.inf


def _library() -> Any:
    try:
        return bare_import("llguidance", "_lib")
    except ImportError as error:
        raise BackendError(
            "answers bound to a schema need llguidance, which is not installed",
            "pip install 'devchat-cli[local]'",
        ) from error


def _tokenizer(library: Any, weights: Weights) -> Any:
    # llguidance marks control tokens by a leading 0xFF, so that no grammar ever spells one.
    tokens = [
        b"\xff" * weights.controls(token) + weights.piece(token, special=True)
        for token in range(weights.size)
    ]
    # pylint-free note: the C function's address, for llguidance calls it itself.
    tokenize = ctypes.cast(weights.c._lib.llama_tokenize, ctypes.c_void_p).value
    return library.LLTokenizer.from_llamacpp(
        tokens=tokens,
        vocab_ptr=weights.vocabulary,
        tokenize_fptr=tokenize,
        eos_token=weights.eos,
        slices=None,
    )


def _unusable(why: str) -> AnswerError:
    # llguidance adds a line with the place in its own source; a pattern's error comes last.
    first, *rest = why.strip().splitlines()
    cause = next((line for line in rest if line.startswith("error: ")), "")
    return AnswerError(
        f"the schema can't be followed here: {first} {cause}".rstrip(),
        "take that part out of the schema, or choose a remote model with `-m`",
    )
