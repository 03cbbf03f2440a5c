"""llama.cpp's own way from a text with pictures to logits, with nothing of ours between."""

from __future__ import annotations

import ctypes
from itertools import groupby
from pathlib import Path
from typing import Any

from devchat.backends.local.library import bare_import
from devchat.backends.local.plan import Plan
from devchat.backends.local.weights import Weights
from tests.backends.local.workbench import SHAPE


def next_word(
    weights: Weights, projector: Path, plan: Plan, pictures: list[bytes]
) -> tuple[int, int]:
    """Read a prompt; give the likeliest token after it, and its position."""
    mtmd, c = bare_import("llama_cpp", "mtmd_cpp"), weights.c
    sees = _opened(mtmd, weights, projector)
    text = _text(mtmd, weights, plan)
    given = mtmd.mtmd_input_text(text, len(text), False, True)
    bitmaps = (ctypes.c_void_p * len(pictures))(*(_bitmap(mtmd, sees, one) for one in pictures))
    chunks = mtmd.mtmd_input_chunks_init()
    assert not mtmd.mtmd_tokenize(sees, chunks, ctypes.byref(given), bitmaps, len(pictures))
    context, end = weights.context(SHAPE, 1024, 1), c.llama_pos(0)
    read = mtmd.mtmd_helper_eval_chunks
    assert not read(sees, context, chunks, 0, 0, 256, True, ctypes.byref(end))
    logits = c.llama_get_logits_ith(context, -1)
    return max(range(weights.size), key=logits.__getitem__), int(end.value)


def _opened(mtmd: Any, weights: Weights, projector: Path) -> Any:
    options = mtmd.mtmd_context_params_default()
    options.use_gpu, options.n_threads, options.warmup = False, 1, False
    options.flash_attn_type = weights.c.LLAMA_FLASH_ATTN_TYPE_DISABLED
    return mtmd.mtmd_init_from_file(str(projector).encode(), weights.model, options)


def _text(mtmd: Any, weights: Weights, plan: Plan) -> bytes:
    """Give a prompt's text, with llama.cpp's mark for each picture."""
    parts = groupby(plan.prompt, lambda token: token < 0)
    text = b"".join(
        mtmd.mtmd_default_marker()
        if seen
        else b"".join(weights.piece(token, special=True) for token in tokens)
        for seen, tokens in parts
    )
    # What stands around a picture is added again.
    return text.replace(b"<|vision_start|>", b"").replace(b"<|vision_end|>", b"")


def _bitmap(mtmd: Any, sees: Any, picture: bytes) -> Any:
    data = (ctypes.c_uint8 * len(picture)).from_buffer_copy(picture)
    return mtmd.mtmd_helper_bitmap_init_from_buf(sees, data, len(picture), False)
