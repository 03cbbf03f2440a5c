"""Models on this machine, through llama.cpp in a process of its own: the engine.

`client.py` is the backend, `start.py` finds or starts an engine, `engine.py` is what runs in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from devchat.models import LocalModel
from devchat.settings import Settings

if TYPE_CHECKING:
    from devchat.backends.local.client import LocalBackend


def open_local(model: LocalModel, settings: Settings) -> LocalBackend:
    """Open a model on this machine; its engine starts to load, and is not awaited.

    Raises `BackendError` where llama-cpp-python is not installed, `ModelError` where the file
    can't be a model, `StorageError` where the runtime folder can't be used, `EngineError`.
    """
    from devchat.backends.local.build import check_installed
    from devchat.backends.local.client import LocalBackend
    from devchat.backends.local.start import orders

    check_installed()
    order, berth = orders(model, settings)
    return LocalBackend(model, settings, order, berth)
