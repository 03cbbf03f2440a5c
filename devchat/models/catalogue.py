"""What a user may name after `-m` now, and why the rest can't be used. Calls nothing far away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from devchat.errors import ModelError
from devchat.models import LocalModel, RemoteModel
from devchat.models.embedded import ALIASES, NAME, find_embedded
from devchat.models.embedded import INSTALL as INSTALL_TINY
from devchat.models.gguf import Header, check_file, tier_of
from devchat.models.projector import find_projector
from devchat.models.resolve import EMBEDS, follow_aliases, resolve, stored_models
from devchat.models.services import ServiceState, look_at_all
from devchat.settings import Settings
from devchat.types import Tier

HERE = "this machine"
INSTALL_LOCAL = "pip install 'devchat-cli[local]'"


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of the list: what to write after `-m`, what it is, and why it can't be used.

    `tier` is None where the model is not known. Foreign names are as they came.
    """

    spec: str
    description: str
    location: str
    tier: Tier | None
    usable: bool
    why: str = ""


def list_models(settings: Settings, environ: Mapping[str, str]) -> list[Listed]:
    """List the embedded model, stored files, aliases and services; look at all of them."""
    services = look_at_all(settings.providers.values(), environ, settings.paths)
    files = [
        _embedded(),
        *(_file(path.stem, path) for path in stored_models(settings.paths.models)),
    ]
    far = [listed for state in services for listed in _of_service(state)]
    known = {listed.spec: listed for listed in files}
    by_name = {state.provider.name: state for state in services}
    aliases = [_alias(name, settings, known, by_name) for name in sorted(settings.aliases)]
    return [*files, *aliases, *far]


def has_llama() -> bool:
    """Tell whether llama-cpp-python is installed, without the time to import it."""
    from importlib.machinery import PathFinder

    return PathFinder.find_spec("llama_cpp") is not None


def describe(header: Header, name: str = "") -> str:
    """Describe a model file in a few words, under its own name unless another is given."""
    from devchat.sanitize import single_line

    size = header.size_label or f"{(header.parameters or 0) / 1e9:.1f}B"
    words = [name or single_line(header.name, 40), single_line(size, 12), header.quantization]
    template = "" if header.chat_template else ", no chat template"
    return f"{' '.join(filter(None, words))}, window {header.context_tokens:,}{template}"


def _embedded() -> Listed:
    path = find_embedded()
    if path is None:
        why = f"not installed: `{INSTALL_TINY}`"
        return Listed(ALIASES[0], NAME, HERE, "tiny", False, why)
    return _file(ALIASES[0], path, NAME)


def _file(spec: str, path: Path, name: str = "") -> Listed:
    try:
        header = check_file(path)
    except ModelError as error:
        why = f"{error.message}: {error.hint}" if error.hint else error.message
        return Listed(spec, path.name, HERE, None, False, why)
    why = "" if has_llama() else f"llama-cpp-python is not installed: `{INSTALL_LOCAL}`"
    why = EMBEDS if header.embeds else why
    sees = ", sees pictures" if find_projector(path) else ""
    return Listed(spec, describe(header, name) + sees, HERE, tier_of(header), not why, why)


def _of_service(state: ServiceState) -> Iterator[Listed]:
    name, tier = state.provider.name, state.provider.tier
    described = "pick one of its models" if state.usable else "a service"
    for model in state.models or ("MODEL",):
        what = f"served by {name}" if state.models else described
        yield Listed(f"{name}:{model}", what, state.location, tier, state.usable, state.why)


def _alias(
    name: str,
    settings: Settings,
    known: Mapping[str, Listed],
    services: Mapping[str, ServiceState],
) -> Listed:
    try:
        target = follow_aliases(name, settings)
        model = resolve(target, settings)
    except ModelError as error:
        why = f"{error.message}: {error.hint}"
        return Listed(name, f"alias of {settings.aliases[name]}", HERE, None, False, why)
    described = f"alias of {target}"
    if isinstance(model, RemoteModel):
        return _remote_alias(Listed(name, described, "", model.tier, True), model, services)
    if not isinstance(model, LocalModel):
        return Listed(name, described, HERE, None, True)
    listed = known.get(target) or _file(name, model.path)
    return replace(listed, spec=name, description=described)


def _remote_alias(
    listed: Listed, model: RemoteModel, services: Mapping[str, ServiceState]
) -> Listed:
    state = services[model.provider.name]
    why = state.why
    if state.models and model.model not in state.models:
        why = f"{model.provider.name} has no model `{model.model}`"
    return replace(listed, location=state.location, usable=not why, why=why)
