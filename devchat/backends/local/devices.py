"""The GPUs that this build of llama.cpp can use, and the memory that is free on them."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import Any

KINDS = (1, 2)
"""A GPU, and one that shares the main memory: `enum ggml_backend_dev_type` in ggml-backend.h."""


@dataclass(frozen=True, slots=True)
class Device:
    """A GPU; memory in bytes."""

    name: str
    free: int
    total: int


def devices(c: Any, kinds: tuple[int, ...] = KINDS) -> tuple[Device, ...]:
    """List the GPUs; none in a build for processors alone."""
    # Of ggml, on which llama.cpp's library stands; llama-cpp-python has no names for these.
    ggml = c._lib
    ggml.ggml_backend_dev_count.restype = ctypes.c_size_t
    get = ggml.ggml_backend_dev_get
    get.restype, get.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    ggml.ggml_backend_dev_type.argtypes = [ctypes.c_void_p]
    found = (ctypes.c_void_p(get(index)) for index in range(ggml.ggml_backend_dev_count()))
    return tuple(_device(ggml, one) for one in found if ggml.ggml_backend_dev_type(one) in kinds)


def _device(ggml: Any, device: ctypes.c_void_p) -> Device:
    describe, memory = ggml.ggml_backend_dev_description, ggml.ggml_backend_dev_memory
    describe.restype, describe.argtypes = ctypes.c_char_p, [ctypes.c_void_p]
    size = ctypes.POINTER(ctypes.c_size_t)
    memory.restype, memory.argtypes = None, [ctypes.c_void_p, size, size]
    free, total = ctypes.c_size_t(), ctypes.c_size_t()
    memory(device, free, total)
    name = bytes(describe(device)).decode("utf-8", "replace")
    return Device(name, free.value, total.value)
