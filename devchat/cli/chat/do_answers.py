"""The commands about what was said: /copy, /save, /tokens, /context, /clear."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from devchat.chat import count_messages
from devchat.cli.chat.clipboard import copy as copy_text
from devchat.cli.chat.outcome import ClearScreen, Outcome, say
from devchat.cli.chat.session import Session
from devchat.cli.chat.table import table
from devchat.cli.new_file import write_new
from devchat.context import Attached
from devchat.context.names import expanded
from devchat.errors import UsageError
from devchat.render.transcript import transcript_markdown
from devchat.sanitize import single_line
from devchat.types import Message


def clear(session: Session, argument: str) -> Outcome:
    """Clear the screen."""
    return ClearScreen()


def copy(session: Session, argument: str) -> Outcome:
    """Copy the last answer, or the first code block in it."""
    answer = session.conversation.answer
    if answer is None or not answer.text:
        raise UsageError("there is no answer to copy", "ask something first")
    text = answer.text
    if argument:
        text = _code(argument, text)
    by = copy_text(text, session.environ, sys.stdout)
    return say(f"{len(text):,} characters copied by {by}")


def parts(session: Session) -> Iterator[tuple[str, str]]:
    """List what of an answer can be copied."""
    yield "code", "the first code block"


def save(session: Session, argument: str) -> Outcome:
    """Write the conversation into a new Markdown file."""
    if not argument:
        raise UsageError("there is no name for the file", "`/save talk.md`")
    conversation, path = session.conversation, Path(expanded(argument))
    if not conversation.turns:
        raise UsageError("nothing was said yet", "ask something first")
    assert conversation.record is not None
    write_new(path, transcript_markdown(conversation.record, conversation.turns))
    return say(f"written to {session.folder / path}")


def tokens(session: Session, argument: str) -> Outcome:
    """Count what the next question would find in the window."""
    backend, voice = session.backend, session.voice
    planned = session.conversation.plan(voice, "", session.pending)
    messages = planned.prepared.request.messages
    system = [one for one in messages[:1] if one.role == "system"]
    rows = [
        ("system text", _count(system, session)),
        ("earlier exchanges", _count(messages[len(system) : -1], session)),
        ("next message", _count(messages[-1:], session)),
        ("kept for the answer", planned.prepared.answer_tokens),
    ]
    used = sum(number for _, number in rows)
    rows += [("free", backend.context_tokens - used), ("window", backend.context_tokens)]
    about = "" if backend.exact_count else "about "
    longest, width = max(len(name) for name, _ in rows), max(len(f"{one:,}") for _, one in rows)
    return say(*(f"{name:<{longest}}  {about}{number:>{width},}" for name, number in rows))


def context(session: Session, argument: str) -> Outcome:
    """List the earlier exchanges, and which of them go along with the next question."""
    conversation, voice = session.conversation, session.voice
    exchanges = conversation.exchanges(voice)
    if not exchanges:
        return say("nothing was said yet")
    selection = conversation.plan(voice, argument, Attached()).selection
    rows = [
        (
            str(place + 1),
            "left out" if place in selection.left_out else "sent",
            f"{one.tokens:,} tokens",
            single_line(session.typed(question), 60),
        )
        for place, (one, question) in enumerate(
            zip(exchanges, conversation.answered_questions, strict=True)
        )
    ]
    return say(*table(rows))


def _count(messages: tuple[Message, ...] | list[Message], session: Session) -> int:
    return count_messages(tuple(messages), session.backend)


def _code(argument: str, text: str) -> str:
    from devchat.render.reply import first_code_block

    if argument != "code":
        raise UsageError(f"no part of an answer is named `{argument}`", "`/copy` or `/copy code`")
    code = first_code_block(text)
    if code is None:
        raise UsageError("the answer holds no code block", "`/copy` takes all of it")
    return code
