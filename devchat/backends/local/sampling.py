"""Choose the next token: llama.cpp's sampler chain.

The defaults are cautious, for answers about code.
"""

from __future__ import annotations

from typing import Any

from devchat.backends.local.request import Choice

TEMPERATURE = 0.2
TOP_K, TOP_P, MIN_P = 40, 0.95, 0.05
ANY_SEED = 0xFFFFFFFF
"""llama.cpp's word for: draw one."""


class Sampler:
    """A sampler chain; free it when the answer is done."""

    def __init__(self, c: Any, choice: Choice) -> None:
        self._c = c
        self._chain = c.llama_sampler_chain_init(c.llama_sampler_chain_default_params())
        for part in _parts(c, choice):
            c.llama_sampler_chain_add(self._chain, part)

    def sample(self, context: Any, index: int) -> int:
        """Choose a token by the logits of one token of the newest batch."""
        return int(self._c.llama_sampler_sample(self._chain, context, index))

    def free(self) -> None:
        """Give the memory back."""
        self._c.llama_sampler_free(self._chain)


def _parts(c: Any, choice: Choice) -> tuple[Any, ...]:
    temperature = TEMPERATURE if choice.temperature is None else choice.temperature
    if temperature <= 0:
        return (c.llama_sampler_init_greedy(),)
    seed = ANY_SEED if choice.seed is None else choice.seed & 0x7FFFFFFF
    return (
        c.llama_sampler_init_top_k(TOP_K),
        c.llama_sampler_init_top_p(TOP_P, 1),
        c.llama_sampler_init_min_p(MIN_P, 1),
        c.llama_sampler_init_temp(temperature),
        c.llama_sampler_init_dist(seed),
    )
