"""`devchat history`: find, read, export and delete what was said."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import time
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from devchat.cli.columns import columns, fitted, write_lines
from devchat.cli.new_file import write_new
from devchat.cli.options import number_from
from devchat.errors import InputError, UsageError
from devchat.render.console import note

if TYPE_CHECKING:
    from devchat.history import Conversation, History, Hit, Turn

app = typer.Typer(
    help="Find, read, export and delete earlier conversations.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Limit = Annotated[
    int,
    typer.Option("--limit", "-n", metavar="N", help="How many at most.", callback=number_from(1)),
]
Id = Annotated[str | None, typer.Argument(metavar="[ID]", help="Its id or how that begins.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")]
_SECONDS = {"h": 3_600, "d": 86_400, "w": 604_800, "y": 31_536_000}
_SHOWN = 80
_NAMED = 10


@app.command("list")
def list_(limit: Limit = 20, json: Json = False) -> None:
    """List the latest conversations, the newest first."""
    with _history() as history:
        found = history.list(limit)
    if json:
        from dataclasses import asdict

        _print_json("conversations", [asdict(one) for one in found])
    elif found:
        heads = ("ID", "WHEN", "TURNS", "MODEL", "TITLE")
        write_lines(_table([heads, *map(_row, found)]))
    else:
        print("No conversation is kept yet.")


@app.command()
def show(id: Id = None, json: Json = False) -> None:
    """Show a conversation, the latest without an id."""
    from devchat.render.transcript import transcript_json

    conversation, turns = _read(id)
    if json:
        print(transcript_json(conversation, turns))
        return
    id, when, *_, title = _row(conversation)
    write_lines(fitted([f"{id}  {when}  {title}"]))
    for turn in turns:
        print(flush=True)
        _show_turn(turn)


@app.command()
def search(
    words: Annotated[
        list[str], typer.Argument(metavar="WORDS...", help="All of them are in what is found.")
    ],
    limit: Limit = 20,
    json: Json = False,
) -> None:
    """Find questions and answers by their words, the newest first.

    A word may be the beginning of a longer one. Chinese is found anywhere in a sentence.
    """
    with _history() as history:
        hits = history.search(" ".join(words), limit)
    if json:
        found = [{"id": hit.turn.conversation, "snippet": hit.snippet, "turn": hit.turn.id,
                  "role": hit.turn.role, "created": hit.turn.created} for hit in hits]  # fmt: skip
        _print_json("hits", found)
    elif hits:
        write_lines(fitted(columns(list(map(_hit_row, hits)))))
    else:
        write_lines([f"Nothing holds all of: {' '.join(words)}"])


@app.command()
def export(
    id: Id = None,
    format: Annotated[
        Literal["md", "json"],
        typer.Option("--format", metavar="FORMAT", help="md, which is Markdown, or json."),
    ] = "md",
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="A new file, instead of standard output."
        ),
    ] = None,
) -> None:
    """Write a conversation as Markdown or JSON.

    Without an id it is the latest.
    """
    from devchat.render.transcript import transcript_json, transcript_markdown

    write = {"md": transcript_markdown, "json": transcript_json}[format]
    text = write(*_read(id)).rstrip("\n")
    if output is None:
        write_lines([text])
    else:
        write_new(output, f"{text}\n")
        note(sys.stderr, f"written to {output}")


@app.command()
def rm(
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="Ids or how they begin.")],
    yes: Yes = False,
) -> None:
    """Delete conversations for good."""
    with _history() as history:
        found = {one.id: one for one in map(history.find, ids)}
        _delete(history, list(found.values()), yes=yes)


@app.command()
def prune(
    older_than: Annotated[
        str | None,
        typer.Option(metavar="AGE", help="Not written to for so long: 12h, 90d, 8w, 1y."),
    ] = None,
    keep: Annotated[
        int | None,
        typer.Option(metavar="N", help="All but the latest N.", callback=number_from(0)),
    ] = None,
    yes: Yes = False,
) -> None:
    """Delete old conversations for good."""
    if older_than is None and keep is None:
        raise UsageError("say which ones", "`--older-than 90d`, `--keep 100`, or both")
    before = time() - _seconds(older_than) if older_than is not None else None
    with _history() as history:
        _delete(history, history.stale(before=before, keep=keep), yes=yes)


@contextmanager
def _history() -> Iterator[History]:
    from devchat.history import open_history
    from devchat.settings.load import load

    with open_history(load(os.environ).settings.paths.history) as history:
        try:
            yield history
        finally:
            history.tell(lambda text: note(sys.stderr, text))


def _read(id: str | None) -> tuple[Conversation, Sequence[Turn]]:
    with _history() as history:
        found = history.latest() if id is None else history.find(id)
        if found is None:
            raise InputError("no conversation is kept yet", '`devchat ask "..."` begins one')
        return found, history.thread(found.head) if found.head is not None else ()


def _show_turn(turn: Turn) -> None:
    from devchat.render import open_renderer
    from devchat.render.transcript import ending, pictures
    from devchat.types import Chunk

    if turn.role == "user":
        lines = (*turn.text.strip().split("\n"), *pictures(turn))
        write_lines(f"> {line}".rstrip() for line in lines)
        return
    renderer = open_renderer(sys.stdout, sys.stderr, os.environ, plain=False)
    renderer.feed(Chunk("text", turn.text))
    renderer.finish()
    if ended := ending(turn):
        sys.stdout.flush()
        note(sys.stderr, f"({ended})")


def _table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Align conversations; where a terminal has no room for model and title, the title stays."""
    lines = columns(rows)
    if fitted(lines) != lines:
        lines = columns([(*row[:3], row[4]) for row in rows])
    return fitted(lines)


def _row(one: Conversation) -> tuple[str, ...]:
    from devchat.render.transcript import moment
    from devchat.sanitize import single_line

    title = single_line(one.title, _SHOWN)
    return one.id, moment(one.updated), f"{one.turns:>5,}", single_line(one.model, _SHOWN), title


def _hit_row(hit: Hit) -> tuple[str, ...]:
    from devchat.render.transcript import moment

    who = "you" if hit.turn.role == "user" else "it"
    return hit.turn.conversation, moment(hit.turn.created), who, hit.snippet


def _seconds(age: str) -> float:
    found = re.fullmatch(r"([0-9]{1,6})([hdwy])", age.strip().lower())
    if found is None:
        raise UsageError(f"`{age}` is no age", "a number with h, d, w or y: `--older-than 90d`")
    return int(found[1]) * _SECONDS[found[2]]


def _delete(history: History, found: Sequence[Conversation], *, yes: bool) -> None:
    if not found:
        print("There is nothing to delete.")
        return
    if not yes:
        _confirm(found)
    history.remove(*found)
    print(f"Deleted {_number(found)}.")


def _confirm(found: Sequence[Conversation]) -> None:
    """Show what would go, and ask. Raises typer.Abort for no."""
    if not sys.stdin.isatty():
        raise UsageError(
            f"{_number(found)} would be deleted, and nobody can be asked", "add --yes to do so"
        )
    rows = _table(list(map(_row, found[:_NAMED])))
    more = len(found) - _NAMED
    write_lines([*rows, f"and {more:,} more"] if more > 0 else rows)
    typer.confirm(f"Delete {_number(found)} for good?", abort=True)


def _number(found: Sequence[Conversation]) -> str:
    return "1 conversation" if len(found) == 1 else f"{len(found):,} conversations"


def _print_json(name: str, values: Sequence[dict[str, object]]) -> None:
    from devchat.render.transcript import to_json

    print(to_json({name: values}))
