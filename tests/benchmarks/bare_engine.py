"""llama.cpp without devchat, in a process of its own: what the engine is measured against.

Reads one JSON order a line from standard input, answers each with a line of JSON: seconds, and
what it did. `decode` and `prefill` are loops over `llama_decode`, `chat` is llama-cpp-python's
high-level call. Orders name the model's file and the window; one context is kept between orders.
"""

from __future__ import annotations

import json
import os
import sys
from time import perf_counter
from typing import Any

BATCH = 512


class Loops:
    """A bare context: greedy decoding, one token at a time, and prefill in batches of 512.

    `flash` is whether it attends as llama.cpp does by itself, else as the engine does.
    """

    def __init__(self, path: str, window: int, threads: int, flash: bool) -> None:
        from llama_cpp import llama_cpp as c

        self.c = c
        self._quiet = c.llama_log_callback(lambda *_: None)
        c.llama_log_set(self._quiet, None)
        c.llama_backend_init()
        self.model = c.llama_model_load_from_file(os.fsencode(path), c.llama_model_default_params())
        assert self.model, path
        options = c.llama_context_default_params()
        options.n_ctx, options.n_batch, options.n_ubatch = window, BATCH, BATCH
        options.n_threads = options.n_threads_batch = threads
        if not flash:
            options.flash_attn_type = c.LLAMA_FLASH_ATTN_TYPE_DISABLED
        self.context = c.llama_init_from_model(self.model, options)
        assert self.context
        self.vocabulary = c.llama_model_get_vocab(self.model)
        self.sampler = c.llama_sampler_init_greedy()

    def prefill(self, tokens: list[int]) -> None:
        """Evaluate tokens in an empty context."""
        self.c.llama_memory_clear(self.c.llama_get_memory(self.context), True)
        for start in range(0, len(tokens), BATCH):
            self._add(tokens[start : start + BATCH])

    def decode(self, count: int) -> None:
        """Choose and evaluate so many tokens, one by one, whatever they are."""
        for _ in range(count):
            self._add([self.c.llama_sampler_sample(self.sampler, self.context, -1)])

    def _add(self, tokens: list[int]) -> None:
        array = (self.c.llama_token * len(tokens))(*tokens)
        failed = self.c.llama_decode(self.context, self.c.llama_batch_get_one(array, len(tokens)))
        assert not failed, failed


def main() -> None:
    """Obey until standard input ends."""
    path, window, threads, kind = json.loads(sys.argv[1])
    if kind == "chat":
        worker: Any = _chat(path, window, threads)
    else:
        worker = Loops(path, window, threads, flash=kind == "flash")
    for line in sys.stdin:
        order = json.loads(line)
        print(json.dumps(_obey(worker, order)), flush=True)


def _chat(path: str, window: int, threads: int) -> Any:
    from llama_cpp import Llama

    return Llama(path, n_ctx=window, n_threads=threads, n_threads_batch=threads, verbose=False)


def _obey(worker: Any, order: dict[str, Any]) -> dict[str, Any]:
    started = perf_counter()
    match order["op"]:
        case "prefill":
            worker.prefill(order["tokens"])
            return {"seconds": perf_counter() - started}
        case "decode":
            worker.prefill(order["tokens"])
            started = perf_counter()
            worker.decode(order["count"])
            return {"seconds": perf_counter() - started}
        case "memory":
            with open("/proc/self/statm") as file:  # noqa: PTH123 - a script of its own
                return {"resident": int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")}
    asked = {name: value for name, value in order.items() if name != "op"}
    answer = worker.create_chat_completion(**asked)
    return {
        "seconds": perf_counter() - started,
        "text": answer["choices"][0]["message"]["content"],
        "tokens": answer["usage"]["completion_tokens"],
    }


if __name__ == "__main__":
    main()
