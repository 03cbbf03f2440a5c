"""`devchat config`: see, change and check the settings of this user."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from devchat.render.console import note
from devchat.sanitize import single_line

if TYPE_CHECKING:
    from devchat.settings import Paths
    from devchat.settings.load import Loaded
    from devchat.settings.schema import KeyPath

Row = tuple[str, object, str]
"""A key, its value, and where that came from."""

app = typer.Typer(
    help="Show and change your settings and keys.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
KeyArgument = Annotated[str, typer.Argument(metavar="KEY", help="A dotted key: local.threads.")]


@app.command()
def show(
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Print every setting, its value, and where that came from."""
    loaded = _load()
    rows = [*_setting_rows(loaded), *_key_rows(loaded)]
    if json:
        _print_json(rows, loaded.settings.paths)
    else:
        _print_table(rows)


@app.command()
def get(key: KeyArgument) -> None:
    """Print the value of one key."""
    from devchat.settings.edit import find_field
    from devchat.settings.load import every_key, value_of
    from devchat.settings.schema import read_schema, unknown_key

    loaded = _load()
    if name := _name_of_key(key):
        print(_describe_key(name, loaded))
        return
    schema = read_schema()
    path, _ = find_field(key, schema)
    if path not in every_key(loaded.settings, schema):
        raise unknown_key(path, "", schema)
    value = value_of(loaded.settings, path)
    print("" if value is None else _text(value))


@app.command("set", context_settings={"ignore_unknown_options": True})
def set_(
    key: KeyArgument,
    value: Annotated[
        str | None, typer.Argument(metavar="VALUE", help="Its new value; never a secret.")
    ] = None,
) -> None:
    """Set one key in your file, or store a secret.

    A secret, such as keys.openai, is asked for or read from standard input, never taken from the
    command line.
    """
    from devchat.errors import UsageError

    paths = _paths()
    if name := _name_of_key(key):
        _store_key(name, value, paths)
        return
    from devchat.settings.edit import find_field, set_key
    from devchat.settings.schema import read_schema

    if value is None:
        find_field(key, read_schema())
        raise UsageError(f"no value for `{key}`", f"`devchat config set {key} VALUE`")
    set_key(key, value, paths)
    note(sys.stderr, f"{key} is set in {paths.config_file}")
    _warn_if_hidden(key)


@app.command()
def unset(key: KeyArgument) -> None:
    """Remove one key from your file, or forget a secret, such as keys.openai."""
    paths = _paths()
    if name := _name_of_key(key):
        from devchat.settings.keys import forget_key

        forgotten = forget_key(name, paths, os.environ)
        places = " and ".join(forgotten.places)
        where = "stored" if forgotten.sure else f"in {paths.keys_file}"
        note(sys.stderr, f"{key} is removed from {places}" if places else f"{key} was not {where}")
        if not forgotten.sure:
            note(sys.stderr, "the system keyring can't be asked: what it has of that name stays")
        return
    from devchat.settings.edit import unset_key

    removed = unset_key(key, paths)
    note(sys.stderr, f"{key} {'is removed from' if removed else 'was not in'} {paths.config_file}")


@app.command()
def edit() -> None:
    """Open your settings file in $VISUAL or $EDITOR, and check it afterwards."""
    from devchat.cli.editor import open_editor
    from devchat.settings.edit import template
    from devchat.settings.load import read_file
    from devchat.settings.schema import read_schema
    from devchat.settings.write import write_atomic

    file = _paths().config_file
    schema = read_schema()
    if not file.exists():
        write_atomic(file, template(schema))
    open_editor(file, os.environ)
    read_file(file, schema)


@app.command()
def path() -> None:
    """Print the path of your settings file."""
    print(_paths().config_file)


def _load() -> Loaded:
    from devchat.settings.load import load

    return load(os.environ)


def _paths() -> Paths:
    from devchat.settings.paths import find_paths

    return find_paths(os.environ)


def _name_of_key(key: str) -> str:
    """Return the name of an API key in `keys.NAME`, "" for any other setting."""
    if key in ("keys", "keys."):
        from devchat.errors import UsageError

        raise UsageError(f"`{key}` names no key", "write `keys.NAME`, as in `keys.openai`")
    return key.removeprefix("keys.") if key.startswith("keys.") else ""


def _setting_rows(loaded: Loaded) -> Iterable[Row]:
    from devchat.settings.load import every_key, value_of
    from devchat.settings.schema import read_schema

    keys: Iterable[KeyPath] = every_key(loaded.settings, read_schema())
    for key in keys:
        name = ".".join(key)
        yield name, value_of(loaded.settings, key), loaded.origins[name]


def _key_names(loaded: Loaded) -> list[str]:
    from devchat.settings.keys import stored_names

    wanted = {one.key for one in loaded.settings.providers.values() if one.key}
    return sorted(wanted | set(stored_names(loaded.settings.paths)))


def _key_rows(loaded: Loaded) -> Iterable[Row]:
    from devchat.settings.keys import find_keys

    found = find_keys(_key_names(loaded), os.environ, loaded.settings.paths)
    for name, key in found.items():
        yield f"keys.{name}", "set" if key else None, f"in {key.origin}" if key else ""


def _describe_key(name: str, loaded: Loaded) -> str:
    from devchat.settings.keys import find_key

    key = find_key(name, os.environ, loaded.settings.paths)
    return f"set ({key.origin})" if key else "not set"


def _store_key(name: str, value: str | None, paths: Paths) -> None:
    from devchat.errors import UsageError
    from devchat.settings.keys import store_key, variable_of_key

    if value is not None:
        raise UsageError(
            "a secret on the command line stays in the shell's history",
            f"`devchat config set keys.{name}` asks for it; better make a new key now",
        )
    place = store_key(name, _read_secret(name), paths, os.environ)
    note(sys.stderr, f"keys.{name} is set in {place}")
    if os.environ.get(variable_of_key(name)):
        note(sys.stderr, f"but {variable_of_key(name)} in the environment counts first")


def _read_secret(name: str) -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline()
    import getpass

    try:
        return getpass.getpass(f"{name} key (not shown): ")
    except EOFError:
        return ""


def _warn_if_hidden(key: str) -> None:
    """Say so where the environment wins over what was just set."""
    from devchat.settings.load import variable_of
    from devchat.settings.schema import split_key

    variable = variable_of(split_key(key))
    if os.environ.get(variable):
        note(sys.stderr, f"but {variable} in the environment counts first")


def _print_table(rows: Iterable[Row]) -> None:
    shown = [
        (key, "-" if value in (None, "") else _text(value), origin) for key, value, origin in rows
    ]
    widths = [max(len(row[column]) for row in shown) for column in (0, 1)]
    section = None
    for key, value, origin in shown:
        head = ".".join(key.split(".")[: 2 if key.startswith("providers.") else 1])
        head = head if "." in key else ""
        if section not in (None, head):
            print()
        section = head
        print(f"{key:<{widths[0]}}  {value:<{min(widths[1], 40)}}  {origin}".rstrip())


def _print_json(rows: Iterable[Row], paths: Paths) -> None:
    from devchat.cli.streams import print_json

    values: Mapping[str, object] = {
        key: {"value": value, "origin": origin} for key, value, origin in rows
    }
    places = {name: str(getattr(paths, name)) for name in paths.__slots__}
    print_json({"version": 1, "paths": places, "settings": values})


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}"
    return single_line(str(value))
