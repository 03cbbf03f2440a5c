"""Make the settings of this process: flags > `DEVCHAT_*` environment > the user's file > defaults.

Only reads. Every value remembers where it came from.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from devchat.errors import SettingsError
from devchat.settings import Local, Paths, Provider, Remote, Settings
from devchat.settings.lines import find_lines, line_of
from devchat.settings.paths import FOLDERS, find_paths
from devchat.settings.providers import BUILT_IN
from devchat.settings.schema import (
    NAME,
    Fields,
    KeyPath,
    fit,
    pattern_of,
    read_schema,
    read_text,
    unknown_key,
)

PREFIX = "DEVCHAT_"
DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings, and where each came from: dotted key -> "default", "/path/config.toml:3", ..."""

    settings: Settings
    origins: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Given:
    """A checked value that somebody set."""

    value: Any
    origin: str


Layer = dict[KeyPath, Given]


def load(environ: Mapping[str, str], flags: Mapping[str, object] | None = None) -> Loaded:
    """Load the settings; `flags` maps dotted keys to values. Raises SettingsError."""
    schema = read_schema()
    paths = find_paths(environ)
    layers = read_file(paths.config_file, schema)
    layers |= _read_environment(environ, schema)
    for name, value in (flags or {}).items():
        layers |= _given(tuple(name.split(".")), value, f"--{name.replace('_', '-')}", schema)
    return _build(paths, layers, schema)


def read_file(path: Path, schema: Fields) -> Layer:
    """Read and check the user's file; no file is an empty one. Raises SettingsError."""
    text = read_toml_text(path)
    return check_text(text, path, schema) if text else {}


def check_text(text: str, path: Path, schema: Fields) -> Layer:
    """Check the text of a settings file. Raises SettingsError with the file's path and line."""
    data = parse_toml(text, path)
    lines = find_lines(text.replace("\r\n", "\n"))

    def where(key: KeyPath) -> str:
        return f"{path}:{line_of(lines, key)}"

    layer: Layer = {}
    for key, value in _walk(data, (), schema):
        if key[0] == "providers" and isinstance(value, dict):
            _check_provider(key, value, where(key))
        else:
            layer |= _given(key, value, where(key), schema)
    return layer


def read_toml_text(path: Path) -> str:
    """Read a file as UTF-8; "" where there is none. Raises SettingsError."""
    try:
        if not path.exists():
            return ""
        if not path.is_file():
            raise SettingsError(f"{path}: this is not a file", "move it out of the way")
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise SettingsError(f"{path}:{line}: this is not UTF-8", "save it as UTF-8") from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise SettingsError(f"{path}: can't be read: {reason}", "check its permissions") from error


def parse_toml(text: str, path: Path, *, secret: bool = False) -> dict[str, object]:
    """Parse TOML; a `secret` text is not quoted in the SettingsError that this may raise."""
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        last = text.rstrip("\n").count("\n") + 1
        found = re.search(r"at line (\d+)", str(error))
        line = min(int(found[1]), last) if found else last
        reason = "" if secret else f": {re.sub(r' [(]at [^()]*[)]$', '', str(error)).lower()}"
        example = 'openai = "KEY"' if secret else 'model = "NAME"'
        raise SettingsError(
            f"{path}:{line}: this is not TOML{reason}", f"a line looks like `{example}`"
        ) from error


def _walk(
    data: Mapping[str, object], prefix: KeyPath, schema: Fields
) -> Iterator[tuple[KeyPath, object]]:
    """Yield every key with its value, and the table of every provider."""
    for name, value in data.items():
        key = (*prefix, name)
        pattern = pattern_of(key)
        is_table = any(one[: len(key)] == pattern and len(one) > len(key) for one in schema)
        if is_table and isinstance(value, dict):
            if pattern == ("providers", "*"):
                yield key, value
            yield from _walk(value, key, schema)
        else:
            yield key, value


def _check_provider(key: KeyPath, table: Mapping[str, object], where: str) -> None:
    name = key[1]
    if not NAME.fullmatch(name):
        raise SettingsError(
            f"{where}: a provider can't be named `{name}`", "use letters, digits, `-` and `_`"
        )
    if name not in BUILT_IN and "base_url" not in table:
        raise SettingsError(
            f"{where}: provider `{name}` has no `base_url`",
            "add the address of an OpenAI-compatible service: "
            f'`devchat config set providers.{name}.base_url "http://localhost:8000/v1"`',
        )


def _given(key: KeyPath, value: object, where: str, schema: Fields) -> Layer:
    field = schema.get(pattern_of(key))
    if field is not None:
        if key[0] == "aliases" and isinstance(value, dict):
            raise SettingsError(
                f"{where}: `{'.'.join(key)}` must be text in quotes",
                "put quotes around an alias that has dots in its name",
            )
        return {key: Given(fit(field, key, value, where), where)}
    if any(one[: len(key)] == pattern_of(key) for one in schema):
        raise SettingsError(
            f"{where}: `{'.'.join(key)}` must be a table", f"write `[{'.'.join(key)}]`"
        )
    raise unknown_key(key, where, schema)


def variable_of(key: KeyPath) -> str:
    """Name the environment variable of a key."""
    return PREFIX + "_".join(key).upper()


def _read_environment(environ: Mapping[str, str], schema: Fields) -> Layer:
    known = {variable_of(key): key for key in schema if "*" not in key}
    layer: Layer = {}
    for variable, text in environ.items():
        if not variable.startswith(PREFIX) or variable in FOLDERS:
            continue
        if variable not in known:
            raise _unknown_variable(variable, [*known, *FOLDERS])
        if text:  # an empty variable counts as none, as everywhere on Unix
            key = known[variable]
            where = f"{variable} in the environment"
            layer |= _given(key, read_text(schema[key], text), where, schema)
    return layer


def _unknown_variable(variable: str, known: list[str]) -> SettingsError:
    from difflib import get_close_matches

    near = get_close_matches(variable, known, 1, 0.6)
    hint = f"did you mean `{near[0]}`?" if near else f"unset it; there are {', '.join(known)}"
    return SettingsError(f"unknown environment variable `{variable}`", hint)


def _build(paths: Paths, layer: Layer, schema: Fields) -> Loaded:
    values = {key: given.value for key, given in layer.items()}
    settings = replace(
        Settings(paths),
        **_part(values, ()),
        local=replace(Local(), **_part(values, ("local",))),
        remote=replace(Remote(), **_part(values, ("remote",))),
        aliases=_part(values, ("aliases",)),
        providers=_providers(values),
    )
    origins = {".".join(key): DEFAULT for key in every_key(settings, schema)}
    return Loaded(settings, origins | {".".join(key): one.origin for key, one in layer.items()})


def _part(values: Mapping[KeyPath, Any], prefix: KeyPath) -> dict[str, Any]:
    return {key[-1]: value for key, value in values.items() if key[:-1] == prefix}


def _providers(values: Mapping[KeyPath, Any]) -> dict[str, Provider]:
    added = {key[1]: Provider(key[1], "") for key in values if key[0] == "providers"}
    return {
        name: replace(provider, **_part(values, ("providers", name)))
        for name, provider in {**added, **BUILT_IN}.items()
    }


def every_key(settings: Settings, schema: Fields) -> Iterator[KeyPath]:
    """Yield every key that has a value in these settings, the schema's order first."""
    yield from (key for key in schema if "*" not in key)
    yield from (("aliases", name) for name in settings.aliases)
    for name in settings.providers:
        yield from (("providers", name, key[2]) for key in schema if key[0] == "providers")


def value_of(settings: Settings, key: KeyPath) -> object:
    """Return the value of a key that `every_key` yields."""
    value: object = settings
    for step in key:
        value = value[step] if isinstance(value, Mapping) else getattr(value, step)
    return value
