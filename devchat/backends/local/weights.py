"""A model's weights in memory: its vocabulary, its numbers, its chat template.

`Weights.count` may be called by any thread, all else by the engine's own.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from threading import Lock
from typing import Any

from devchat.backends.local.circles import TINY
from devchat.backends.local.fit import SPARE
from devchat.backends.local.library import Library, LoadError
from devchat.backends.local.shape import Shape
from devchat.settings import Switch

LOAD_MODES: dict[Switch, str] = {
    "auto": "LLAMA_LOAD_MODE_AUTO",
    "on": "LLAMA_LOAD_MODE_MMAP",
    "off": "LLAMA_LOAD_MODE_NONE",
}
FLASH: dict[Switch, str] = {
    "auto": "LLAMA_FLASH_ATTN_TYPE_AUTO",
    "on": "LLAMA_FLASH_ATTN_TYPE_ENABLED",
    "off": "LLAMA_FLASH_ATTN_TYPE_DISABLED",
}
ORIGINAL_WINDOW = "rope.scaling.original_context_length"
ONE_ROTATION = ("none", "linear", "yarn")
"""Kinds of stretched windows whose positions turn alike in pools of all sizes."""
# Mean, first and last token: https://github.com/ggml-org/llama.cpp/blob/master/include/llama.h
POOLED = ("1", "2", "3")


class Weights:
    """A model file in memory: its vocabulary, its numbers, its chat template."""

    def __init__(
        self,
        library: Library,
        path: bytes,
        layers: int,
        step: Callable[[], None],
        mmap: Switch = "auto",
    ) -> None:
        """Load the file with so many layers on the GPU; `step` hears of progress, here and later.

        Raises `LoadError`.
        """
        self.library, self.c, self.gpu_layers = library, library.c, layers

        def go_on(*_: object) -> bool:
            step()
            return True

        def stop(_: object) -> bool:
            step()
            return False

        progress = self.c.llama_progress_callback(go_on)
        # Kept here: llama.cpp calls it as long as there are contexts.
        self._between = self.c.ggml_abort_callback(stop)
        options = self.c.llama_model_default_params()
        options.n_gpu_layers, options.progress_callback = layers, progress
        options.load_mode = getattr(self.c, LOAD_MODES[mmap])
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
        self.width = int(self.c.llama_model_n_embd_out(self._model))
        decodes = bool(self.c.llama_model_has_decoder(self._model))
        decodes = decodes and not self.c.llama_model_has_encoder(self._model)
        self.embeds = decodes and self._told("pooling_type") in POOLED
        self.chats = decodes and not self.embeds and self._told("attention.causal") != "false"
        # Their state is that of the last token read: none of it can be taken back.
        self.recurrent = bool(
            self.c.llama_model_is_recurrent(self._model)
            or self.c.llama_model_is_hybrid(self._model)
        )
        self._buffer = ctypes.create_string_buffer(1024)
        self._counting = Lock()

    @property
    def model(self) -> Any:
        """What llama.cpp knows the model by."""
        return self._model

    @property
    def template(self) -> str | None:
        """The chat template inside the file: a stranger's program."""
        found = self.c.llama_model_chat_template(self._model, None)
        return None if found is None else bytes(found).decode("utf-8", "replace")

    def token_bytes(self, shape: Shape) -> int:
        """Count the bytes that one token takes in a pool.

        A key and a value in each layer, and, without flash attention, while a batch is read, how
        much each of its tokens attends to this one: a 32-bit number in each head.
        """
        heads = max(1, int(self.c.llama_model_n_head(self._model)))
        attends = 0 if shape.flash == "on" else 4 * heads * shape.ubatch
        return max(1, self.kept_bytes(shape) + attends)

    def kept_bytes(self, shape: Shape) -> int:
        """Count the bytes of a token's keys and values."""
        width = self._head_size("key") + self._head_size("value")
        numbers = self.layers * width * int(self.c.llama_model_n_head_kv(self._model))
        # q8_0 keeps 32 numbers in 34 bytes.
        return numbers * 2 if shape.kv_type == "f16" else numbers * 34 // 32

    def count(self, text: str) -> int | None:
        """Count a text's tokens; `None` where the vocabulary is gone with the weights."""
        with self._counting:
            return len(self.tokenize(text, special=False)) if self._model else None

    def tokenize(self, text: str, special: bool, framed: bool = False) -> list[int]:
        """Make tokens of a text; `special` obeys control tokens such as `<|im_end|>` in it.

        `framed`: between those tokens that the model wants around a whole text.
        """
        # What is no valid UTF-8 could throw inside llama.cpp.
        data = text.encode("utf-8", "replace")
        room = len(data) + 8
        tokens = (self.c.llama_token * room)()
        count = self.c.llama_tokenize(
            self.vocabulary, data, len(data), tokens, room, framed, special
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
        """Give the memory back, once nobody counts."""
        with self._counting:
            self.c.llama_model_free(self._model)
            self._model = None

    def context(self, shape: Shape, size: int, sequences: int, embeds: bool = False) -> Any:
        """Make a llama.cpp context of so many cells. Raises `LoadError`."""
        options = self.c.llama_context_default_params()
        options.n_ctx, options.n_seq_max, options.kv_unified = size, sequences, True
        options.embeddings = embeds
        options.n_batch, options.n_ubatch = shape.batch, shape.ubatch
        options.n_threads, options.n_threads_batch = shape.threads, shape.threads_batch
        options.flash_attn_type = getattr(self.c, FLASH[shape.flash])
        if shape.kv_type == "q8_0":
            options.type_k = options.type_v = self.c.GGML_TYPE_Q8_0
        context = self.c.llama_init_from_model(self._model, options)
        if not context:
            raise LoadError(self.library.complaint())
        return context

    def tell_progress(self, context: Any, on: bool) -> None:
        """Have `step` hear of each operation while a context evaluates on a processor, or of none.

        Where a GPU does all of it, nothing is told: it is quick.
        """
        told = self._between if on else self.c.ggml_abort_callback()
        self.c.llama_set_abort_callback(context, told, None)

    def rotation(self, size: int) -> str:
        """Say by which factors positions turn in a pool of so many cells; "" if in all alike.

        Some models have one set for short windows and one for long ones (LongRoPE), and llama.cpp
        goes by the pool's size in steps of 256 cells: `llama_model::get_rope_factors`.
        """
        kind, short = self._told("rope.scaling.type"), self._told(ORIGINAL_WINDOW)
        if kind == "longrope" and not short:
            short = str(self.trained_window)
        if kind in ONE_ROTATION or not short.isdigit():
            return ""
        return "long" if -(-size // 256) * 256 > int(short) else "short"

    def _head_size(self, kind: str) -> int:
        """Give how many numbers a head's key or value has: as told, else its part of the whole."""
        told = self._told(f"attention.{kind}_length")
        heads = max(1, int(self.c.llama_model_n_head(self._model)))
        return int(told) if told.isdigit() else int(self.c.llama_model_n_embd(self._model)) // heads

    def _told(self, key: str) -> str:
        """Give what the file says of its architecture; "" where it says nothing."""
        name, value = b"general.architecture", ctypes.create_string_buffer(128)
        self.c.llama_model_meta_val_str(self._model, name, value, len(value))
        name = value.value + f".{key}".encode()
        found = self.c.llama_model_meta_val_str(self._model, name, value, len(value))
        return value.value.decode("utf-8", "replace") if found >= 0 else ""


def window_limit(token_bytes: int, now: int, free: int) -> int:
    """Tell how many tokens memory holds at most, given the bytes free beside those `now`."""
    return max(now, now + (free - SPARE) // token_bytes)
