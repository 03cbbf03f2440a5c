"""While an answer arrives: Ctrl-C or Esc end it once, and other keys wait for the next prompt."""

from __future__ import annotations

import os
import select
import signal
import termios
import threading
from contextlib import suppress
from types import FrameType, TracebackType
from typing import Any

from devchat.cli.chat.typed import LOCAL_FLAGS, Typed

# Keys that send several bytes send them at once; Esc comes alone.
_LONGER_KEY_SECONDS = 0.05


class Interruption:
    """Raises `KeyboardInterrupt` in the main thread on the first Ctrl-C or Esc.

    One that comes before `listen` is raised there; any later one is ignored, so that what was
    received can be kept in peace. `typed` holds what was typed meanwhile.
    """

    def __init__(self, terminal: int) -> None:
        self.typed = ""
        self._terminal = terminal
        self._cleared = 0
        self._raised = False
        self._listening = self._early = False
        self._pipe: tuple[int, int] = (-1, -1)
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._old: dict[int, Any] = {}

    def __enter__(self) -> Interruption:
        self._old[signal.SIGINT] = signal.signal(signal.SIGINT, self._interrupt)
        self._old[signal.SIGCONT] = signal.signal(signal.SIGCONT, self._resume)
        self._pipe = os.pipe()
        return self

    def listen(self) -> None:
        """Begin to take keys; after whoever draws has turned the echo off."""
        self._take_keys()
        self._thread.start()
        self._listening = True
        if self._early:
            self._interrupt()

    def over(self) -> None:
        """Take it that there is nothing left to interrupt."""
        self._raised = True

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.over()
        os.write(self._pipe[1], b"x")
        if self._thread.is_alive():
            self._thread.join()
        for end in self._pipe:
            os.close(end)
        self._give_keys_back()
        for number, handler in self._old.items():
            signal.signal(number, handler)

    def _interrupt(self, number: int = 0, frame: FrameType | None = None) -> None:
        if not self._listening:
            self._early = True
        elif not self._raised:
            self._raised = True
            raise KeyboardInterrupt

    def _resume(self, number: int, frame: FrameType | None) -> None:
        # The shell had the terminal meanwhile, and gave it back in its own mode.
        self._take_keys()

    def _take_keys(self) -> None:
        """Have each key at once, and unseen. Whoever draws may have turned the echo off before."""
        with suppress(termios.error):
            modes = termios.tcgetattr(self._terminal)
            cleared = modes[LOCAL_FLAGS] & (termios.ICANON | termios.ECHO)
            modes[LOCAL_FLAGS] &= ~cleared
            termios.tcsetattr(self._terminal, termios.TCSANOW, modes)
            self._cleared |= cleared

    def _give_keys_back(self) -> None:
        with suppress(termios.error):
            modes = termios.tcgetattr(self._terminal)
            modes[LOCAL_FLAGS] |= self._cleared
            termios.tcsetattr(self._terminal, termios.TCSANOW, modes)

    def _listen(self) -> None:
        typed = Typed()
        while self._pipe[0] not in self._ready(None):
            if not (data := self._read()):  # the terminal is gone
                return
            alone = data.endswith(b"\x1b") and not self._ready(_LONGER_KEY_SECONDS)
            typed.feed(data.removesuffix(b"\x1b") if alone else data)
            self.typed = typed.text
            if alone:
                main = threading.main_thread().ident
                assert main is not None
                signal.pthread_kill(main, signal.SIGINT)

    def _read(self) -> bytes:
        with suppress(OSError):
            return os.read(self._terminal, 4096)
        return b""

    def _ready(self, seconds: float | None) -> list[int]:
        return select.select([self._terminal, self._pipe[0]], [], [], seconds)[0]
