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
    GoOn,
    MaxTokens,
    Model,
    NoSave,
    Plain,
    PromptName,
    Seed,
    Session,
    SystemText,
    Temperature,
    answer_options,
    load_settings,
    number_from,
)
from devchat.errors import InputError, UsageError
from devchat.types import Options, Schema

TYPE_CHECKING = False
if TYPE_CHECKING:
    from devchat.cli.answer import Form
    from devchat.context import Attached
    from devchat.history import Turn
    from devchat.prompts import Prompt

STDIN_WAIT_SECONDS = 3.0
"""How long a silent standard input is waited for when there is a question as well."""


def ask(
    question: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="QUESTION...",
            help="The question; quote it where the shell would read ? or *.",
        ),
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
    system: SystemText = None,
    prompt: PromptName = None,
    shots: Annotated[
        int,
        typer.Option(
            metavar="N",
            help="How many of the prompt's examples to send along.",
            callback=number_from(0),
        ),
    ] = 0,
    max_tokens: MaxTokens = None,
    temperature: Temperature = None,
    seed: Seed = None,
    schema: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A JSON Schema that the answer must match."),
    ] = None,
    json: AsJson = False,
    extract: Annotated[
        bool, typer.Option("--extract", "-x", help="Print only the first fenced code block.")
    ] = False,
    plain: Plain = False,
    go_on: GoOn = False,
    session: Session = "",
    no_save: NoSave = False,
    dry_run: DryRun = False,
) -> int:
    """Ask one question and stream the answer.

    What is piped in goes along: git diff | devchat ask "what changed?"
    """
    from devchat.backends import open_backend
    from devchat.cli.answer import Form, introduce, show_answer, warn_if_readable
    from devchat.cli.dry_run import show_request
    from devchat.cli.manner import manner_of
    from devchat.cli.past import Wanted, open_past
    from devchat.models.resolve import resolve

    loaded = load_settings(model, temperature, max_tokens)
    settings = loaded.settings
    wanted = Wanted(settings.history and not (no_save or dry_run), go_on, session)
    if shots and (go_on or session):
        raise UsageError(
            "`--shots` sends examples before a first question, and this one goes on",
            "leave out `--shots`, or ask without `--continue` and `--session`",
        )
    with open_past(settings, wanted) as past:
        template, system = manner_of(past.turns, settings, prompt, system)
        options = answer_options(settings, template, seed, _read_schema(schema))
        form = Form(json, extract, plain or options.schema is not None)
        _check_form(form, options)
        chosen = resolve("", settings)
        # The local engine loads its model while the inputs are read.
        with closing(open_backend(chosen, settings, os.environ)) as backend:
            words = " ".join(question or ()).strip()
            asked, attached = _read_inputs(words, tuple(file or ()), template, past.turns)
            prepared = past.prepare(
                template, asked, attached, backend, options, shots=shots, system=system
            )
            if dry_run:
                show_request(backend, prepared, json=json)
                return 0
            introduce(backend, prepared, by_default=loaded.origins["model"] == "default")
            warn_if_readable(chosen)
            with past.recording(asked, prepared, backend) as recorder:
                show_answer(backend, prepared, form, recorder)
    return 0


def _check_form(form: Form, options: Options) -> None:
    """Refuse options that would contradict each other."""
    if form.extract and form.json:
        raise UsageError(
            "`--extract` prints code and `--json` an object",
            "choose one; the object has the whole answer",
        )
    if form.extract and options.schema is not None:
        raise UsageError(
            "an answer bound to a schema is bare JSON: there is no code block to extract",
            "leave out `--extract`",
        )


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
    except (ValueError, RecursionError) as error:
        raise InputError(f"`{path}` is not JSON: {error}", "--schema takes a JSON Schema") from None
    if not isinstance(schema, dict):
        raise InputError(f"`{path}` is no JSON object", "--schema takes a JSON Schema")
    check_schema(schema)
    return schema


def _read_inputs(
    words: str, files: tuple[str, ...], template: Prompt, before: tuple[Turn, ...]
) -> tuple[str, Attached]:
    """Return the question and its attachments.

    A lone piped text is what the prompt names first among its inputs: the question, or a file.
    """
    from devchat.context.attach import attach_stdin, read_attachments
    from devchat.context.stdin import read_all, read_piped
    from devchat.render.console import note

    stdin = sys.stdin.buffer if sys.stdin else None
    piped = None
    if "-" not in files:
        complete = bool(words or files)
        wait = STDIN_WAIT_SECONDS if complete else None
        piped = read_piped(stdin, wait_seconds=wait, say=lambda text: note(sys.stderr, text))
    # Relative, for the current folder may have been deleted.
    attached = read_attachments(files, folder=Path(), read_stdin=lambda: read_all(stdin))
    if piped is not None:
        extra = attach_stdin(piped)
        asks = template.inputs[:1] == ("question",) and not words
        if not asks or extra.images:
            attached += extra
        else:
            words = extra.texts[0].text.strip()
    if not (before and words):
        _check_complete(words, attached, template)
    return words, attached


def _check_complete(words: str, attached: Attached, template: Prompt) -> None:
    """Refuse to ask without what the prompt names first; its other input may be missing."""
    first = template.inputs[0] if template.inputs else ""
    if first == "question" and not words:
        raise UsageError("there is no question", 'try: devchat ask "what does git gc do?"')
    if first == "files" and not (attached.texts or attached.images):
        raise UsageError(
            f"the prompt `{template.name}` is about files, and there are none",
            f"try: git diff | devchat ask -p {template.name}",
        )
