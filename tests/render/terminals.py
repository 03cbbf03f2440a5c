"""Terminals to look at: a pty whose output a screen with scrollback shows."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import termios
import threading
import tty
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

import pyte

from devchat.render import open_renderer
from devchat.types import Chunk

REPLIES = {path.stem: path.read_text("utf-8") for path in Path(__file__).parent.glob("replies/*")}
OURS = re.compile(rb"\x1b\[(?:[\d;]*m|\d*[AC]|[JK]|\?(?:25|7|2026)[hl])")


class Terminal:
    """A pty; what was written to `stream` is in `output` once the terminal is closed."""

    def __init__(self, columns: int = 80, lines: int = 24, *, raw: bool = False) -> None:
        self.columns, self.lines = columns, lines
        self.output = b""
        self._master, slave = pty.openpty()
        if raw:
            tty.setraw(slave)
        self.stream = os.fdopen(slave, "w", encoding="utf-8")
        self.resize(columns, lines)
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stream.close()
        self._reader.join()
        os.close(self._master)

    def resize(self, columns: int, lines: int) -> None:
        """Give the terminal another size; what it shows is not moved."""
        size = struct.pack("HHHH", lines, columns, 0, 0)
        fcntl.ioctl(self.stream.fileno(), termios.TIOCSWINSZ, size)

    def shown(self) -> list[str]:
        """Read what can be seen, scrollback first, without blanks at line ends."""
        return shown(self.output, self.columns, self.lines)

    def _read(self) -> None:
        try:
            while data := os.read(self._master, 65536):
                self.output += data
        except OSError:
            return  # Linux says so when the other end is closed.


def screen(output: bytes, columns: int, lines: int) -> pyte.HistoryScreen:
    """Let a terminal show output."""
    seen = pyte.HistoryScreen(columns, lines, history=100_000)
    show(seen, output)
    return seen


def show(seen: pyte.HistoryScreen, output: bytes) -> None:
    """Let a terminal show more output."""
    # pyte drops the rest of a text behind a joiner or a variation selector.
    for dropped in ("\u200d", "\ufe0f"):
        output = output.replace(dropped.encode(), b"")
    pyte.ByteStream(seen).feed(output)


def above(seen: pyte.HistoryScreen) -> list[str]:
    """Read the scrollback and the rows above the cursor."""
    rows = [*seen.history.top, *(seen.buffer[row] for row in range(seen.cursor.y))]
    return ["".join(row[at].data for at in range(seen.columns)).rstrip() for row in rows]


def shown(output: bytes, columns: int, lines: int) -> list[str]:
    """Read what can be seen of output, to the cursor, scrollback first."""
    return above(screen(output, columns, lines))


def rendered(
    pieces: Sequence[str | Chunk],
    columns: int = 80,
    lines: int = 24,
    environ: Mapping[str, str] | None = None,
) -> Terminal:
    """Feed pieces of an answer through the renderer into a terminal."""
    with Terminal(columns, lines) as terminal:
        environ = {"TERM": "xterm", **(environ or {})}
        renderer = open_renderer(terminal.stream, terminal.stream, environ, plain=False)
        for piece in pieces:
            renderer.feed(Chunk("text", piece) if isinstance(piece, str) else piece)
        renderer.finish()
    return terminal


def words(text: str) -> set[str]:
    """List what a reader must be able to see: words, and characters of scripts without spaces."""
    without_languages = re.sub(r"(?m)^[\s>]*(?:`{3,}|~{3,})\w*$", "", text)
    without_entities = re.sub(r"&#?\w+;|<br>", " ", without_languages)
    return set(re.findall(r"[A-Za-z]+|[^\W\d_]", without_entities))


def squeezed(lines: Sequence[str]) -> str:
    """Join lines without any white space, so that words which were folded are whole again."""
    return "".join("".join(lines).split()).replace("│", "")
