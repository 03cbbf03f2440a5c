"""Load a model, with fewer layers on the GPU where it can't hold them all."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from devchat.backends.local.devices import devices
from devchat.backends.local.fit import layers_that_fit, retreats
from devchat.backends.local.library import Library, LoadError
from devchat.backends.local.weights import Weights
from devchat.errors import EngineError, ModelError
from devchat.models.gguf import read_header
from devchat.settings import Switch


class Loader:
    """Opens one file, and again with less of it on the GPU."""

    def __init__(
        self,
        name: str,
        path: bytes,
        wanted: int,
        library: Library,
        step: Callable[[], None],
        mmap: Switch = "auto",
    ) -> None:
        self._name, self._path, self._library, self._step = name, path, library, step
        self._wanted = wanted if library.offloads else 0
        self._mmap = mmap

    def load(self) -> Weights:
        """Load the file as wanted, or as much so as the GPU allows. Raises `ModelError`."""
        layers = self._wanted if self._wanted >= 0 else self._fitting()
        try:
            return self._open(layers)
        except LoadError as error:
            if not layers:
                raise _useless(self._name, error) from error
            return self._less(layers, str(error))

    def retreat(self, weights: Weights, why: LoadError) -> Weights:
        """Load again with less on the GPU, for no window could be made beside the weights.

        Raises `EngineError`, the weights still good, where nothing is on the GPU; `ModelError`
        where loading fails.
        """
        layers = weights.gpu_layers
        if not layers:
            raise EngineError(
                f"llama.cpp could not make a window for `{self._name}`: {why}",
                "close other programs, or send less",
            )
        weights.free()
        return self._less(layers, str(why))

    def note(self, weights: Weights) -> str:
        """Say what the user should know of a retreat; "" where there was none."""
        wanted = weights.layers if self._wanted < 0 else min(self._wanted, weights.layers)
        if weights.gpu_layers < 0 or weights.gpu_layers >= wanted:
            return ""
        held = f"{weights.gpu_layers} of {weights.layers} layers are on it"
        return f"the GPU could not hold the model: {held}, the rest runs on the processor"

    def _open(self, layers: int) -> Weights:
        return Weights(self._library, self._path, layers, self._step, self._mmap)

    def _fitting(self) -> int:
        # Where a GPU tells its memory: some rather slow down than refuse what is too large.
        free = sum(one.free for one in devices(self._library.c))
        try:
            header = read_header(Path(os.fsdecode(self._path)))
        except ModelError:
            return -1
        return layers_that_fit(header.block_count, header.file_bytes, free) if free else -1

    def _less(self, layers: int, why: str) -> Weights:
        # Without the GPU first: it tells a file that nothing can load from one too large for it.
        try:
            weights = self._open(0)
        except LoadError as error:
            raise _useless(self._name, LoadError(why)) from error
        for fewer in retreats(layers, weights.layers)[1:-1]:
            try:
                better = self._open(fewer)
            except LoadError:
                continue
            weights.free()
            return better
        return weights


def _useless(name: str, why: LoadError) -> ModelError:
    return ModelError(
        f"llama.cpp can't load `{name}`: {why}",
        "the file may be damaged, or newer than this llama.cpp: get it again, or update "
        "llama-cpp-python; `devchat models list` shows what is here",
    )
