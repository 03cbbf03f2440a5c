"""Show the last exchanges of a conversation again, as they looked."""

from __future__ import annotations

import sys

from devchat.cli.chat.session import Session
from devchat.history import Turn
from devchat.render import open_renderer
from devchat.render.console import note
from devchat.sanitize import visible
from devchat.types import Chunk

_TURNS = 4
_LINES = 12
_STATES = {
    "streaming": "it was cut off here: `/continue` goes on with it",
    "interrupted": "it was interrupted here: `/continue` goes on with it",
    "error": "it failed here: `/retry` asks again",
}


def replay(session: Session) -> None:
    """Print the last two exchanges, long questions cut, and how the last answer ended."""
    turns = session.conversation.turns
    if len(turns) > _TURNS:
        note(sys.stderr, f"{len(turns) - _TURNS:,} earlier turns are not shown")
    for turn in turns[-_TURNS:]:
        _show(session, turn)
    last = turns[-1] if turns else None
    if last is not None and last.role == "user":
        note(sys.stderr, "it has no answer: `/continue` asks for one")
    elif last is not None and last.status in _STATES:
        note(sys.stderr, _STATES[last.status])


def _show(session: Session, turn: Turn) -> None:
    if turn.role == "user":
        first, *rest = turn.text.split("\n")
        shown = [f"> {first}", *(f"  {line}" for line in rest[: _LINES - 1])]
        more = [f"  ... {len(rest) - _LINES + 1:,} more lines"] if len(rest) >= _LINES else []
        print(visible("\n".join(shown + more)))
        return
    renderer = open_renderer(sys.stdout, sys.stderr, session.environ, plain=session.plain)
    try:
        renderer.feed(Chunk("text", turn.text))
    finally:
        renderer.finish()
