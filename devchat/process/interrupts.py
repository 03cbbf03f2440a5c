"""Ctrl-C ends a program with 130 and no word, whenever it comes, and none is lost."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from sys import UnraisableHookArgs

SOON = 0.01
"""Seconds after which a dropped interruption is raised again."""


def interruptible(program: Callable[[], int]) -> int:
    """Run a program and return its exit code, 130 where it was interrupted."""
    try:
        code = program()
    except KeyboardInterrupt:
        code = 130
    if code == 130:
        # Where a text given to `exec` was interrupted (dataclasses are made so), Python would end
        # itself by SIGINT whatever we return, until another such text was run to its end:
        # `unhandled_keyboard_interrupt` in CPython's Python/pythonrun.c.
        exec("")
    return code


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
