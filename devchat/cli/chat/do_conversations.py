"""The commands about other conversations: /new, /resume, /search."""

from __future__ import annotations

from collections.abc import Iterator

from devchat.cli.chat.outcome import Outcome, Replay, say
from devchat.cli.chat.session import Session
from devchat.cli.chat.table import table
from devchat.errors import UsageError
from devchat.render.transcript import moment

_LISTED = 12
_FOUND = 10


def new(session: Session, argument: str) -> Outcome:
    """Begin another conversation."""
    before = session.conversation.id
    session.go_to(None)
    stays = "the system text stays: `/system -` is the prompt's own again"
    lines = ["a new conversation" + (f"; `/resume {before}` goes back" if before else "")]
    return say(*lines, *([stays] if session.voice.system is not None else []))


def resume(session: Session, argument: str) -> Outcome:
    """Go on with a conversation, or list the latest ones."""
    if argument:
        record = session.conversation.history.find(argument)
        session.go_to(record)
        return Replay((f"`{record.id}` {record.title}",))
    rows = list(conversations(session))[:_LISTED]
    if not rows:
        return say("there is no earlier conversation")
    return say(*table(rows), "", "`/resume ID` goes on with one")


def conversations(session: Session) -> Iterator[tuple[str, str]]:
    """List the latest conversations, the newest first."""
    for one in session.conversation.history.list(50):
        yield one.id, f"{moment(one.updated)}  {one.title}"


def search(session: Session, argument: str) -> Outcome:
    """Find words in all conversations."""
    if not argument:
        raise UsageError("there is nothing to search for", "`/search WORDS`")
    hits = session.conversation.history.search(argument, _FOUND)
    if not hits:
        return say(f"nothing found for `{argument}`")
    rows = table([(hit.turn.conversation, hit.snippet) for hit in hits])
    return say(*rows, "", "`/resume ID` goes on with one")
