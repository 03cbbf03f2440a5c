"""`!COMMAND`, and its output as something to attach."""

from __future__ import annotations

import sys

from devchat.cli.chat.excerpt import excerpt
from devchat.cli.chat.outcome import Draft, Offer, Outcome, say
from devchat.cli.chat.session import Session
from devchat.cli.chat.shell import Ran, run_command
from devchat.context import Attachment
from devchat.errors import UsageError
from devchat.render.console import note

_SHARE = 2
"""The output of a command takes at most this part of the window."""


def shell(session: Session, command: str) -> Outcome | None:
    """Run a command, and offer what it wrote for the next message; `/file !` does so later."""
    if not command:
        return say("`!COMMAND` runs a shell command")
    ran = session.ran = run_command(command, session.folder, session.environ, sys.stdout)
    if ran.code or ran.interrupted:
        note(sys.stderr, ran.ending)
    if ran.interrupted or not ran.output.strip():
        return Draft(ran.typed) if ran.typed else None
    output = last_output(session)
    tokens = session.backend.count(output.text)
    what = "its beginning and end" if _is_cut(ran, output) else "its output"
    return Offer(f"Attach {what} ({tokens:,} tokens)?", output, ran.typed)


def last_output(session: Session) -> Attachment:
    """Return what the last command wrote, cut in its middle where it would fill the window."""
    ran = session.ran
    if ran is None:
        raise UsageError("no command was run yet", "`!ls` runs one")
    backend = session.backend
    text = excerpt(ran.output.rstrip(), backend.context_tokens // _SHARE, backend.count)
    return Attachment(f"$ {ran.command}", f"{text}\n[{ran.ending}]\n")


def _is_cut(ran: Ran, output: Attachment) -> bool:
    return ran.cut or not output.text.startswith(ran.output.rstrip())
