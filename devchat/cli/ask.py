"""`devchat ask`: one question, its files, one answer."""

from __future__ import annotations

import os
import sys
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from devchat.cli.options import (
    AsJson,
    DryRun,
    MaxTokens,
    Model,
    Plain,
    Seed,
    Temperature,
    answer_options,
    load_settings,
)
from devchat.errors import InputError, UsageError
from devchat.types import Schema

TYPE_CHECKING = False
if TYPE_CHECKING:
    from devchat.context import Attached
    from devchat.prompts import Prompt

STDIN_WAIT_SECONDS = 3.0
"""How long a silent standard input is waited for when there is a question as well."""


def ask(
    question: Annotated[
        list[str] | None, typer.Argument(help="The question; quotes are not needed.")
    ] = None,
    file: Annotated[
        list[str] | None,
        typer.Option(
            "--file",
            "-f",
            metavar="WHAT",
            help="A file, FILE:10-40, a folder, a glob, a picture, - for standard input,"
            " or an http(s) address. Repeatable.",
        ),
    ] = None,
    model: Model = None,
    system: Annotated[
        str | None, typer.Option("--system", "-s", help="Replace the system prompt by this text.")
    ] = None,
    prompt: Annotated[
        str, typer.Option("--prompt", "-p", help="The prompt file to use, by name.")
    ] = "ask",
    shots: Annotated[
        int, typer.Option(min=0, help="How many of the prompt's examples to show the model.")
    ] = 0,
    max_tokens: MaxTokens = None,
    temperature: Temperature = None,
    seed: Seed = None,
    schema: Annotated[
        Path | None, typer.Option(help="A JSON Schema file that the answer must match.")
    ] = None,
    json: AsJson = False,
    extract: Annotated[
        bool, typer.Option("--extract", "-x", help="Print only the first fenced code block.")
    ] = False,
    plain: Plain = False,
    go_on: Annotated[
        bool, typer.Option("--continue", "-c", help="Go on with the latest conversation.")
    ] = False,
    session: Annotated[
        str, typer.Option(metavar="ID", help="Go on with this one: `devchat history list`.")
    ] = "",
    no_save: Annotated[
        bool, typer.Option("--no-save", help="Keep nothing in the history.")
    ] = False,
    dry_run: DryRun = False,
) -> int:
    """Ask one question and stream the answer.

    What is piped in goes along: git diff | devchat ask "what changed?"
    """
    from devchat.backends import open_backend
    from devchat.cli.answer import Form, introduce, show_answer
    from devchat.cli.dry_run import show_request
    from devchat.cli.past import Wanted, open_past
    from devchat.models.resolve import resolve
    from devchat.prompts import load_prompt, shipped_folder

    loaded = load_settings(model, temperature, max_tokens)
    settings = loaded.settings
    template = load_prompt(prompt, [settings.paths.prompts, shipped_folder()])
    options = answer_options(settings, template, seed, _read_schema(schema))
    wanted = Wanted(settings.history and not (no_save or dry_run), go_on, session)
    # The local engine loads its model while the history and the inputs are read.
    with (
        closing(open_backend(resolve("", settings), settings, os.environ)) as backend,
        open_past(settings, wanted) as past,
    ):
        asked, attached = _read_inputs(" ".join(question or ()), tuple(file or ()), template)
        prepared = past.prepare(
            template, asked, attached, backend, options, shots=shots, system=system
        )
        if dry_run:
            show_request(backend, prepared, json=json)
            return 0
        introduce(backend, prepared, by_default=loaded.origins["model"] == "default")
        form = Form(json, extract, plain or schema is not None)
        with past.recording(asked, prepared, backend) as recorder:
            show_answer(backend, prepared, form, recorder)
    return 0


def _read_schema(path: Path | None) -> Schema | None:
    if path is None:
        return None
    from json import loads

    from devchat.backends.structured import check_schema

    try:
        schema = loads(path.read_bytes())
    except OSError as error:
        hint = "--schema takes the path of a JSON Schema file"
        raise InputError(f"`{path}` can't be read: {error.strerror}", hint) from None
    except ValueError as error:
        raise InputError(f"`{path}` is not JSON: {error}", "--schema takes a JSON Schema") from None
    check_schema(schema)
    return schema  # type: ignore[no-any-return]


def _read_inputs(words: str, files: tuple[str, ...], template: Prompt) -> tuple[str, Attached]:
    """Return the question and its attachments; a lone piped text is the question itself."""
    from devchat.context.attach import attach_stdin, read_attachments
    from devchat.context.stdin import read_all, read_piped
    from devchat.render.console import note

    stdin = sys.stdin.buffer if sys.stdin else None
    piped = None
    if "-" not in files:
        complete = bool(words or files)
        wait = STDIN_WAIT_SECONDS if complete else None
        piped = read_piped(stdin, wait_seconds=wait, say=lambda text: note(sys.stderr, text))
    attached = read_attachments(files, folder=Path.cwd(), read_stdin=lambda: read_all(stdin))
    if piped is not None:
        extra = attach_stdin(piped)
        if words or "question" not in template.inputs:
            return words, attached + extra
        words = "\n".join(text.text for text in extra.texts)
    if not words and "question" in template.inputs:
        raise UsageError("there is no question", 'try: devchat ask "what does `git gc` do?"')
    return words, attached
