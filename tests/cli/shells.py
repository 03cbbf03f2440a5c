"""A shell in a pty with devchat's completion loaded: type, press Tab, look at the screen."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import pexpect
import pyte

PATIENCE_SECONDS = 20
START: Mapping[str, tuple[str, ...]] = {
    "bash": ("bash", "--norc", "--noprofile", "-i"),
    "zsh": ("zsh", "-f", "-i"),
    "fish": ("fish", "--no-config", "-i"),
}
# A prompt that nothing else looks like; and what makes each shell load the script.
SETUP: Mapping[str, str] = {
    "bash": 'PS1="%%> "; bind "set bell-style none"; eval "$({devchat} completion bash)"',
    "zsh": 'PS1="%%%%> "; unsetopt beep; eval "$({devchat} completion zsh)"',
    "fish": 'function fish_prompt; echo -n "%%> "; end; {devchat} completion fish | source',
}


class Shell:
    """An interactive shell of a kind, in a folder."""

    def __init__(self, kind: str, environ: Mapping[str, str], folder: Path) -> None:
        self.kind = kind
        self.screen = pyte.Screen(100, 40)
        self._stream = pyte.Stream(self.screen)
        program, *args = START[kind]
        self.child: Any = pexpect.spawn(
            program,
            args,
            env={**environ, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"},
            cwd=str(folder),
            dimensions=(40, 100),
            encoding="utf-8",
        )
        setup = SETUP[kind].format(devchat=f"{sys.executable} -m devchat").replace("%%", "%")
        self.send(f"{setup}; clear\r")
        self.until(lambda: self.screen.display[0].rstrip() == "%>", "no prompt")

    def __enter__(self) -> Shell:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.child.kill(signal.SIGKILL)
        self.child.close(force=True)

    def send(self, keys: str) -> None:
        """Press keys."""
        self.child.send(keys)

    def complete(self, line: str, expected: str) -> None:
        """Type a line, press Tab, and wait until the line is what is expected."""
        self.send(line)
        self.until(lambda: line.rstrip() in self.text, f"{line!r} is not seen")
        self.send("\t")
        self.until(lambda: self.line == f"%> {expected}", f"not {expected!r}")

    def offer(self, line: str, *expected: str) -> None:
        """Type a line, press Tab twice, and wait until all that is expected is seen."""
        self.send(line)
        self.until(lambda: line.rstrip() in self.text, f"{line!r} is not seen")
        self.send("\t")
        self._settle()
        self.send("\t")
        self.until(lambda: all(one in self.text for one in expected), f"not {expected!r}")

    def discard(self) -> None:
        """Drop the line, and clear the screen; a first Ctrl-C may only end a list."""
        self.until(self._is_cleared, "not cleared")

    @property
    def line(self) -> str:
        """The line of the cursor, up to it."""
        return str(self.screen.display[self.screen.cursor.y][: self.screen.cursor.x])

    @property
    def text(self) -> str:
        """What can be seen."""
        return "\n".join(row.rstrip() for row in self.screen.display)

    def until(self, held: Callable[[], bool], otherwise: str) -> None:
        """Read until something holds."""
        end = time.monotonic() + PATIENCE_SECONDS
        while not held():
            if time.monotonic() > end:
                raise AssertionError(f"{otherwise} in:\n{self.text}")
            self._read(0.05)

    def _is_cleared(self) -> bool:
        for key in ("\x03", "\x0c"):
            self.send(key)
            self._settle()
        return self.text.strip() == "%>"

    def _settle(self) -> None:
        """Read until nothing comes for a moment."""
        while self._read(0.1):
            continue

    def _read(self, seconds: float) -> bool:
        try:
            data = self.child.read_nonblocking(65536, timeout=seconds)
        except pexpect.TIMEOUT:
            return False
        self._stream.feed(data)
        return True
