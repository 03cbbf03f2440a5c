"""From what a user types after `-m` to one model, or a clear no: there is never a fallback."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from devchat.errors import ModelError
from devchat.models import LocalModel, Model, RemoteModel, ScriptedModel
from devchat.models.embedded import ALIASES, embedded_model
from devchat.models.gguf import LIST, PART, read_header, tier_of
from devchat.models.projector import find_projector
from devchat.settings import Settings

EMBEDS = "an embedding model, not a chat model"


def resolve(spec: str, settings: Settings) -> Model:
    """Find the model that a spec names; for an empty one that of the settings, else the embedded.

    A spec is an alias, `tiny`, a GGUF file or the name of one in the models folder,
    `provider:model`, or `scripted:FILE`. Raises `ModelError`, for a model that embeds too.
    """
    model = _find(spec, settings)
    if isinstance(model, LocalModel) and model.embeds:
        raise ModelError(f"`{model.name}` is {EMBEDS}", LIST)
    return model


def resolve_embedder(spec: str, settings: Settings) -> LocalModel:
    """Find the model to embed with that a spec names. Raises `ModelError`, for others too."""
    model = _find(spec, settings)
    if isinstance(model, LocalModel) and model.embeds:
        return model
    raise ModelError(
        f"`{model.name}` is no model that embeds", "name the GGUF file of an embedding model"
    )


def _find(spec: str, settings: Settings) -> Model:
    spec = spec.strip() or settings.model.strip()
    # Before any alias: what nobody named must not become a service, even if `tiny` is one's alias.
    if not spec:
        return embedded_model()
    spec = follow_aliases(spec, settings)
    if spec in ALIASES:
        return embedded_model()
    provider, colon, rest = spec.partition(":")
    if colon and (provider in settings.providers or provider == "scripted"):
        return _of_service(provider, rest, settings)
    path = Path(spec).expanduser() if spec.startswith("~/") else Path(spec)
    # A service's model may have slashes in its name, so the part before the colon decides.
    if _is_path(provider) or (_is_path(spec) and (not colon or _is_there(path))):
        return open_file(spec, path)
    if colon:
        raise _unknown_provider(provider, settings)
    stored = settings.paths.models / f"{spec}.gguf"
    if _is_there(stored):
        return open_file(spec, stored)
    raise _unknown(spec, settings)


def follow_aliases(spec: str, settings: Settings) -> str:
    """Return what an alias leads to in the end. Raises `ModelError` on a loop."""
    seen = [spec]
    while spec in settings.aliases:
        spec = settings.aliases[spec].strip()
        if spec in seen:
            way = " -> ".join([*seen, spec])
            raise ModelError(f"the alias `{spec}` leads to itself: {way}", _in_settings("aliases"))
        seen.append(spec)
    if not spec:
        raise ModelError(f"the alias `{seen[-2]}` leads to nothing", _in_settings("aliases"))
    return spec


def open_file(name: str, path: Path) -> LocalModel:
    """Describe a GGUF file under the name it was asked for. Raises `ModelError`."""
    header = read_header(path)
    # Links stay as they are: the parts of a split model find each other by their names.
    path, tier, window = path.absolute(), tier_of(header), header.context_tokens
    projector = find_projector(path)
    return LocalModel(name, path, tier, window, projector=projector, embeds=header.embeds)


def stored_models(folder: Path) -> list[Path]:
    """Return the GGUF files in the models folder; of a split model only the first part."""
    return [path for path in sorted(folder.glob("*.gguf")) if not _is_later_part(path)]


def _of_service(provider: str, rest: str, settings: Settings) -> Model:
    if not rest:
        wanted = "FILE" if provider == "scripted" else "MODEL"
        raise ModelError(f"`{provider}:` names no model", f"write `{provider}:{wanted}`")
    if provider in settings.providers:
        return RemoteModel(f"{provider}:{rest}", settings.providers[provider], rest)
    return ScriptedModel(f"scripted:{rest}", Path(rest).expanduser())


def _is_path(text: str) -> bool:
    return "/" in text or text.startswith("~") or text.lower().endswith(".gguf")


def _is_there(path: Path) -> bool:
    try:
        path.stat()
    except (OSError, ValueError):  # a name too long, or with a zero byte in it
        return False
    return True


def _is_later_part(path: Path) -> bool:
    found = PART.search(path.name)
    return found is not None and int(found[1]) != 1


def _unknown_provider(provider: str, settings: Settings) -> ModelError:
    names = ", ".join(f"`{name}`" for name in sorted(settings.providers)) or "none"
    near = _near(provider, settings.providers, ":MODEL")
    return ModelError(f"no provider named `{provider}`", f"{near}the settings have {names}")


def _unknown(spec: str, settings: Settings) -> ModelError:
    if spec in settings.providers:
        return ModelError(f"no model named `{spec}`", f"write `{spec}:MODEL`; {LIST}")
    stems = [path.stem for path in stored_models(settings.paths.models)]
    names = [*settings.aliases, *ALIASES, *stems]
    return ModelError(f"no model named `{spec}`", f"{_near(spec, names)}{LIST}")


def _near(word: str, names: Iterable[str], suffix: str = "") -> str:
    from difflib import get_close_matches

    by_lower = {name.lower(): name for name in names}
    near = [by_lower[name] for name in get_close_matches(word.lower(), by_lower, 2)]
    return "did you mean {}? ".format(" or ".join(f"`{n}{suffix}`" for n in near)) if near else ""


def _in_settings(table: str) -> str:
    return f"`devchat config edit` opens the settings: see [{table}]"
