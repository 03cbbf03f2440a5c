"""A tiny model that places a picture's tokens in rows and columns, as Qwen2-VL does (M-RoPE).

Its words are those of another model; its weights are random, and so is what it says.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from gguf import GGUFReader, GGUFValueType, GGUFWriter

from tests.backends.local.projector import (
    PATCH,
    WIDER,
    WIDTH,
    Numbers,
    describe,
    finish,
)

EMBED, HEADS = 64, 2
MERGED = 2
"""Patches of a picture in a row, and in a column, that become one token."""


def write_model(path: Path, words: Path) -> Path:
    """Write a model of one layer with the words of another one."""
    writer = GGUFWriter(path, "qwen2vl")
    writer.add_context_length(2048)
    writer.add_embedding_length(EMBED)
    writer.add_feed_forward_length(2 * EMBED)
    writer.add_block_count(1)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_dimension_sections([6, 5, 5, 0])
    count = _copy_words(writer, GGUFReader(words))
    numbers = Numbers(writer, 11)
    numbers.add("token_embd.weight", count, EMBED)
    for part in ("attn_q", "attn_k", "attn_v"):
        numbers.add_linear(f"blk.0.{part}", EMBED, EMBED)
    numbers.add("blk.0.attn_output.weight", EMBED, EMBED)
    for name, made, given in (
        ("ffn_gate", 2 * EMBED, EMBED),
        ("ffn_up", 2 * EMBED, EMBED),
        ("ffn_down", EMBED, 2 * EMBED),
    ):
        numbers.add(f"blk.0.{name}.weight", made, given)
    for name in ("blk.0.attn_norm", "blk.0.ffn_norm", "output_norm"):
        writer.add_tensor(f"{name}.weight", np.ones(EMBED, np.float32))
    return finish(writer, path)


def write_projector(path: Path) -> Path:
    """Write the projector of that model."""
    writer = GGUFWriter(path, "clip")
    describe(writer, "qwen2vl_merger", EMBED, 1)
    numbers = Numbers(writer, 7)
    for name in ("v.patch_embd.weight", "v.patch_embd.weight.1"):
        numbers.add(name, WIDTH, 3, PATCH, PATCH)
    numbers.add_layer("v.blk.0")
    numbers.add_norm("v.post_ln", WIDTH)
    merged = MERGED * MERGED * WIDTH
    numbers.add_linear("mm.0", WIDER, merged)
    numbers.add_linear("mm.2", EMBED, WIDER)
    return finish(writer, path)


def _copy_words(writer: GGUFWriter, reader: GGUFReader) -> int:
    for name, field in reader.fields.items():
        if name.startswith("tokenizer."):
            kind = field.types[0]
            inner = field.types[-1] if kind == GGUFValueType.ARRAY else None
            writer.add_key_value(name, field.contents(), kind, inner)
    return len(reader.fields["tokenizer.ggml.tokens"].data)
