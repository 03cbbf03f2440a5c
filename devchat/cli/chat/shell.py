"""`!command`: run what the user typed in their own shell, show its output and keep it."""

from __future__ import annotations

import fcntl
import os
import select
import subprocess
import sys
import termios
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from devchat.cli.chat.excerpt import Kept
from devchat.cli.chat.typed import typed_ahead
from devchat.errors import UsageError
from devchat.sanitize import Cleaner

# What it left running in the background may hold its output open.
_LOOK_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Ran:
    """A command that has ended. `output` is both its streams, as they came, unless `cut`.

    `typed` is what the user typed meanwhile and it did not read.
    """

    command: str
    output: str
    code: int
    cut: bool = False
    interrupted: bool = False
    typed: str = ""

    @property
    def ending(self) -> str:
        """How it ended."""
        if self.interrupted:
            return "interrupted"
        return f"exit code {self.code}" if self.code >= 0 else f"ended by signal {-self.code}"


def run_command(command: str, folder: Path, environ: Mapping[str, str], stdout: TextIO) -> Ran:
    """Run a command, showing what it writes while it does. Raises UsageError without a shell.

    Ctrl-C ends the command, not the conversation; whatever it did to the terminal is undone.
    """
    shell = environ.get("SHELL") or "/bin/sh"
    kept, shown = Kept(), _Shown(stdout)
    with _same_terminal(stdout.fileno()), _started(shell, command, folder, environ) as process:
        interrupted = _follow(process, kept, shown)
    typed = typed_ahead(sys.stdin.fileno())
    shown.end(early=bool(typed))
    return Ran(command, kept.text, process.returncode, kept.missing > 0, interrupted, typed)


def _started(
    shell: str, command: str, folder: Path, environ: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            [shell, "-c", command],
            cwd=folder,
            env=dict(environ),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UsageError(f"the shell `{shell}` can't be started: {reason}", "set SHELL") from error


def _follow(process: subprocess.Popen[bytes], kept: Kept, shown: _Shown) -> bool:
    """Take what a process writes until it has ended; tell whether it was interrupted.

    The terminal sent it the same Ctrl-C. One that goes on nevertheless is killed by the next.
    """
    interrupted = False
    while True:
        try:
            for data in _pieces(process):
                kept.add(shown.feed(data))
            process.wait()
            return interrupted
        except KeyboardInterrupt:
            shown.end(early=True)
            if interrupted:
                process.kill()
            interrupted = True


def _pieces(process: subprocess.Popen[bytes]) -> Iterator[bytes]:
    assert process.stdout is not None
    pipe = process.stdout.fileno()
    while process.poll() is None:
        if select.select([pipe], [], [], _LOOK_SECONDS)[0]:
            if not (data := os.read(pipe, 65_536)):
                return
            yield data
    # Who goes on in the background may write for ever: the command's is what is there by now.
    left = _written(pipe)
    while left > 0 and (data := os.read(pipe, left)):
        left -= len(data)
        yield data


def _written(pipe: int) -> int:
    """Count the bytes that can be read from a pipe."""
    count = fcntl.ioctl(pipe, termios.FIONREAD, b"\0" * 4)
    return int.from_bytes(count, sys.byteorder)


class _Shown:
    """Bytes of a command on their way to the terminal, made visible."""

    def __init__(self, stdout: TextIO) -> None:
        import codecs

        self._stdout = stdout
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._cleaner = Cleaner()
        self._last = "\n"

    def feed(self, data: bytes) -> str:
        """Show a piece, and return it as text."""
        text = self._decoder.decode(data)
        self._write(self._cleaner.feed(text))
        return text

    def end(self, *, early: bool = False) -> None:
        """Show what waited, and end the line; if `early` that of keys that the terminal showed."""
        self._write(self._cleaner.finish())
        self._write("\n" if early or self._last != "\n" else "")

    def _write(self, text: str) -> None:
        self._stdout.write(text)
        self._stdout.flush()
        self._last = text[-1:] or self._last


@contextmanager
def _same_terminal(terminal: int) -> Iterator[None]:
    """Leave the modes of a terminal as they were: `stty -echo` is not for the next prompt.

    They are read before a command is started, which may change them at once.
    """
    modes = termios.tcgetattr(terminal)
    try:
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, modes)
