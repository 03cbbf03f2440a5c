"""llama.cpp by its C interface: the library, a model's weights, and the window it works in.

The only file that calls llama.cpp. Lives in the engine process; one thread at a time may use a
`Window`, while `Weights.tokenize` may be called by any.
"""

from __future__ import annotations

import ctypes
import sys
from collections import deque
from collections.abc import Callable
from time import perf_counter
from types import ModuleType
from typing import Any

from devchat.backends.local.circles import TINY
from devchat.backends.local.fit import SPARE
from devchat.backends.local.pace import Pace
from devchat.errors import EngineError, ModelError

BATCH = 256
"""Prompt tokens evaluated at once; a request can be cancelled between two batches."""
WARNING, ERROR = 3, 4


class LoadError(Exception):
    """llama.cpp could not load the weights, or not make a window; says why in one line."""


class Library:
    """The loaded llama.cpp, quiet but for its last complaints."""

    def __init__(self) -> None:
        try:
            self.c: Any = bare_import("llama_cpp", "llama_cpp")
        except (ImportError, OSError, RuntimeError, AttributeError) as error:
            raise ModelError(
                f"llama.cpp can't be loaded: {error}",
                "install it again: pip install --force-reinstall 'devchat-cli[local]'",
            ) from error
        self._complaints: deque[tuple[int, str]] = deque(maxlen=30)
        self._callback = self.c.llama_log_callback(self._hear)
        self.c.llama_log_set(self._callback, None)
        self.c.llama_backend_init()
        self.offloads = bool(self.c.llama_supports_gpu_offload())

    def complaint(self) -> str:
        """Tell the first error that llama.cpp logged since the last call: the cause of the rest."""
        heard = sorted(self._complaints, key=lambda item: -item[0])
        self._complaints.clear()
        if not heard:
            return "llama.cpp does not say why"
        # "llama_model_load: error loading model: unknown model architecture: 'x'"
        return heard[0][1].rpartition("error loading model: ")[2].removeprefix("llama_model_load: ")

    def _hear(self, level: int, text: bytes, _: object) -> None:
        line = text.decode("utf-8", "replace").strip()
        if level in (WARNING, ERROR) and line:
            self._complaints.append((level, line))


class Weights:
    """A model file in memory: its vocabulary, its numbers, its chat template."""

    def __init__(
        self,
        library: Library,
        path: bytes,
        layers: int,
        step: Callable[[], None],
    ) -> None:
        """Load the file with so many layers on the GPU; `step` hears of progress.

        Raises `LoadError`.
        """
        self.library, self.c, self.gpu_layers = library, library.c, layers

        def go_on(*_: object) -> bool:
            step()
            return True

        progress = self.c.llama_progress_callback(go_on)
        options = self.c.llama_model_default_params()
        options.n_gpu_layers, options.progress_callback = layers, progress
        self._model = self.c.llama_model_load_from_file(path, options)
        if not self._model:
            raise LoadError(library.complaint())
        self.vocabulary = self.c.llama_model_get_vocab(self._model)
        self.size = int(self.c.llama_vocab_n_tokens(self.vocabulary))
        self.trained_window = int(self.c.llama_model_n_ctx_train(self._model))
        self.layers = int(self.c.llama_model_n_layer(self._model))
        self.tiny = int(self.c.llama_model_n_params(self._model)) < TINY
        self.bos = int(self.c.llama_vocab_bos(self.vocabulary))
        self.eos = int(self.c.llama_vocab_eos(self.vocabulary))
        self.adds_bos = bool(self.c.llama_vocab_get_add_bos(self.vocabulary))
        self.chats = bool(self.c.llama_model_has_decoder(self._model)) and not bool(
            self.c.llama_model_has_encoder(self._model)
        )
        self._buffer = ctypes.create_string_buffer(1024)

    @property
    def template(self) -> str | None:
        """The chat template inside the file: a stranger's program."""
        found = self.c.llama_model_chat_template(self._model, None)
        return None if found is None else bytes(found).decode("utf-8", "replace")

    @property
    def token_bytes(self) -> int:
        """Bytes that one token takes in the window.

        A key and a value of 16 bits in each layer, and while a batch is read, how much each of
        its tokens attends to this one: a 32-bit number in each head.
        """
        heads = max(1, int(self.c.llama_model_n_head(self._model)))
        width = int(self.c.llama_model_n_embd(self._model)) // heads
        kept = 4 * self.layers * width * int(self.c.llama_model_n_head_kv(self._model))
        return max(1, kept + 4 * heads * BATCH)

    def tokenize(self, text: str, special: bool) -> list[int]:
        """Make tokens of a text; `special` obeys control tokens such as `<|im_end|>` in it."""
        # What is no valid UTF-8 could throw inside llama.cpp.
        data = text.encode("utf-8", "replace")
        room = len(data) + 8
        tokens = (self.c.llama_token * room)()
        count = self.c.llama_tokenize(
            self.vocabulary, data, len(data), tokens, room, False, special
        )
        return list(tokens[: max(0, count)])

    def piece(self, token: int, special: bool = False) -> bytes:
        """Give the bytes of a token, of a control token only if `special`."""
        size = self.c.llama_token_to_piece(
            self.vocabulary, token, self._buffer, len(self._buffer), 0, special
        )
        if size < 0:
            self._buffer = ctypes.create_string_buffer(-size)
            return self.piece(token, special)
        return self._buffer.raw[:size]

    def ends(self, token: int) -> bool:
        """Tell whether a token ends an answer."""
        return bool(self.c.llama_vocab_is_eog(self.vocabulary, token))

    def controls(self, token: int) -> bool:
        """Tell whether a token is a control token, which no user's text may become."""
        return bool(self.c.llama_vocab_is_control(self.vocabulary, token))

    def free(self) -> None:
        """Give the memory back."""
        self.c.llama_model_free(self._model)

    def context(self, size: int, threads: int) -> Any:
        """Make a llama.cpp context. Raises `LoadError`."""
        options = self.c.llama_context_default_params()
        options.n_ctx, options.n_batch, options.n_ubatch = size, BATCH, BATCH
        options.n_threads = options.n_threads_batch = threads
        if not self.gpu_layers:
            # On a processor, flash attention gives other numbers with other threads or batches:
            # the same question would be answered differently. It is no quicker there either.
            options.flash_attn_type = self.c.LLAMA_FLASH_ATTN_TYPE_DISABLED
        context = self.c.llama_init_from_model(self._model, options)
        if not context:
            raise LoadError(self.library.complaint())
        return context


class Window:
    """A context and the tokens it holds; what a prompt shares with them is not read again."""

    def __init__(self, weights: Weights, size: int, threads: int, pace: Pace) -> None:
        """Make a window of so many tokens. Raises `LoadError`."""
        self._c, self._library = weights.c, weights.library
        self.size, self.held = size, list[int]()
        self.context = weights.context(size, threads)
        self._memory = self._c.llama_get_memory(self.context)
        self._threads, self._pace = threads, pace

    def read(self, prompt: list[int], step: Callable[[], None]) -> int:
        """Evaluate a prompt up to its next token; return how many tokens were there already.

        `step` is called after each batch and may raise to give up.
        """
        shared = self._keep(_common(self.held, prompt[:-1]))
        for start in range(shared, len(prompt) - 1, BATCH):
            self.add(prompt[start : min(start + BATCH, len(prompt) - 1)])
            step()
        # Alone, as it is when all before it is remembered: the same numbers either way.
        self.add(prompt[-1:])
        return shared

    def go_on(self, token: int) -> None:
        """Evaluate the newest token of an answer, with the threads that are quickest just now."""
        threads, started = self._pace.threads(), perf_counter()
        self._c.llama_set_n_threads(self.context, threads, self._threads)
        self.add([token])
        self._pace.took(threads, perf_counter() - started)

    def add(self, tokens: list[int]) -> None:
        """Evaluate tokens after those held. Raises `EngineError`."""
        batch = (self._c.llama_token * len(tokens))(*tokens)
        failed = self._c.llama_decode(self.context, self._c.llama_batch_get_one(batch, len(tokens)))
        if failed:
            self._keep(0)
            raise EngineError(
                f"llama.cpp could not evaluate the prompt: {self._library.complaint()}",
                "`devchat doctor` shows what works here; `DEVCHAT_LOCAL_GPU_LAYERS=0` avoids a GPU",
            )
        self.held += tokens

    def logits(self) -> int:
        """Give the address of the next token's logits: one 32-bit float for each token."""
        return ctypes.addressof(self._c.llama_get_logits_ith(self.context, -1).contents)

    def free(self) -> None:
        """Give the memory back."""
        self._c.llama_free(self.context)

    def _keep(self, count: int) -> int:
        # A recurrent model can't forget a part of what it read: then all of it goes.
        if count < len(self.held) and not (
            count and self._c.llama_memory_seq_rm(self._memory, 0, count, -1)
        ):
            self._c.llama_memory_clear(self._memory, True)
            count = 0
        del self.held[count:]
        return count


def window_limit(weights: Weights, now: int, free: int) -> int:
    """Tell the largest window in tokens that memory holds, given the bytes free beside `now`."""
    return max(now, now + (free - SPARE) // weights.token_bytes)


def bare_import(package: str, module: str) -> ModuleType:
    """Import a module without running its package's `__init__`.

    `import llama_cpp` takes 110 ms, its C interface alone 25: all that the engine wants of it.
    Raises `ImportError`.
    """
    from importlib import import_module
    from importlib.util import find_spec

    if package not in sys.modules:
        spec = find_spec(package)
        if spec is None or spec.submodule_search_locations is None:
            raise ImportError(f"no module named {package}")
        hollow = ModuleType(package)
        hollow.__path__ = list(spec.submodule_search_locations)
        sys.modules[package] = hollow
    return import_module(f"{package}.{module}")


def _common(one: list[int], other: list[int]) -> int:
    shared = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        shared += 1
    return shared
