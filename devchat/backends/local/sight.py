"""Pictures as tokens: llama.cpp's multimodal part (libmtmd) and a model's projector file.

The projector is loaded for the first picture. Looking at one is a single call of many seconds,
in which other answers wait; `step` is told of the projector's progress, and by the weights of the
model's own.
"""

from __future__ import annotations

import ctypes
import hashlib
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from devchat.backends.local.library import bare_import
from devchat.backends.local.picture import check, damaged
from devchat.backends.local.request import Seen
from devchat.backends.local.shape import Shape
from devchat.backends.local.stand import stand_ins
from devchat.backends.local.weights import FLASH, Weights
from devchat.errors import ModelError

NODES = 32
"""Operations of the projector between two signs of progress."""
NOWHERE = b"/dev/null"
"""Where a libmtmd that was built for videos looks for the programs that unpack them."""
BUILD = "CMAKE_ARGS=-DLLAVA_BUILD=ON pip install --force-reinstall --no-cache-dir llama-cpp-python"


@dataclass(frozen=True, slots=True)
class Eye:
    """A projector file, the model that it belongs to by name, and who hears of progress."""

    name: str
    path: str
    step: Callable[[], None]


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A picture, or a tile of one, as a model takes it at once."""

    tokens: list[int]
    chunk: Any
    sight: Sight
    held: object
    """Keeps the chunk's memory."""

    def evaluate(self, context: Any, position: int, seq: int) -> bool:
        """Put it into a sequence from a position on; tell whether that went well."""
        return self.sight.evaluate(self, context, position, seq)


class Sight:
    """Looks at pictures for one loaded model. Only the main thread may use it."""

    def __init__(self, weights: Weights, shape: Shape, eye: Eye) -> None:
        """Note what to load; nothing is."""
        self._weights, self._shape, self._eye = weights, shape, eye
        self._mtmd: Any = None
        self._context: Any = None
        self._callbacks: list[Any] = []
        self._free: Callable[[], object] = lambda: None

    def views(self, seen: Seen) -> Iterator[View | list[int]]:
        """Make of a picture what a prompt has in its place: views, and tokens around them.

        Raises `InputError` for the picture, `ModelError` for the projector.
        """
        check(seen.name, seen.data)
        self._open()
        bitmap = self._bitmap(seen)
        chunks = _Chunks(self._mtmd)
        if not chunks.fill(self._context, bitmap):
            raise damaged(seen.name)
        content = hashlib.blake2b(seen.data, digest_size=16)
        for chunk in chunks:
            tokens = chunks.text(chunk)
            if tokens is None:
                content.update(b"next")
                yield self._view(chunks, chunk, int.from_bytes(content.digest(), "big"))
            else:
                yield tokens

    def evaluate(self, view: View, context: Any, position: int, seq: int) -> bool:
        """See `View.evaluate`."""
        after = self._weights.c.llama_pos(position)
        failed = self._mtmd.mtmd_helper_eval_chunk_single(
            self._context,
            context,
            view.chunk,
            position,
            seq,
            self._shape.batch,
            False,
            ctypes.byref(after),
        )
        return not failed

    def free(self) -> None:
        """Give the projector's memory back."""
        self._free()
        self._context = None

    def _view(self, chunks: _Chunks, chunk: Any, content: int) -> View:
        count = int(self._mtmd.mtmd_input_chunk_get_n_tokens(chunk))
        places = int(self._mtmd.mtmd_input_chunk_get_n_pos(chunk))
        if count > self._shape.ubatch and self._mtmd.mtmd_decode_use_non_causal(
            self._context, chunk
        ):
            raise ModelError(
                f"`{self._eye.name}` takes the {count} tokens of a picture at once, and "
                f"{self._shape.ubatch} are evaluated at once",
                f"allow more: `devchat config set local.batch_tokens {count}`",
            )
        return View(stand_ins(content, count, places), chunk, self, chunks)

    def _bitmap(self, seen: Seen) -> Any:
        mtmd, size = self._mtmd, len(seen.data)
        options = mtmd.mtmd_helper_init_opt_default()
        # What is no picture is not to be tried as a video, by ffmpeg.
        options.video_params.ffmpeg_bin_dir = NOWHERE
        data = (ctypes.c_uint8 * size).from_buffer_copy(seen.data)
        found = mtmd.mtmd_helper_bitmap_init_from_buf(self._context, data, size, False, options)
        if not found:
            raise damaged(seen.name)
        return found

    def _open(self) -> None:
        if self._context is not None:
            return
        mtmd = self._mtmd = _libmtmd()
        library = self._weights.library
        library.listen(mtmd.mtmd_helper_log_set)
        context = mtmd.mtmd_init_from_file(
            self._eye.path.encode("utf-8", "surrogateescape"),
            self._weights.model,
            self._options(mtmd),
        )
        if not context:
            raise self._useless(library.complaint())
        if not mtmd.mtmd_support_vision(context):
            mtmd.mtmd_free(context)
            raise self._useless("it is not for pictures")
        self._free = weakref.finalize(self, mtmd.mtmd_free, context)
        self._context = context

    def _options(self, mtmd: Any) -> Any:
        c, shape = self._weights.c, self._shape
        options = mtmd.mtmd_context_params_default()
        options.use_gpu = bool(self._weights.gpu_layers)
        options.n_threads, options.warmup, options.print_timings = shape.threads_batch, False, False
        options.flash_attn_type = getattr(c, FLASH[shape.flash])
        asked = 0

        def progress(_tensor: object, ask: bool, _: object) -> bool:
            nonlocal asked
            asked += ask
            if not ask:
                self._eye.step()
            return not ask or asked % NODES == 0

        # The library does not keep them: we must.
        self._callbacks = [options, c.ggml_backend_sched_eval_callback(progress)]
        options.cb_eval = self._callbacks[1]
        return options

    def _useless(self, why: str) -> ModelError:
        return ModelError(
            f"llama.cpp can't look at pictures with `{self._eye.path}`: {why}",
            f"it may be damaged, or of another model: get the `mmproj` file of `{self._eye.name}`",
        )


class _Chunks:
    """What libmtmd made of one picture; its memory is ours."""

    def __init__(self, mtmd: Any) -> None:
        self._mtmd, self._all = mtmd, mtmd.mtmd_input_chunks_init()
        weakref.finalize(self, mtmd.mtmd_input_chunks_free, self._all)

    def fill(self, context: Any, bitmap: Any) -> bool:
        mtmd = self._mtmd
        part = mtmd.mtmd_input_part(None, bitmap)
        parts = (ctypes.POINTER(mtmd.mtmd_input_part) * 1)(ctypes.pointer(part))
        try:
            return not mtmd.mtmd_tokenize_from_parts(context, self._all, parts, 1, False)
        finally:
            mtmd.mtmd_bitmap_free(bitmap)

    def __iter__(self) -> Iterator[Any]:
        for index in range(self._mtmd.mtmd_input_chunks_size(self._all)):
            yield self._mtmd.mtmd_input_chunks_get(self._all, index)

    def text(self, chunk: Any) -> list[int] | None:
        """Give the tokens of a text around a picture, `None` for a picture."""
        if self._mtmd.mtmd_input_chunk_get_type(chunk) != self._mtmd.MTMD_INPUT_CHUNK_TYPE_TEXT:
            return None
        count = ctypes.c_size_t()
        tokens = self._mtmd.mtmd_input_chunk_get_tokens_text(chunk, ctypes.byref(count))
        return list(tokens[: count.value])


def _libmtmd() -> Any:
    try:
        return bare_import("llama_cpp", "mtmd_cpp")
    except FileNotFoundError as error:
        raise ModelError(
            "llama-cpp-python was built without libmtmd, the part of llama.cpp that sees pictures",
            f"build it again: {BUILD}",
        ) from error
    except (ImportError, OSError, RuntimeError, AttributeError) as error:
        raise ModelError(f"libmtmd can't be loaded: {error}", f"build it again: {BUILD}") from error
