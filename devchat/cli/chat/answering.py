"""One answer: stream it to the screen and into the history, and keep what came if it breaks."""

from __future__ import annotations

import sys

from devchat.chat.conversation import Planned
from devchat.cli.answer import Stopwatch, explain_end, stream
from devchat.cli.chat.interruption import Interruption
from devchat.cli.chat.session import Session, used_tokens
from devchat.context.ledger import ledger_lines
from devchat.errors import DevchatError
from devchat.render import open_renderer
from devchat.render.console import note, show_error

_INTERRUPTED = "interrupted; what came is kept: `/continue` goes on with it"
_NOTHING_CAME = "interrupted before the first word: `/retry` asks again"


def answer(session: Session, planned: Planned) -> str:
    """Have the last question answered; return what the user typed meanwhile."""
    for line in (*ledger_lines(planned.prepared.ledger), str(planned.selection)):
        if line:
            note(sys.stderr, line)
    conversation, watch = session.conversation, Stopwatch()
    with Interruption(sys.stdin.fileno()) as interruption:
        recorder = conversation.answering(session.backend)
        try:
            print(flush=True)
            shown = open_renderer(sys.stdout, sys.stderr, session.environ, plain=session.plain)
            interruption.listen()
            request = planned.prepared.request
            completion = stream(session.backend, request, shown, watch, recorder)
            interruption.over()
            explain_end(completion)
        except KeyboardInterrupt:
            recorder.interrupt()
            note(sys.stderr, _INTERRUPTED if recorder.turn.text else _NOTHING_CAME)
        except DevchatError as error:
            recorder.fail(error.message)
            show_error(sys.stderr, error)
    conversation.answered(recorder)
    known = recorder.turn.usage is not None
    session.used_tokens = used_tokens(conversation) if known else planned.prepared.prompt_tokens
    return interruption.typed
