"""Change the user's file of settings: one key at a time, comments kept, checked first."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, MutableMapping
from typing import TYPE_CHECKING, Any

from devchat.errors import SettingsError
from devchat.settings import Paths
from devchat.settings.load import check_text, parse_toml, read_file, read_toml_text
from devchat.settings.schema import (
    Field,
    Fields,
    KeyPath,
    fit,
    pattern_of,
    read_schema,
    read_text,
    split_key,
    unknown_key,
)
from devchat.settings.write import write_atomic

if TYPE_CHECKING:
    from tomlkit import TOMLDocument


def find_field(key: str, schema: Fields) -> tuple[KeyPath, Field]:
    """Find the field of a dotted key as typed. Raises SettingsError, with the nearest key."""
    path = split_key(key)
    field = schema.get(pattern_of(path))
    if field is None or "" in path:
        raise unknown_key(path, "", schema)
    return path, field


def set_key(key: str, text: str, paths: Paths) -> None:
    """Set one key of the file to a value typed as text.

    Raises SettingsError where the key or the value is wrong, StorageError where the file can't be
    written; the file is then as it was.
    """
    schema = read_schema()
    path, field = find_field(key, schema)
    value = fit(field, path, read_text(field, text), "")
    document = _open_document(paths)
    _table_at(document, path[:-1], paths)[path[-1]] = value
    _save(document, paths, schema)


def unset_key(key: str, paths: Paths) -> bool:
    """Remove one key from the file, so that its default counts; return whether it was there.

    An unknown key may be removed too: that is how to repair a file. Raises as `set_key` does.
    """
    path = split_key(key)
    document = _open_document(paths)
    table: Any = document
    for step in path[:-1]:
        table = table.get(step) if isinstance(table, MutableMapping) else None
    if not isinstance(table, MutableMapping) or path[-1] not in table:
        find_field(key, read_schema())
        return False
    sound = _is_sound(paths)
    del table[path[-1]]
    # Of several mistakes one may be taken out.
    _save(document, paths, read_schema() if sound else None)
    return True


def _is_sound(paths: Paths) -> bool:
    try:
        read_file(paths.config_file, read_schema())
    except SettingsError:
        return False
    return True


def template(schema: Fields) -> str:
    """Make the text of a new file: every key with its default and what it is for, as comments."""
    lines = ["# devchat's settings. `devchat config show` says what counts and why.", ""]
    for field in (one for one in schema.values() if len(one.path) == 1):
        lines.append(f"# {field.path[0]} = {_example(field)}  # {field.rule.note}")
    for section in ("local", "remote"):
        lines += ["", f"[{section}]"]
        for field in (one for one in schema.values() if one.path[0] == section):
            lines.append(f"# {field.path[1]} = {_example(field)}  # {field.rule.note}")
    lines += ["", "[aliases]", '# fast = "ollama:qwen3"  # then: devchat ask -m fast', ""]
    lines.append("# [providers.mine]  # then: devchat ask -m mine:MODEL")
    for field in (one for one in schema.values() if one.path[0] == "providers"):
        lines.append(f"# {field.path[2]} = {_example(field)}  # {field.rule.note}")
    return "\n".join(lines) + "\n"


def _example(field: Field) -> str:
    if field.rule.form == "address":
        return '"http://localhost:8000/v1"'
    if field.default is None:
        return "0.7" if field.kind is float else "1024"
    if isinstance(field.default, bool):
        return str(field.default).lower()
    return f'"{field.default}"' if isinstance(field.default, str) else str(field.default)


def _open_document(paths: Paths) -> TOMLDocument:
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    text = read_toml_text(paths.config_file)
    parse_toml(text, paths.config_file)  # says the line, which tomlkit may not
    try:
        # After a last line that isn't ended, tomlkit would go on in that line.
        return tomlkit.parse(text + "\n" if text and not text.endswith("\n") else text)
    except (TOMLKitError, RecursionError) as error:
        raise _by_hand(paths) from error


def _table_at(document: TOMLDocument, steps: KeyPath, paths: Paths) -> MutableMapping[str, Any]:
    import tomlkit
    from tomlkit.items import InlineTable

    table: MutableMapping[str, Any] = document
    for depth, step in enumerate(steps, 1):
        if step not in table:
            # `[providers]` alone above `[providers.x]` would be noise.
            inline = isinstance(table, InlineTable)
            new = tomlkit.inline_table() if inline else tomlkit.table(depth < len(steps))
            table[step] = new
        below = table[step]
        if not isinstance(below, MutableMapping):
            raise SettingsError(
                f"{paths.config_file}: `{'.'.join(steps[:depth])}` must be a table",
                f"`devchat config unset {'.'.join(steps[:depth])}` first",
            )
        table = below
    return table


def _save(document: TOMLDocument, paths: Paths, schema: Fields | None) -> None:
    text = document.as_string()
    if not _says(text, document):
        raise _by_hand(paths)
    if schema is not None:
        check_text(text, paths.config_file, schema)
    write_atomic(paths.config_file, text)


def _says(text: str, document: TOMLDocument) -> bool:
    """Tell whether a text means what its document holds; tomlkit stumbles over mixed styles."""
    try:
        meant = _without_empty_tables(tomllib.loads(text))
    except ValueError:
        return False
    return meant == _without_empty_tables(document.unwrap())


def _without_empty_tables(table: Mapping[str, object]) -> dict[str, object]:
    kept = {
        name: _without_empty_tables(value) if isinstance(value, Mapping) else value
        for name, value in table.items()
    }
    return {name: value for name, value in kept.items() if value != {}}


def _by_hand(paths: Paths) -> SettingsError:
    return SettingsError(
        f"{paths.config_file}: this file is too unusual to change a key in it",
        "change it by hand: `devchat config edit`",
    )
