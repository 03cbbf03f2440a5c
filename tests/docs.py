"""Write the pages and the pictures that are made from the program itself: `make docs`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from bot.command import COMMANDS as BOT_COMMANDS
from bot.configuration import VARIABLES
from devchat.cli import COMMANDS
from devchat.render.review.objects import review_schema
from devchat.settings.load import variable_of
from devchat.settings.providers import BUILT_IN
from devchat.settings.schema import Field, read_schema

DOCS = Path(__file__).parent.parent / "docs"
GROUPS = {
    "config": ("show", "get", "set", "unset", "edit", "path"),
    "history": ("list", "show", "search", "export", "rm", "prune"),
    "models": ("list", "ps", "stop", "cache"),
    "prompts": ("list", "show", "edit", "new"),
}
INTRODUCTION = """# Commands

What `--help` says, command by command. This page is written by `make docs` and checked by a test.
"""
START, END = "<!-- made by `make docs` -->\n", "<!-- end -->\n"


def commands_page() -> str:
    """Return docs/commands.md as it should be."""
    calls: list[tuple[str, ...]] = [()]
    for command in COMMANDS:
        calls.append((command,))
        calls += [(command, sub) for sub in GROUPS.get(command, ())]
    return "\n".join([INTRODUCTION, *map(_section, calls)])


def _section(call: tuple[str, ...], program: str = "devchat") -> str:
    title = " ".join(("devchat-bot" if program == "bot" else program, *call))
    done = subprocess.run(
        [sys.executable, "-m", program, *call, "--help"],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"COLUMNS": "90", "NO_COLOR": "1"},
    )
    return f"## {title}\n\n```text\n{done.stdout.rstrip()}\n```\n"


def settings_page() -> str:
    """Return docs/settings.md as it should be: its own text, with the tables made anew."""
    before, _, rest = (DOCS / "settings.md").read_text().partition(START)
    _, _, after = rest.partition(END)
    return f"{before}{START}\n{_keys_table()}\n{_providers_table()}\n{END}{after}"


def bot_page() -> str:
    """Return docs/bot.md as it should be: its own text, with table and commands made anew."""
    before, _, rest = (DOCS / "bot.md").read_text().partition(START)
    _, _, after = rest.partition(END)
    calls = [(), *((name,) for name in BOT_COMMANDS)]
    helps = "\n".join(_section(call, "bot") for call in calls)
    return f"{before}{START}\n{_variables_table()}\n{helps}\n{END}{after}"


def _variables_table() -> str:
    rows = ["| variable | default | what |", "|---|---|---|"]
    for one in VARIABLES:
        default = "needed" if one.needed else f"`{one.default}`" if one.default else ""
        rows.append(f"| `{one.name}` | {default} | {one.what} |")
    return "\n".join(rows) + "\n"


def review_json_page() -> str:
    """Return docs/review-json.md as it should be: its own text, with the tables made anew."""
    before, _, rest = (DOCS / "review-json.md").read_text().partition(START)
    _, _, after = rest.partition(END)
    schema = review_schema()
    tables = [_fields_table("The object", schema)]
    tables += [
        _fields_table(f"`{name}`", one)
        for name, one in schema["$defs"].items()
        if "properties" in one
    ]
    return f"{before}{START}\n{''.join(tables)}{END}{after}"


def _fields_table(title: str, schema: dict[str, Any]) -> str:
    rows = [
        f"| `{name}` | {_type(one)} | {one['description']} |"
        for name, one in schema["properties"].items()
    ]
    lines = [
        f"## {title}",
        "",
        schema["description"],
        "",
        "| field | type | what |",
        "|---|---|---|",
        *rows,
    ]
    return "\n".join(lines) + "\n\n"


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return {"count": "integer", "line": "integer or null"}.get(name, f"[`{name}`](#{name})")
    if "enum" in schema:
        return ", ".join(f"`{one}`" if one else "null" for one in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_type(schema['items'])}"
    kind = schema.get("type", "integer")
    return " or ".join(kind) if isinstance(kind, list) else str(kind)


def _keys_table() -> str:
    rows = ["| key | variable | default | what |", "|---|---|---|---|"]
    rows += [_key_row(field) for field in read_schema().values()]
    return "\n".join(rows) + "\n"


def _key_row(field: Field) -> str:
    key = ".".join(field.path).replace("*", "NAME")
    variable = "" if "*" in field.path else f"`{variable_of(field.path)}`"
    default = "" if field.default in (None, "") else f"`{field.default}`"
    return f"| `{key}` | {variable} | {default} | {field.rule.note}: {field.wanted} |"


def _providers_table() -> str:
    rows = ["| provider | base_url | key | window | tier | images |", "|---|---|---|---:|---|---|"]
    for one in BUILT_IN.values():
        key = f"`{one.key.upper()}_API_KEY`" if one.key else "none"
        images = "yes" if one.images else "no"
        window = f"{one.context_tokens:,}"
        rows.append(f"| `{one.name}` | {one.base_url} | {key} | {window} | {one.tier} | {images} |")
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    from tests.manpage import manual_page
    from tests.picture import QUESTION, REVIEW, picture

    (DOCS / "commands.md").write_text(commands_page())
    (DOCS / "bot.md").write_text(bot_page())
    (DOCS / "devchat.1").write_text(manual_page())
    (DOCS / "settings.md").write_text(settings_page())
    (DOCS / "review-json.md").write_text(review_json_page())
    (DOCS / "ask.svg").write_text(picture(QUESTION))
    (DOCS / "review.svg").write_text(picture(REVIEW))
