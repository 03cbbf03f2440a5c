"""API keys: from the environment, the system keyring, or a file that only its owner can read.

A key is never printed, logged, or stored anywhere else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from devchat.errors import SettingsError
from devchat.settings import Paths
from devchat.settings.load import parse_toml, read_toml_text
from devchat.settings.schema import NAME
from devchat.settings.write import write_atomic

KEYRING = "the system keyring"


@dataclass(frozen=True, slots=True)
class Key:
    """A key and where it came from; only `value` shows it."""

    value: str = field(repr=False)
    origin: str


@dataclass(frozen=True, slots=True)
class Forgotten:
    """The places that a key was removed from; one may be left in a keyring that isn't `sure`."""

    places: tuple[str, ...]
    sure: bool = True


def variable_of_key(name: str) -> str:
    """Name the environment variable of a key: `openai` -> `OPENAI_API_KEY`."""
    return f"{name.upper().replace('-', '_')}_API_KEY"


def find_key(name: str, environ: Mapping[str, str], paths: Paths) -> Key | None:
    """Find a key by its name, or None. Raises SettingsError where the file of keys is unsafe."""
    return find_keys([name], environ, paths)[name]


def find_keys(
    names: Iterable[str], environ: Mapping[str, str], paths: Paths
) -> Mapping[str, Key | None]:
    """Find several keys with at most one call of the keyring. Raises as `find_key` does."""
    from devchat.settings.vault import read_secrets

    found = {name: _from_environment(name, environ) for name in names}
    missing = [name for name, key in found.items() if key is None]
    secrets = read_secrets(missing, environ) if missing else {}
    stored = _read_file(paths) if missing else {}
    for name in missing:
        if value := secrets.get(name, "").strip():
            found[name] = Key(value, KEYRING)
        elif name in stored:
            found[name] = Key(stored[name], str(paths.keys_file))
    return found


def _from_environment(name: str, environ: Mapping[str, str]) -> Key | None:
    variable = variable_of_key(name)
    value = environ.get(variable, "").strip()
    return Key(value, f"{variable} in the environment") if value else None


def stored_names(paths: Paths) -> tuple[str, ...]:
    """Name the keys in the file; a keyring can't be asked for its names."""
    return tuple(_read_file(paths))


def store_key(name: str, value: str, paths: Paths, environ: Mapping[str, str]) -> str:
    """Store a key, in the keyring if that really keeps it, else in the file; return where.

    Raises SettingsError for what can't be a key, StorageError where the file can't be written.
    """
    from devchat.settings.vault import write_secret

    value = value.strip()
    _check(name, value)
    _read_file(paths)  # where that is not safe, nothing is stored anywhere
    kept = write_secret(name, value, environ)
    stored = _read_file(paths)  # again: to ask the keyring may take half a minute
    if kept:
        if stored.pop(name, None) is not None:
            _write_file(stored, paths)
        return KEYRING
    _write_file(stored | {name: value}, paths)
    return str(paths.keys_file)


def forget_key(name: str, paths: Paths, environ: Mapping[str, str]) -> Forgotten:
    """Remove a key from the keyring and the file."""
    from devchat.settings.vault import delete_secret

    deleted = delete_secret(name, environ)
    places = [KEYRING] if deleted else []
    stored = _read_file(paths)
    if stored.pop(name, None) is not None:
        _write_file(stored, paths)
        places.append(str(paths.keys_file))
    return Forgotten(tuple(places), deleted is not None)


def _check(name: str, value: str) -> None:
    if not NAME.fullmatch(name):
        raise SettingsError(
            f"a key can't be named `{name}`", "use letters, digits, `-` and `_`, as in `openai`"
        )
    if not value or not value.isascii() or not value.isprintable() or " " in value:
        raise SettingsError(
            "this can't be a key: it is empty, or has spaces or strange characters in it",
            "copy it again from the service's page of keys; nothing was stored",
        )


def _read_file(paths: Paths) -> dict[str, str]:
    path = paths.keys_file
    text = read_toml_text(path)
    if not text:
        return {}
    if path.stat().st_mode & 0o077:
        raise SettingsError(
            f"{path}: other users may read this file of keys", f"`chmod 600 '{path}'`"
        )
    stored = {
        name: value.strip()
        for name, value in parse_toml(text, path, secret=True).items()
        if isinstance(value, str)
    }
    return {name: value for name, value in stored.items() if value}


def _write_file(stored: Mapping[str, str], paths: Paths) -> None:
    import tomlkit

    write_atomic(paths.keys_file, tomlkit.dumps(dict(stored)), 0o600)
