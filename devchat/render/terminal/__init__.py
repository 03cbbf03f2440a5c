"""An answer in a terminal: Markdown that is laid out while it arrives.

`feed` only takes text in; a thread draws, so that whatever has come is seen within a moment even
when the model pauses, and Markdown is loaded while the model reads the question.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, TextIO

from devchat.render.console import note
from devchat.render.parsing import markdown_parser
from devchat.render.terminal.keyboard import Keyboard
from devchat.render.terminal.reasoning import Reasoning
from devchat.sanitize import Cleaner
from devchat.types import Chunk

if TYPE_CHECKING:
    from devchat.render.terminal.document import Document
    from devchat.render.terminal.screen import Screen

_INTERVAL = 0.08
_LONGEST = 1.0
# A draw that costs more is followed by a longer pause: at most this share of the processor,
# and this many bytes a second; what would then be seen too rarely may have the larger share.
_SHARE = 0.03
_LARGER_SHARE = 0.2
_RATE = 20_000


class TerminalRenderer:
    """Shows Markdown as it grows; reasoning and notes go to standard error.

    With `apart`, a blank row sets the answer apart from what stands above it.
    """

    def __init__(self, stdout: TextIO, stderr: TextIO, *, colour: bool, apart: bool) -> None:
        self._stdout = stdout
        self._stderr = stderr
        self._colour = colour
        self._apart = apart
        self._cleaner = Cleaner()
        self._arrived = ""
        self._reasoning = Reasoning(stderr)
        self._parts: tuple[Document, Screen] | None = None
        self._failure: OSError | None = None
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._finished = False
        self._keyboard = Keyboard(stdout.fileno())
        self._thread = threading.Thread(target=self._draw_on, daemon=True)
        self._thread.start()

    def feed(self, chunk: Chunk) -> None:
        """Take in a chunk."""
        if self._failure:
            raise self._failure
        with self._lock:
            match chunk.kind:
                case "text":
                    self._end_reasoning()
                    self._arrived += self._cleaner.feed(chunk.text)
                    self._wake.set()
                case "reasoning" if self._reasoning.shown:
                    self._settle()
                    self._reasoning.feed(chunk.text)
                case "note":
                    self._remark(chunk.text)

    def finish(self) -> None:
        """Show everything for good, and give the terminal back."""
        if self._finished:
            return
        self._finished = True
        self._stopping.set()
        self._wake.set()
        try:
            self._thread.join()
            if self._failure:
                raise self._failure
            self._reasoning.end()
            self._arrived += self._cleaner.finish()
            self._settle()
        except KeyboardInterrupt:
            # The second one: what was drawn stays as it is, but the cursor comes back.
            with self._lock:
                if self._parts:
                    self._parts[1].close()
            raise
        finally:
            self._keyboard.restore()

    def _draw_on(self) -> None:
        _load()
        while self._wake.wait() and not self._stopping.is_set():
            self._wake.clear()
            try:
                with self._lock:
                    pause = self._draw()
            except OSError as error:
                self._failure = error
                return
            self._stopping.wait(pause)

    def _draw(self) -> float:
        """Draw what has come, and say how many seconds to wait before the next time."""
        document, screen = self._take_in()
        begun, written = time.thread_time(), screen.written
        size = screen.size()
        settled = document.settle(size.columns)
        scrolled, live = document.live(size.columns, screen.room(size))
        screen.draw(settled + scrolled, live, size)
        cost = time.thread_time() - begun
        pause = max(_INTERVAL, cost / _SHARE, (screen.written - written) / _RATE)
        return max(min(_LONGEST, pause), cost / _LARGER_SHARE)

    def _settle(self) -> None:
        """Print all that has come for good, and show the cursor."""
        if self._arrived or self._parts:
            document, screen = self._take_in()
            size = screen.size()
            screen.draw(document.settle(size.columns, final=True), [], size)
            screen.close()

    def _end_reasoning(self) -> None:
        if self._reasoning.end():
            self._apart = False
            if self._parts:
                self._parts[0].stand_apart(False)

    def _remark(self, text: str) -> None:
        self._reasoning.end()
        if self._parts and self._stderr.isatty():
            self._parts[1].clear()
            note(self._stderr, text)
            self._draw()
        else:
            note(self._stderr, text)

    def _take_in(self) -> tuple[Document, Screen]:
        if self._parts is None:
            from devchat.render.terminal.document import Document
            from devchat.render.terminal.screen import Screen

            self._parts = Document(), Screen(self._stdout, colour=self._colour)
            self._parts[0].stand_apart(self._apart)
        document, screen = self._parts
        if self._keyboard.was_away():
            screen.forget()
        document.feed(self._arrived)
        self._arrived = ""
        return document, screen


def _load() -> None:
    """Import, ahead of the first word, what draws it."""
    from importlib import import_module

    for name in ("document", "screen"):
        import_module(f"{__name__}.{name}")
    markdown_parser()
