"""`devchat` alone: what it can do, in ten lines, before anything heavy is imported."""

from __future__ import annotations

import os
import stat
import sys

from devchat.errors import UsageError

LINES = """\
devchat answers about your code, on this machine or on a service that you name:

  devchat ask "what does git rebase --onto do?"    a question, and its answer
  devchat explain README.md                        a file, or FILE:10-40
  git show | devchat explain                       what a command has printed
  devchat chat                                     a conversation, which is kept

With no settings at all it works offline. `devchat doctor` says what works here,
`devchat models list` who can answer, `devchat --help` what else there is."""
_PATIENCE_SECONDS = 0.3


def welcome() -> int:
    """Say what devchat can do; raises UsageError where something is piped in."""
    if sys.stdin and _is_piped(sys.stdin.fileno()):
        raise UsageError(
            "something is piped in, and no command says what to do with it",
            '`... | devchat explain` explains it; `... | devchat ask "..."` answers about it',
        )
    print(LINES)
    return 0


def _is_piped(descriptor: int) -> bool:
    """Tell whether there is something to read; a silent or an ended pipe is as good as none."""
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return os.fstat(descriptor).st_size > 0
    if not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)):
        return False
    from select import select

    return bool(select([descriptor], [], [], _PATIENCE_SECONDS)[0]) and bool(os.read(descriptor, 1))
