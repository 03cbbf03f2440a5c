"""The values that a command line may name and that are known without asking anybody.

Each is looked up in an instant: settings and prompt files, the names of model files, and the
latest conversations, which are only read.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

    from devchat.settings import Settings

_LATEST = 30


@dataclass(frozen=True, slots=True)
class Value:
    """What may be written, and what it is."""

    text: str
    about: str = ""


Source = Callable[[Sequence[str]], Iterator[Value]]
"""Yields values, given the arguments before them."""


def _settings() -> Settings:
    from devchat.settings.load import load

    return load(os.environ).settings


def models(_: Sequence[str]) -> Iterator[Value]:
    """Yield aliases, the models on this machine, and the services, to which a model is added."""
    from devchat.models.embedded import ALIASES, NAME, find_embedded
    from devchat.models.resolve import stored_models

    settings = _settings()
    yield from (Value(name, f"alias of {of}") for name, of in sorted(settings.aliases.items()))
    if find_embedded() is not None:
        yield Value(ALIASES[0], f"{NAME}, on this machine")
    for path in stored_models(settings.paths.models):
        yield Value(path.stem, "on this machine")
    for name, provider in sorted(settings.providers.items()):
        yield Value(f"{name}:", f"a model of {provider.base_url}")


def sessions(_: Sequence[str]) -> Iterator[Value]:
    """Yield the latest conversations with their titles."""
    from devchat.history.glance import glance

    for id, title in glance(_settings().paths.history, _LATEST):
        yield Value(id, title)


def prompts_to_ask(_: Sequence[str]) -> Iterator[Value]:
    """Yield the prompts that a question and files are enough for."""
    from devchat.prompts import load_prompt

    folders = _prompt_folders()
    for one in prompts(()):
        if load_prompt(one.text, folders).takes_questions:
            yield one


def prompts(_: Sequence[str]) -> Iterator[Value]:
    """Yield all prompts that can be used."""
    from devchat.prompts import list_prompts

    listed = list_prompts(_prompt_folders())
    yield from (Value(one.name, one.description) for one in listed if not one.problem)


def _prompt_folders() -> list[Path]:
    from devchat.prompts import shipped_folder
    from devchat.settings.paths import find_paths

    return [find_paths(os.environ).prompts, shipped_folder()]


def kinds(_: Sequence[str]) -> Iterator[Value]:
    """Yield what `explain` tells apart."""
    from devchat.explain.kinds import KINDS

    yield from (Value(kind.name, kind.title) for kind in KINDS.values())


def audiences(_: Sequence[str]) -> Iterator[Value]:
    """Yield the readers that `explain` knows by a word."""
    from devchat.explain.wishes import AUDIENCES

    yield from map(Value, AUDIENCES)


def languages(_: Sequence[str]) -> Iterator[Value]:
    """Yield the languages that have a short name."""
    from devchat.explain.wishes import LANGUAGES

    yield from (Value(code, name) for code, name in LANGUAGES.items())


def keys(_: Sequence[str]) -> Iterator[Value]:
    """Yield the keys of the settings, and of the secrets that services want."""
    from devchat.settings.load import every_key
    from devchat.settings.schema import pattern_of, read_schema

    settings, schema = _settings(), read_schema()
    for path in every_key(settings, schema):
        yield Value(".".join(path), schema[pattern_of(path)].rule.note)
    for name in sorted({one.key for one in settings.providers.values() if one.key}):
        yield Value(f"keys.{name}", "a secret: it is asked for")


def settings_values(arguments: Sequence[str]) -> Iterator[Value]:
    """Yield the values of a key where they are few, or models."""
    from devchat.settings.schema import pattern_of, read_schema, split_key

    path = split_key(arguments[0])
    field = read_schema().get(pattern_of(path))
    if path == ("model",) or path[0] == "aliases":
        yield from models(())
    elif field is not None:
        choices = ("true", "false") if field.kind is bool else field.choices
        yield from map(Value, choices)


VALUES: Mapping[str, Source] = {
    "model": models, "engine": models, "session": sessions, "id": sessions, "ids": sessions,
    "prompt": prompts_to_ask, "name": prompts, "kind": kinds, "audience": audiences,
    "language": languages, "key": keys, "value": settings_values,
}  # fmt: skip
"""By the names of the parameters that take them."""
