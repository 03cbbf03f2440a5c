"""A tiny model that places a picture's tokens in rows and columns, as Qwen2-VL does (M-RoPE).

Its words are the first ones of another model; its weights are random, and so is what it says.
"""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
from gguf import GGUFWriter

from tests.backends.local.projector import (
    PATCH,
    WIDER,
    WIDTH,
    Numbers,
    describe,
    finish,
)

EMBED, HEADS = 64, 2
WORDS = 2000
MERGED = 2
"""Patches of a picture in a row, and in a column, that become one token."""


def write_model(path: Path, words: Path) -> Path:
    """Write a model of one layer with words of another one."""
    writer = GGUFWriter(path, "qwen2vl")
    writer.add_context_length(2048)
    writer.add_embedding_length(EMBED)
    writer.add_feed_forward_length(2 * EMBED)
    writer.add_block_count(1)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_dimension_sections([6, 5, 5, 0])
    _copy_words(writer, words)
    numbers = Numbers(writer, 11)
    numbers.add("token_embd.weight", WORDS, EMBED)
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


def _copy_words(writer: GGUFWriter, path: Path) -> None:
    with path.open("rb") as file:
        head = file.read(3 << 20)
    tokens = _strings(head, "tokenizer.ggml.tokens", WORDS)
    merges = _strings(head, "tokenizer.ggml.merges", WORDS)
    control = [token.startswith("<") and token.endswith(">") for token in tokens]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(_string(head, "tokenizer.ggml.pre"))
    writer.add_chat_template(_string(head, "tokenizer.chat_template"))
    writer.add_token_list(tokens)
    writer.add_token_types([3 if one else 1 for one in control])
    # A word of two that is not among ours is never made.
    writer.add_token_merges([merge for merge in merges if merge.replace(" ", "") in tokens])
    writer.add_bos_token_id(tokens.index("<|im_start|>"))
    writer.add_eos_token_id(tokens.index("<|im_end|>"))


def _strings(head: bytes, key: str, most: int) -> list[str]:
    """Give the first strings of an array."""
    place, found = _value(head, key) + 4 + 8, []
    for _ in range(most):
        found.append(_text(head, place))
        place += 8 + len(found[-1].encode())
    return found


def _string(head: bytes, key: str) -> str:
    return _text(head, _value(head, key))


def _value(head: bytes, key: str) -> int:
    """Tell where a value begins, after its key and its kind."""
    return head.index(key.encode()) + len(key) + 4


def _text(head: bytes, place: int) -> str:
    (size,) = struct.unpack_from("<Q", head, place)
    return head[place + 8 : place + 8 + size].decode()
