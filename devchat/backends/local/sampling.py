"""Choose the next token: the likeliest, or by llama.cpp's sampler chain.

The defaults are cautious, for answers about code.
"""

from __future__ import annotations

from typing import Any

from devchat.backends.local.pool import Pool
from devchat.backends.local.request import Choice

TEMPERATURE = 0.2
TOP_K, TOP_P, MIN_P = 40, 0.95, 0.05
ANY_SEED = 0xFFFFFFFF
"""llama.cpp's word for: draw one."""


class Sampler:
    """Chooses tokens for one answer; free it when that is done."""

    def __init__(self, c: Any, choice: Choice) -> None:
        self._c, self._chain = c, None
        temperature = TEMPERATURE if choice.temperature is None else choice.temperature
        if temperature > 0:
            self._chain = c.llama_sampler_chain_init(c.llama_sampler_chain_default_params())
            for part in _parts(c, temperature, choice):
                c.llama_sampler_chain_add(self._chain, part)

    def sample(self, pool: Pool, index: int) -> int:
        """Choose a token by the logits of one token of the newest batch."""
        if self._chain is None:
            # llama.cpp's greedy sampler copies all candidates first: ten times as slow.
            return int(pool.logits(index).argmax())
        return int(self._c.llama_sampler_sample(self._chain, pool.context, index))

    def free(self) -> None:
        """Give the memory back."""
        if self._chain is not None:
            self._c.llama_sampler_free(self._chain)


def _parts(c: Any, temperature: float, choice: Choice) -> tuple[Any, ...]:
    seed = ANY_SEED if choice.seed is None else choice.seed & 0x7FFFFFFF
    return (
        c.llama_sampler_init_top_k(TOP_K),
        c.llama_sampler_init_top_p(TOP_P, 1),
        c.llama_sampler_init_min_p(MIN_P, 1),
        c.llama_sampler_init_temp(temperature),
        c.llama_sampler_init_dist(seed),
    )
