"""`devchat prompts`: the prompt files, those that come with devchat and the user's own."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from devchat.render.console import note
from devchat.sanitize import single_line, visible

if TYPE_CHECKING:
    from devchat.prompts import Listed

TEMPLATE = """\
+++
description = "What this prompt does, in one line"
# What $question and $files below stand for; each must be used, and the first must be given.
inputs = ["question", "files"]
# temperature = 0.2
# max_tokens = 500
# schema = "answer.json"  # a JSON Schema beside this file: the answer must match it
+++

# System

Say here who the model is and how it answers. A dollar itself is written $$.
Headings of your own start with `##`.

# User

$files

$question
"""
MORE = """
A short form for tiny models goes under `# System (tiny)` and `# User (tiny)`; an example, taken as
it stands, under `# Example` with `## User` and `## Assistant`: `--shots 1` sends the first one."""

app = typer.Typer(
    help="Show and change the prompt files.", no_args_is_help=True, rich_markup_mode=None
)
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The prompt's name.")]


@app.command("list")
def list_() -> None:
    """List the prompts: name, whose it is, and what it does."""
    from devchat.prompts import list_prompts

    listed = list_prompts(_folders())
    width = max((len(one.name) for one in listed), default=0)
    for one in listed:
        print(f"{one.name:<{width}}  {_owner(one):<15}  {single_line(one.description)}".rstrip())
        if one.problem:
            note(sys.stderr, f"{one.path}: {one.problem}")


@app.command()
def show(name: NameArgument) -> None:
    """Print a prompt file as it is."""
    from devchat.prompts import find_prompt, read_prompt

    text = read_prompt(find_prompt(name, _folders()), name)
    print((visible(text) if sys.stdout.isatty() else text).rstrip("\n"))


@app.command()
def edit(name: NameArgument) -> None:
    """Open a prompt in $VISUAL or $EDITOR and check it afterwards.

    A prompt that comes with devchat is copied to your folder first; your copy is used from then on.
    """
    from devchat.cli.editor import open_editor
    from devchat.prompts import find_prompt, load_prompt, read_prompt
    from devchat.settings.write import write_atomic

    folders = _folders()
    found = find_prompt(name, folders)
    own = folders[0] / found.name
    if found != own:
        write_atomic(own, read_prompt(found, name))
        note(sys.stderr, f"copied `{name}` to {own}: delete it to have the old one back")
    open_editor(own, os.environ)
    load_prompt(name, folders)


@app.command()
def new(name: NameArgument) -> None:
    """Make a new prompt file to fill in, and print its path."""
    from devchat.errors import PromptError
    from devchat.prompts import check_name
    from devchat.settings.write import write_atomic

    check_name(name)
    for folder in _folders():
        if (folder / f"{name}.md").exists():
            raise PromptError(
                f"there is a prompt named `{name}` already",
                f"`devchat prompts edit {name}` changes it",
            )
    path = _folders()[0] / f"{name}.md"
    write_atomic(path, TEMPLATE)
    print(path)
    note(sys.stderr, f"fill it in with `devchat prompts edit {name}`, use it with `-p {name}`")
    print(MORE, file=sys.stderr)


def _folders() -> list[Path]:
    from devchat.prompts import shipped_folder
    from devchat.settings.paths import find_paths

    return [find_paths(os.environ).prompts, shipped_folder()]


def _owner(listed: Listed) -> str:
    if listed.path.parent == _folders()[1]:
        return "devchat's"
    return "yours, replaced" if listed.shadows else "yours"
