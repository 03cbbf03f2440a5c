"""Tiny projectors with random weights, and pictures for them.

One sees: another picture gives other numbers, the same one the same. It knows nothing.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from gguf import GGUFWriter

SIZE, PATCH, WIDTH, HEADS, WIDER = 32, 8, 32, 2, 64
TOKENS = (SIZE // PATCH) ** 2
"""Tokens that a picture takes, of whatever size it is."""


@dataclass(frozen=True, slots=True)
class Projector:
    """A vision transformer of so many layers as LLaVA has it, for a model's `width`."""

    width: int = 576
    layers: int = 2
    seed: int = 7

    def write(self, path: Path) -> Path:
        """Write the file."""
        writer = GGUFWriter(path, "clip")
        describe(writer, "mlp", self.width, self.layers)
        numbers = Numbers(writer, self.seed)
        numbers.add("v.patch_embd.weight", WIDTH, 3, PATCH, PATCH)
        numbers.add("v.position_embd.weight", TOKENS, WIDTH)
        for layer in range(self.layers):
            numbers.add_layer(f"v.blk.{layer}")
        for name, given in (("mm.0", WIDTH), ("mm.2", self.width)):
            numbers.add_linear(name, self.width, given)
        return finish(writer, path)


def write_together(path: Path, size: int) -> Path:
    """Write a projector of Gemma 3's kind: a picture's tokens attend to each other, both ways.

    A picture of `size` pixels in each direction takes as many tokens as it has patches.
    """
    writer = GGUFWriter(path, "clip")
    describe(writer, "gemma3", 576, 1, size)
    writer.add_vision_projector_scale_factor(1)
    numbers = Numbers(writer, 7)
    numbers.add("v.patch_embd.weight", WIDTH, 3, PATCH, PATCH)
    numbers.add("v.position_embd.weight", (size // PATCH) ** 2, WIDTH)
    numbers.add_layer("v.blk.0")
    numbers.add("mm.input_projection.weight", WIDTH, 576)
    numbers.add("mm.soft_emb_norm.weight", WIDTH)
    return finish(writer, path)


class Numbers:
    """Random tensors, the same for the same seed."""

    def __init__(self, writer: GGUFWriter, seed: int) -> None:
        self._writer, self._dice = writer, np.random.default_rng(seed)

    def add(self, name: str, *shape: int) -> None:
        """Add a tensor, so large that what goes through keeps its size."""
        numbers = self._dice.standard_normal(shape) / np.sqrt(max(1, shape[-1]) / 4)
        self._writer.add_tensor(name, numbers.astype(np.float32))

    def add_linear(self, name: str, made: int, given: int) -> None:
        """Add a matrix and what is added after it."""
        self.add(f"{name}.weight", made, given)
        self.add(f"{name}.bias", made)

    def add_norm(self, name: str, width: int) -> None:
        """Add a norm that changes nothing more."""
        self._writer.add_tensor(f"{name}.weight", np.ones(width, np.float32))
        self._writer.add_tensor(f"{name}.bias", np.zeros(width, np.float32))

    def add_layer(self, name: str) -> None:
        """Add a layer of the vision transformer."""
        for part in ("attn_q", "attn_k", "attn_v", "attn_out"):
            self.add_linear(f"{name}.{part}", WIDTH, WIDTH)
        self.add_linear(f"{name}.ffn_up", WIDER, WIDTH)
        self.add_linear(f"{name}.ffn_down", WIDTH, WIDER)
        for part in ("ln1", "ln2"):
            self.add_norm(f"{name}.{part}", WIDTH)


def describe(writer: GGUFWriter, kind: str, width: int, layers: int, size: int = SIZE) -> None:
    """Write what a projector says of itself."""
    writer.add_bool("clip.has_vision_encoder", True)
    writer.add_string("clip.projector_type", kind)
    writer.add_bool("clip.use_gelu", True)
    writer.add_vision_embedding_length(WIDTH)
    writer.add_vision_feed_forward_length(WIDER)
    writer.add_vision_block_count(layers)
    writer.add_vision_projection_dim(width)
    writer.add_vision_head_count(HEADS)
    writer.add_vision_image_size(size)
    writer.add_vision_patch_size(PATCH)
    writer.add_vision_attention_layernorm_eps(1e-5)
    writer.add_vision_image_mean([0.5] * 3)
    writer.add_vision_image_std([0.5] * 3)


def finish(writer: GGUFWriter, path: Path) -> Path:
    """Write the file to its end."""
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def png(color: tuple[int, int, int], width: int = 40, height: int = 30) -> bytes:
    """Make a picture of one color."""
    rows = (b"\0" + bytes(color) * width) * height
    return _png(width, height, zlib.compress(rows))


def bomb(width: int = 60_000, height: int = 60_000) -> bytes:
    """Make a small file that claims to be a large picture."""
    return _png(width, height, zlib.compress(bytes(1000)))


def png_of(head: bytes, *data: bytes) -> bytes:
    """Make a picture of what its header says, and of data that need not be so."""
    chunks = ((b"IHDR", head), *((b"IDAT", one) for one in data), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(kind, body) for kind, body in chunks)


def chunk(kind: bytes, body: bytes) -> bytes:
    """Make a part of such a file."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _png(width: int, height: int, data: bytes) -> bytes:
    return png_of(struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0), data)
