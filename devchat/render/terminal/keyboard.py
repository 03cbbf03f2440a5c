"""The keyboard while an answer is drawn: keys don't show, and Ctrl-Z leaves a tidy screen."""

from __future__ import annotations

import os
import signal
import termios
import threading
from types import FrameType
from typing import Any

_LOCAL_FLAGS = 3


class Keyboard:
    """Turns the terminal's echo off, for a key pressed meanwhile would shift what is drawn."""

    def __init__(self, terminal: int) -> None:
        self._terminal = terminal
        self._away = False
        self._modes: list[Any] | None = None
        self._old_handler: Any = None
        self._silence()
        if threading.current_thread() is threading.main_thread():
            self._old_handler = signal.signal(signal.SIGTSTP, self._leave)

    def restore(self) -> None:
        """Let keys show again."""
        self._echo()
        if self._old_handler is not None:
            signal.signal(signal.SIGTSTP, self._old_handler)
            self._old_handler = None

    def was_away(self) -> bool:
        """Say, once, that the process was stopped and that others have used the screen."""
        away, self._away = self._away, False
        return away

    def _silence(self) -> None:
        try:
            # A process in the background would be stopped for this.
            if os.tcgetpgrp(self._terminal) != os.getpgrp():
                return
            modes = termios.tcgetattr(self._terminal)
            if modes[_LOCAL_FLAGS] & termios.ECHO:
                self._modes = modes.copy()
                modes[_LOCAL_FLAGS] &= ~termios.ECHO
                termios.tcsetattr(self._terminal, termios.TCSANOW, modes)
        except (OSError, termios.error):
            return

    def _echo(self) -> None:
        modes, self._modes = self._modes, None
        if modes is not None:
            try:
                termios.tcsetattr(self._terminal, termios.TCSANOW, modes)
            except termios.error:
                return

    def _leave(self, number: int, frame: FrameType | None) -> None:
        # No lock may be taken in here: the flag is seen by the next draw.
        self._echo()
        os.write(self._terminal, b"\x1b[J\x1b[?25h")
        self._away = True
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
        # Here it goes on after `fg`, or at once where there is no shell to say so.
        signal.signal(number, self._leave)
        self._silence()
