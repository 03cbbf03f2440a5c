"""Tiny models that embed, with random weights, as files for llama.cpp.

An encoder of one layer, as BERT has it (https://arxiv.org/abs/1810.04805), is plain arithmetic
here too: what numpy computes is what the engine must give. And a decoder, with a long window, that
embeds or chats.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from gguf import GGUFWriter, PoolingType, RopeScalingType

# Of numpy's operators its own types know nothing.
Numbers = Any
WIDTH, HEADS, WINDOW = 32, 2, 64
STATE, RANK = 16, 2
TURNS = (
    "{% for m in messages %}{{ m.role }}0{{ m.content }} {% endfor %}"
    "{% if add_generation_prompt %}assistant0{% endif %}"
)
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
# A word is one token if it is a letter, else its first letter and what goes on.
VOCABULARY = (*SPECIAL, "\u2581", *(f"\u2581{letter}" for letter in LETTERS), *LETTERS)


@dataclass(frozen=True, slots=True)
class Network:
    """A model of one layer; `pooling` of `None` says nothing of how a text's tokens become one."""

    pooling: PoolingType | None = PoolingType.MEAN
    weights: Mapping[str, Numbers] = field(default_factory=lambda: _weights())

    def write(self, path: Path) -> Path:
        """Write the file."""
        writer = _writer(path, "bert", WINDOW)
        writer.add_layer_norm_eps(1e-12)
        writer.add_causal_attention(False)
        if self.pooling is not None:
            writer.add_pooling_type(self.pooling)
        return _finish(writer, path, self.weights, "bert")

    def embed(self, texts: Sequence[str]) -> Numbers:
        """Compute (n, WIDTH), rows of length 1."""
        rows = np.stack([self._pooled(self._read(text)) for text in texts])
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    def _read(self, text: str) -> Numbers:
        w, tokens = self.weights, _tokens(text)
        start = w["token_embd.weight"][tokens] + w["position_embd.weight"][: len(tokens)]
        told = self._norm("token_embd_norm", start + w["token_types.weight"][0])
        told = self._norm("blk.0.attn_output_norm", told + self._attend(told))
        inner = _gelu(self._times("blk.0.ffn_up", told))
        return self._norm("blk.0.layer_output_norm", told + self._times("blk.0.ffn_down", inner))

    def _attend(self, told: Numbers) -> Numbers:
        parts = [
            self._times(f"blk.0.attn_{one}", told).reshape(len(told), HEADS, -1).swapaxes(0, 1)
            for one in "qkv"
        ]
        query, key, value = parts
        scores = query @ key.swapaxes(1, 2) / np.sqrt(np.float32(WIDTH // HEADS))
        shares = np.exp(scores - scores.max(axis=2, keepdims=True))
        shares /= shares.sum(axis=2, keepdims=True)
        heads = (shares @ value).swapaxes(0, 1).reshape(len(told), WIDTH)
        return self._times("blk.0.attn_output", heads)

    def _times(self, name: str, told: Numbers) -> Numbers:
        return told @ self.weights[f"{name}.weight"].T + self.weights[f"{name}.bias"]

    def _norm(self, name: str, told: Numbers) -> Numbers:
        centred = told - told.mean(axis=1, keepdims=True)
        spread = np.sqrt((centred**2).mean(axis=1, keepdims=True) + np.float32(1e-12))
        return centred / spread * self.weights[f"{name}.weight"] + self.weights[f"{name}.bias"]

    def _pooled(self, rows: Numbers) -> Numbers:
        match self.pooling:
            case PoolingType.CLS:
                return rows[0]
            case PoolingType.LAST:
                return rows[-1]
        return rows.mean(axis=0)


def write_decoder(path: Path, window: int = 1 << 20) -> Path:
    """Write a model that decodes, with a way to embed: the last token is the text's."""
    writer = _writer(path, "llama", window)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_pooling_type(PoolingType.LAST)
    return _finish(writer, path, _decoder(), "llama")


def write_talker(path: Path, window: int = 512, head: int = WIDTH // HEADS, short: int = 0) -> Path:
    """Write a model that chats, in lower case and without a meaning; with heads of such a size.

    `short`: in pools of more cells than that it turns positions otherwise. A file need not say so
    of its whole window.
    """
    writer, weights = _writer(path, "llama", window), _decoder(HEADS * head)
    if head != WIDTH // HEADS:
        writer.add_key_length(head)
        writer.add_value_length(head)
    if short:
        writer.add_rope_scaling_type(RopeScalingType.LONGROPE)
        if short != window:
            writer.add_rope_scaling_orig_ctx_len(short)
        for name, factor in (("long", 8), ("short", 1)):
            weights[f"rope_factors_{name}.weight"] = np.full(head // 2, factor, np.float32)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_chat_template("{% for m in messages %}{{ m.role }} {{ m.content }} {% endfor %}")
    writer.add_eos_token_id(3)
    return _finish(writer, path, weights, "llama")


def _decoder(heads: int = WIDTH) -> dict[str, Numbers]:
    some = _Random().some
    made = {"token_embd.weight": some(len(VOCABULARY), WIDTH)}
    made |= {f"{name}.weight": 1 + some(WIDTH) for name in ("output_norm", "blk.0.attn_norm")}
    made["blk.0.ffn_norm.weight"] = 1 + some(WIDTH)
    for name in ("attn_q", "attn_k", "attn_v"):
        made[f"blk.0.{name}.weight"] = some(heads, WIDTH)
    made["blk.0.attn_output.weight"] = some(WIDTH, heads)
    for name in ("ffn_up", "ffn_gate"):
        made[f"blk.0.{name}.weight"] = some(2 * WIDTH, WIDTH)
    made["blk.0.ffn_down.weight"] = some(WIDTH, 2 * WIDTH)
    return made


def write_recurrent(path: Path) -> Path:
    """Write one that chats too, as Mamba does: with a state of all that it read, and no cells."""
    writer = _writer(path, "mamba", 4096)
    writer.add_chat_template(TURNS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_ssm_conv_kernel(4)
    writer.add_ssm_inner_size(2 * WIDTH)
    writer.add_ssm_state_size(STATE)
    writer.add_ssm_time_step_rank(RANK)
    some, inner = _Random().some, 2 * WIDTH
    made = {"token_embd.weight": some(len(VOCABULARY), WIDTH)}
    made |= {f"{name}.weight": 1 + some(WIDTH) for name in ("output_norm", "blk.0.attn_norm")}
    made |= {
        "blk.0.ssm_in.weight": some(2 * inner, WIDTH),
        "blk.0.ssm_conv1d.weight": some(inner, 4),
        "blk.0.ssm_conv1d.bias": some(inner),
        "blk.0.ssm_x.weight": some(RANK + 2 * STATE, inner),
        "blk.0.ssm_dt.weight": some(inner, RANK),
        "blk.0.ssm_dt.bias": some(inner),
        "blk.0.ssm_a": -np.abs(some(inner, STATE)),
        "blk.0.ssm_d": some(inner),
        "blk.0.ssm_out.weight": some(WIDTH, inner),
    }
    return _finish(writer, path, made, "llama")


def _writer(path: Path, architecture: str, window: int) -> GGUFWriter:
    writer = GGUFWriter(path, architecture)
    writer.add_context_length(window)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(2 * WIDTH)
    writer.add_block_count(1)
    writer.add_head_count(HEADS)
    return writer


def _finish(writer: GGUFWriter, path: Path, weights: Mapping[str, Numbers], tokenizer: str) -> Path:
    # Last, as converters do: whoever reads the rest alone stops here.
    writer.add_tokenizer_model(tokenizer)
    writer.add_token_list(VOCABULARY)
    writer.add_token_scores([0.0] * len(VOCABULARY))
    if tokenizer == "llama":
        writer.add_add_bos_token(False)
        writer.add_add_space_prefix(False)
    writer.add_token_types([3] * len(SPECIAL) + [1] * (len(VOCABULARY) - len(SPECIAL)))
    writer.add_token_type_count(2)
    writer.add_pad_token_id(0)
    writer.add_unk_token_id(1)
    writer.add_bos_token_id(2)
    writer.add_sep_token_id(3)
    for name, numbers in weights.items():
        writer.add_tensor(name, numbers)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _tokens(text: str) -> list[int]:
    numbers = {piece: number for number, piece in enumerate(VOCABULARY)}
    words = [["\u2581" + word[0], *word[1:]] for word in text.lower().split()]
    return [2, *(numbers[piece] for word in words for piece in word), 3]


def _gelu(told: Numbers) -> Numbers:
    return told / 2 * (1 + np.tanh(np.sqrt(np.float32(2 / np.pi)) * (told + 0.044715 * told**3)))


class _Random:
    """Always the same numbers."""

    def __init__(self) -> None:
        self._source = np.random.default_rng(7)

    def some(self, *shape: int) -> Numbers:
        return self._source.normal(0, 0.5, shape).astype(np.float32)


def _weights() -> dict[str, Numbers]:
    some = _Random().some
    made = {
        "token_embd.weight": some(len(VOCABULARY), WIDTH),
        "token_types.weight": some(2, WIDTH),
        "position_embd.weight": some(WINDOW, WIDTH),
    }
    for name in ("token_embd_norm", "blk.0.attn_output_norm", "blk.0.layer_output_norm"):
        made |= {f"{name}.weight": 1 + some(WIDTH), f"{name}.bias": some(WIDTH)}
    for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
        made |= {f"blk.0.{name}.weight": some(WIDTH, WIDTH), f"blk.0.{name}.bias": some(WIDTH)}
    up, down = "blk.0.ffn_up", "blk.0.ffn_down"
    made |= {f"{up}.weight": some(2 * WIDTH, WIDTH), f"{up}.bias": some(2 * WIDTH)}
    return made | {f"{down}.weight": some(WIDTH, 2 * WIDTH), f"{down}.bias": some(WIDTH)}
