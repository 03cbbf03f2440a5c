"""No Ctrl-C is lost, not even one that comes while Python runs a callback that may not fail."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sys import UnraisableHookArgs

SOON = 0.01
"""Seconds after which a dropped interruption is raised again."""


def keep_interrupts() -> None:
    """Have interruptions raised again that Python drops in destructors and weak references.

    The import system runs such callbacks after every import. See
    https://docs.python.org/3/library/sys.html#sys.unraisablehook.
    """
    sys.unraisablehook = _raise_again


def _raise_again(dropped: UnraisableHookArgs) -> None:
    if not issubclass(dropped.exc_type, KeyboardInterrupt):
        sys.__unraisablehook__(dropped)
        return
    import signal

    signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.setitimer(signal.ITIMER_REAL, SOON)
