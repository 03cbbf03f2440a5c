"""`devchat explain`: say what something is and does, from facts that code found in it."""

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
    NoSave,
    Plain,
    Seed,
    Temperature,
    load_settings,
    number_from,
    unless_kept,
)
from devchat.errors import InputError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from devchat.context import Attached, Attachment
    from devchat.explain.facts import Examined
    from devchat.explain.kinds import Kind
    from devchat.explain.place import Place

_MOST_QUESTIONS = 20
_MOST_NAMED = 3
_MOST_FACTS = 5
_LONGEST_FACT = 100


def explain(
    target: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="TARGET...",
            help="A file, FILE:10-40, a folder, a glob, - or an http(s) address;"
            " without any, what is piped in.",
        ),
    ] = None,
    kind: Annotated[
        str | None, typer.Option("--as", metavar="KIND", help="What it is, where that was misread.")
    ] = None,
    audience: Annotated[
        str | None, typer.Option("--for", metavar="WHOM", help="beginner, expert, or your words.")
    ] = None,
    language: Annotated[
        str | None,
        typer.Option("--lang", metavar="LANGUAGE", help="The language to answer in, such as zh."),
    ] = None,
    parts: Annotated[
        bool, typer.Option("--parts", help="Too large for the model: part by part, then the whole.")
    ] = False,
    quiz: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help=f"Write N questions with answers, {_MOST_QUESTIONS} at most.",
            callback=number_from(1, _MOST_QUESTIONS),
        ),
    ] = None,
    model: Model = None,
    max_tokens: MaxTokens = None,
    temperature: Temperature = None,
    seed: Seed = None,
    json: AsJson = False,
    plain: Plain = False,
    no_save: NoSave = False,
    dry_run: DryRun = False,
) -> int:
    """Explain code, a change, an error, a log, data or a text.

    What is piped in is explained as well: pytest 2>&1 | devchat explain

    Then ask on: devchat ask -c "how do I mend it?"
    """
    from devchat.backends import open_backend
    from devchat.cli.answer import Form, warn_if_readable
    from devchat.cli.explaining import Explaining, Wanted
    from devchat.cli.past import Wanted as Kept
    from devchat.cli.past import open_past
    from devchat.explain.kinds import kind_named
    from devchat.models.resolve import resolve

    if parts and quiz:
        raise UsageError("--quiz and --parts don't go together", "ask about a part: `FILE:1-200`")
    named = kind_named(kind) if kind is not None else None
    loaded = load_settings(model, temperature, max_tokens)
    settings = unless_kept(loaded.settings, no_save)
    chosen, kept = resolve("", settings), Kept(settings.history and not dry_run)
    # The local engine loads its model while the history and the inputs are read.
    with (
        closing(open_backend(chosen, settings, os.environ)) as backend,
        open_past(settings, kept) as past,
    ):
        attached = _read_targets(tuple(target or ()))
        examined = _examine(attached, named)
        _announce(examined, guessed=named is None, facts=not json)
        if not dry_run:
            warn_if_readable(chosen)
        wanted = Wanted(audience, language, parts, quiz, seed, Form(json, False, plain), dry_run)
        by_default = loaded.origins["model"] == "default"
        Explaining(backend, settings, wanted, attached, examined, past, by_default).run()
    return 0


def _read_targets(targets: tuple[str, ...]) -> Attached:
    """Read what was named, or standard input where nothing was."""
    from devchat.context.attach import attach_stdin, read_attachments
    from devchat.context.stdin import read_all, read_piped
    from devchat.render.console import note

    stdin = sys.stdin.buffer if sys.stdin else None
    if targets:
        attached = read_attachments(targets, folder=Path(), read_stdin=lambda: read_all(stdin))
    else:
        piped = read_piped(stdin, wait_seconds=None, say=lambda text: note(sys.stderr, text))
        if piped is None:
            hint = "name a file, or pipe something in: git diff | devchat explain"
            raise UsageError("there is nothing to explain", hint)
        attached = attach_stdin(piped)
    if attached.images:
        name = attached.images[0].name
        hint = f'ask a model that sees pictures: devchat ask -f {name} "what is this?"'
        raise InputError(f"`{name}` is a picture, and only text is explained", hint)
    return attached


def _examine(attached: Attached, kind: Kind | None) -> tuple[Examined, ...]:
    from devchat.explain.facts import gather
    from devchat.explain.place import Place
    from devchat.explain.recognise import recognise

    place = Place.around(Path())

    def examine(text: Attachment) -> Examined:
        known = kind or recognise(text.name, text.text)
        one = gather(text.name, known, text.text, place)
        return _among_its_file(one, text, place) if known.family == "source" else one

    return tuple(map(examine, attached.texts))


def _among_its_file(one: Examined, text: Attachment, place: Place) -> Examined:
    """Outline some lines of a file by all of it: a part may begin anywhere, and not parse."""
    from dataclasses import replace

    from devchat.context.attach import read_attachments
    from devchat.explain.facts import gather
    from devchat.explain.recognise import file_of
    from devchat.explain.sample import lines_of

    file, first = file_of(text.name)
    if file == text.name or "://" in file:
        return one
    try:
        (whole,) = read_attachments((file,), folder=Path(), read_stdin=bytes).texts
    except (InputError, ValueError):  # it has gone meanwhile
        return one
    last = first + len(lines_of(text.text)) - 1
    return replace(gather(file, one.kind, whole.text, place).part(first, last), name=text.name)


def _announce(examined: tuple[Examined, ...], *, guessed: bool, facts: bool) -> None:
    """Say what each input was taken for and, of a single one, the first facts."""
    from devchat.explain.sample import counted
    from devchat.render.console import note
    from devchat.sanitize import single_line

    titles = list(dict.fromkeys(one.kind.title for one in examined))
    left = len(titles) - _MOST_NAMED
    more = f" and {counted(left, 'more kind')}" if left > 0 else ""
    what = ", ".join(titles[:_MOST_NAMED]) + more
    if guessed:
        subject = "it" if len(examined) == 1 else f"{len(examined)} inputs"
        note(sys.stderr, f"taking {subject} for {what}; --as KIND overrides")
    if facts and len(examined) == 1:
        lines = examined[0].lines()
        for line in lines[:_MOST_FACTS]:
            note(sys.stderr, single_line(f"- {line.strip()}", _LONGEST_FACT))
        if len(lines) > _MOST_FACTS:
            rest = counted(len(lines) - _MOST_FACTS, "more fact")
            note(sys.stderr, f"- and {rest}: --dry-run shows all")
