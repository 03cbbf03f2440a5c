"""llama.cpp itself, loaded by its C interface.

Lives in the engine process only: the front door never loads it.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable
from types import ModuleType
from typing import Any

from devchat.errors import ModelError

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

    def listen(self, tell: Callable[[Any, None], None]) -> None:
        """Hear the complaints of another part of llama.cpp, given how to tell it of us."""
        tell(self._callback, None)

    def _hear(self, level: int, text: bytes, _: object) -> None:
        line = text.decode("utf-8", "replace").strip()
        if level in (WARNING, ERROR) and line:
            self._complaints.append((level, line))


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
