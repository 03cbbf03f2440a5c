"""Show the last exchanges of a conversation again, as they looked."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping

from devchat.cli.chat.session import Session
from devchat.history import Turn
from devchat.render import open_renderer
from devchat.render.console import note
from devchat.render.transcript import pictures
from devchat.sanitize import visible
from devchat.types import Chunk

_TURNS = 4
_LINES = 12
_WIDTH = 200
_STATES = {
    "cut off": "it was cut off here: `/continue` goes on with it",
    "interrupted": "it was interrupted here: `/continue` goes on with it",
    "error": "it failed here: `/retry` asks again",
}


def replay(session: Session) -> None:
    """Print the last two exchanges, long questions cut, and how the last answer ended."""
    turns = session.conversation.turns
    if not turns:
        return
    if len(turns) > _TURNS:
        note(sys.stderr, f"{len(turns) - _TURNS:,} earlier turns are not shown")
    for turn in turns[-_TURNS:]:
        _show(session, turn)
    if state := _state(session, turns[-1]):
        note(sys.stderr, state)


def show_question(session: Session, question: str, more: Iterable[str] = ()) -> None:
    """Print a question as it looks at the prompt, and more lines below it."""
    print()
    for line in (*_quoted(question), *map("  {}".format, more)):
        print(_painted(visible(line), session.environ), flush=True)


def _state(session: Session, last: Turn) -> str:
    """Say how the last answer ended, unless it is complete."""
    if last.role == "user":
        return "it has no answer: `/continue` asks for one"
    if last.status == "streaming":
        crashed = {one.id for one in session.conversation.history.unfinished()}
        cut = session.conversation.id in crashed
        return _STATES["cut off"] if cut else "another devchat is writing this answer now"
    return _STATES.get(last.status, "")


def _show(session: Session, turn: Turn) -> None:
    if turn.role == "user":
        show_question(session, session.typed(turn), pictures(turn))
        return
    renderer = open_renderer(
        sys.stdout, sys.stderr, session.environ, plain=session.plain, apart=True
    )
    try:
        renderer.feed(Chunk("text", turn.text))
    finally:
        renderer.finish()


def _quoted(question: str) -> Iterator[str]:
    """Write a question as it looks at the prompt; what is long is cut in its middle."""
    lines = question.split("\n")
    if len(lines) > _LINES:
        half = _LINES // 2
        lines[half:-half] = [f"... {len(lines) - _LINES:,} more lines"]
    for place, line in enumerate(lines):
        shown = line if len(line) <= _WIDTH else f"{line[:_WIDTH]}…"
        yield f"{'  ' if place else '> '}{shown}"


def _painted(line: str, environ: Mapping[str, str]) -> str:
    if environ.get("NO_COLOR") or environ.get("TERM") == "dumb":
        return line
    return f"\x1b[1m{line}\x1b[0m"
