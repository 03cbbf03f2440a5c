"""How a model would be run here, each choice with its reason: for `devchat doctor`.

Asks llama.cpp through `build.py` and the files of the machine; starts no engine.
"""

from __future__ import annotations

from pathlib import Path

from devchat.backends.local.build import LlamaBuild
from devchat.backends.local.facts import look_at, read_facts
from devchat.backends.local.fit import free_memory, layers_that_fit, physical_cores
from devchat.backends.local.shape import Choice, Threads, choices, wishes_of
from devchat.backends.local.shelf import Shelf, shelf_in
from devchat.models import LocalModel
from devchat.models.gguf import read_header
from devchat.settings import Local, Settings


def describe_choices(model: LocalModel, settings: Settings, build: LlamaBuild) -> list[Choice]:
    """Tell how a model would be run. Raises `ModelError`, `SettingsError`."""
    local, cores = settings.local, physical_cores()
    most = Threads(cores, cores)
    facts = read_facts(settings.paths.cache, look_at(str(model.path.resolve())))
    known = facts.threads if facts.most == most else None
    wishes = wishes_of(local)
    layers = _layers(model, local, build)
    threads = known or most
    on_gpu = layers.value != "none"
    return [_window(model, local), layers, *choices(wishes, on_gpu, threads, known is not None)]


def describe_cache(settings: Settings) -> tuple[bool | None, str]:
    """Tell how the cache does: whether it works (`None`: it is off), and what is in it."""
    shelf = shelf_in(settings.paths.cache, settings.local.cache_bytes)
    if not shelf.limit:
        return None, "off: set by local.cache_bytes"
    try:
        return _room(shelf)
    except OSError as error:
        return False, f"can't be used: {error.strerror or error}".lower()


def _room(shelf: Shelf) -> tuple[bool, str]:
    files, room = shelf.files(), shelf.room()
    count = "1 file" if len(files) == 1 else f"{len(files)} files"
    held = f"{count}, {sum(one.bytes for one in files) / 1e6:,.0f} MB"
    if room >= shelf.limit:
        return True, f"{held} of at most {shelf.limit / 1e6:,.0f} MB"
    return room > shelf.limit // 10, f"{held} of at most {room / 1e6:,.0f} MB: the disk is filling"


def _window(model: LocalModel, local: Local) -> Choice:
    most = min(local.context_tokens or model.context_tokens, model.context_tokens)
    why = "set by local.context_tokens" if local.context_tokens else "what the model was made for"
    free = f"{free_memory() / 1e9:,.1f} GB of memory are free"
    return Choice("window", f"up to {most:,} tokens", f"{why}; grows with what is asked; {free}")


def _layers(model: LocalModel, local: Local, build: LlamaBuild) -> Choice:
    name = "GPU layers"
    if not build.gpu_offload:
        return Choice(name, "none", "this build of llama.cpp has no GPU support")
    if not local.gpu_layers:
        return Choice(name, "none", "set by local.gpu_layers")
    free = sum(one.free for one in build.devices)
    if not free:
        return Choice(name, "none", "no GPU was found")
    header = read_header(Path(model.path))
    why = f"{header.file_bytes / 1e9:,.1f} GB of model, {free / 1e9:,.1f} GB free on the GPU"
    fitting = layers_that_fit(header.block_count, header.file_bytes, free)
    if local.gpu_layers > 0:
        fitting, why = local.gpu_layers, "set by local.gpu_layers"
    if fitting < 0 or fitting > header.block_count:
        return Choice(name, "all", why)
    return Choice(name, f"{fitting} of {header.block_count}" if fitting else "none", why)
