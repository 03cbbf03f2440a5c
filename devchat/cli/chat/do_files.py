"""The commands about attachments: /file, /drop, /explain."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace

from devchat.cli.chat.do_shell import last_output
from devchat.cli.chat.outcome import Ask, Outcome, say
from devchat.cli.chat.session import Session
from devchat.context import Attached, Attachment
from devchat.context.attach import read_attachments
from devchat.context.names import expanded, subject
from devchat.errors import InputError, UsageError
from devchat.render.console import note


def file(session: Session, argument: str) -> Outcome:
    """Attach to the next message, or list what is attached."""
    _attach(session, argument)
    names = [name for name, _ in attached(session)]
    if not names:
        return say("nothing is attached: `/file WHAT`, or `@WHAT` in a message")
    return say("the next message takes along:", *(f"  {name}" for name in names))


def explain(session: Session, argument: str) -> Outcome:
    """Ask what the attachments are and do, with the facts about them that code can find."""
    _attach(session, argument)
    if not session.pending.texts:
        raise UsageError("there is nothing to explain", "`/explain FILE`; `!` is the last output")
    from devchat.explain.facts import MOST_FACTS, facts_text, gather
    from devchat.explain.place import Place
    from devchat.explain.recognise import recognise

    place = Place.around(session.folder)
    examined = []
    for one in session.pending.texts:
        kind = recognise(one.name, one.text)
        note(sys.stderr, f"taking {subject(one.name)} for {kind.title}")
        examined.append(gather(one.name, kind, one.text, place))
    facts = facts_text(examined, MOST_FACTS[session.backend.tier])
    return Ask("Explain what is attached.", f" A program found these facts:\n\n{facts}")


def drop(session: Session, argument: str) -> Outcome:
    """Take back what was attached: all of it, or what is named."""
    names = _words(argument) if argument else [name for name, _ in attached(session)]
    known = {name for name, _ in attached(session)}
    for name in names:
        if name not in known:
            raise UsageError(f"`{name}` is not attached", "`/file` lists what is")
    pending = session.pending
    session.pending = replace(
        pending,
        texts=tuple(one for one in pending.texts if one.name not in names),
        images=tuple(one for one in pending.images if one.name not in names),
        left_out=(),
    )
    return say(f"{len(names)} taken back")


def attached(session: Session) -> Iterator[tuple[str, str]]:
    """List what the next message takes along, with its size."""
    for text in session.pending.texts:
        yield text.name, f"{len(text.text):,} characters"
    for image in session.pending.images:
        yield image.name, image.media_type


def _attach(session: Session, argument: str) -> None:
    """Attach what is named, and what was pasted; all of it or nothing."""
    pasted, rest = session.folds.take_out(argument)
    texts = tuple(Attachment(name, text) for name, text in pasted)
    session.pending = sum(
        (_read(session, spec) for spec in _words(rest)), session.pending + Attached(texts)
    )


def _read(session: Session, spec: str) -> Attached:
    if spec == "!":
        return Attached((last_output(session),))
    return read_attachments([expanded(spec)], folder=session.folder, read_stdin=no_stdin)


def _words(argument: str) -> list[str]:
    import shlex

    try:
        return shlex.split(argument)
    except ValueError:
        return argument.split()


def no_stdin() -> bytes:
    """Refuse to read standard input, which is the keyboard."""
    raise InputError("standard input is the keyboard here", "name a file, or paste the text")
