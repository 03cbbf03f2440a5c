"""`devchat chat` in a pty, before a terminal emulator that answers what a terminal is asked."""

from __future__ import annotations

import json
import re
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import pexpect
import pyte

ENTER, ESCAPE, TAB, UP, DOWN = "\r", "\x1b", "\t", "\x1b[A", "\x1b[B"
ALT_ENTER = "\x1b\r"
DEVCHAT_CHAT = (sys.executable, "-m", "devchat", "chat")
PATIENCE_SECONDS = 30


def control(letter: str) -> str:
    """The byte that Ctrl and a letter send."""
    return chr(ord(letter.upper()) - 64)


def pasted(text: str) -> str:
    """What a terminal sends for a paste, in bracketed mode."""
    return f"\x1b[200~{text}\x1b[201~"


def write_script(home: Path, *answers: object, **manner: object) -> str:
    """Write a script of answers and return what `-m` takes."""
    (home / "script.json").write_text(json.dumps({"answers": answers, **manner}))
    return "scripted:script.json"


def saved(talk: Chat, name: str = "talk.md") -> str:
    """Save the conversation, and return its turns without the title above them."""
    talk.say(f"/save {name}")
    talk.wait(f"/{name}")
    title, _, turns = (Path(talk.child.cwd) / name).read_text().partition("\n\n## ")
    assert title.startswith("# ")
    return f"## {turns}"


class Screen(pyte.HistoryScreen):
    """A screen whose answers go back to the program."""

    def __init__(self, columns: int, lines: int, chat: Chat) -> None:
        super().__init__(columns, lines, history=100_000, ratio=0.001)
        self._chat = chat

    def write_process_input(self, data: str) -> None:
        """Send an answer, such as where the cursor is."""
        self._chat.send(data)


class Chat:
    """A running conversation, or a shell to begin one in. `raw` is all that it wrote."""

    def __init__(
        self,
        environ: Mapping[str, str],
        home: Path,
        *args: str,
        columns: int = 80,
        lines: int = 24,
        program: Sequence[str] = DEVCHAT_CHAT,
    ) -> None:
        self.raw = ""
        # An interactive shell takes only the latter.
        self._ending = signal.SIGTERM if program is DEVCHAT_CHAT else signal.SIGHUP
        self.screen = Screen(columns, lines, self)
        self._stream = pyte.Stream(self.screen)
        self.child: Any = pexpect.spawn(
            program[0],
            [*program[1:], *args],
            env=dict(environ),
            cwd=str(home),
            dimensions=(lines, columns),
            encoding="utf-8",
            timeout=PATIENCE_SECONDS,
        )
        # pexpect waits before each write, for programs that turn echo off late; ours asks first.
        self.child.delaybeforesend = None

    def __enter__(self) -> Chat:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End it as a closed terminal would, but so that coverage is written."""
        if not self.child.closed:
            self.child.kill(self._ending)
            while self._read():
                continue
            self.child.close(force=True)

    def send(self, *keys: str) -> None:
        """Press keys."""
        for key in keys:
            self.child.send(key)

    def say(self, text: str) -> None:
        """Wait for the prompt, type a line, and send it once it is seen."""
        self.ready()
        self.send(text)
        self.until(lambda: self._row().endswith(text[-10:]), f"{text!r} is not seen")
        self.send(ENTER)
        self.until(lambda: not self._row().endswith(text[-10:]), f"{text!r} is not sent")

    def wait(self, text: str, times: int = 1) -> None:
        """Wait until a text is seen, so many times."""
        self.until(lambda: self.text.count(text) >= times, f"no {text!r}")

    def wait_match(self, pattern: str) -> str:
        """Wait until a pattern is seen, and return what it is."""
        self.until(lambda: re.search(pattern, self.text), f"no match of {pattern!r}")
        found = re.search(pattern, self.text)
        assert found is not None
        return found[0]

    def wait_gone(self, text: str) -> None:
        """Wait until a text can't be seen."""
        self.until(lambda: text not in self.text, f"still {text!r}")

    def ready(self) -> None:
        """Wait for an empty prompt above the status line."""
        self.until(self._is_ready, "no prompt")

    def end(self) -> int | None:
        """Wait for the program to end, and return its exit code."""
        self.until(lambda: not self._read(), "it goes on")
        self.child.close()
        code: int | None = self.child.exitstatus
        return code

    def resize(self, columns: int, lines: int) -> None:
        """Give the terminal another size."""
        self.screen.resize(lines, columns)
        self.child.setwinsize(lines, columns)

    @property
    def lines(self) -> list[str]:
        """What can be seen, scrollback first."""
        rows = [
            "".join(row[at].data for at in range(self.screen.columns)).rstrip()
            for row in self.screen.history.top
        ]
        return rows + [line.rstrip() for line in self.screen.display]

    @property
    def text(self) -> str:
        """What can be seen, as one text."""
        return "\n".join(self.lines)

    def _is_ready(self) -> bool:
        return self._row() == ">" and self.screen.cursor.x == 2 and not self.screen.cursor.hidden

    def _row(self) -> str:
        return str(self.screen.display[self.screen.cursor.y].rstrip())

    def until(self, held: Callable[[], object], otherwise: str) -> None:
        """Read on until something holds."""
        end = time.monotonic() + PATIENCE_SECONDS
        while not held():
            alive = self._read()
            if held():
                return
            if not alive or time.monotonic() > end:
                raise AssertionError(f"{otherwise} in:\n{self.text}")

    def _read(self) -> bool:
        """Read what came within a moment; false once the program has ended."""
        try:
            data = self.child.read_nonblocking(65536, timeout=0.05)
        except pexpect.TIMEOUT:
            return True
        except pexpect.EOF:
            return False
        self.raw += data
        self._stream.feed(data.replace("\u200d", "").replace("\ufe0f", ""))
        return True
