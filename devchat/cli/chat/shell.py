"""`!command`: run what the user typed in their own shell, show its output and keep it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from devchat.context import Attachment
from devchat.errors import UsageError
from devchat.sanitize import Cleaner

MOST_CHARACTERS = 1_000_000


@dataclass(frozen=True, slots=True)
class Ran:
    """A command that has ended. `output` is both its streams, as they came."""

    command: str
    output: str
    code: int

    @property
    def lines(self) -> int:
        """How many lines it wrote."""
        return len(self.output.splitlines())

    def attachment(self) -> Attachment:
        """The output under the command's name."""
        return Attachment(f"$ {self.command}", f"{self.output.rstrip()}\n[exit code {self.code}]\n")


def run_command(command: str, folder: Path, environ: Mapping[str, str], stdout: TextIO) -> Ran:
    """Run a command, showing what it writes while it does. Raises UsageError without a shell.

    Ctrl-C ends the command, not the conversation.
    """
    shell = environ.get("SHELL") or "/bin/sh"
    try:
        process = subprocess.Popen(
            [shell, "-c", command],
            cwd=folder,
            env=dict(environ),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UsageError(f"the shell `{shell}` can't be started: {reason}", "set SHELL") from error
    with process:
        output = _show(process, stdout)
        code = _wait(process)
    return Ran(command, output, code)


def _show(process: subprocess.Popen[bytes], stdout: TextIO) -> str:
    """Copy what a process writes to the terminal, made visible; return the first million of it."""
    import codecs

    assert process.stdout is not None
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    cleaner, kept, shown = Cleaner(), "", "\n"
    try:
        while data := os.read(process.stdout.fileno(), 65_536):
            text = decoder.decode(data)
            kept += text[: MOST_CHARACTERS - len(kept)]
            shown = cleaner.feed(text) or shown
            stdout.write(shown)
            stdout.flush()
    except KeyboardInterrupt:
        stdout.write("\n")
        shown = "\n"
    stdout.write(cleaner.finish() + ("" if shown.endswith("\n") else "\n"))
    stdout.flush()
    return kept


def _wait(process: subprocess.Popen[bytes]) -> int:
    # The terminal sent it the same Ctrl-C; one that is deaf to it needs another.
    try:
        return process.wait()
    except KeyboardInterrupt:
        process.kill()
        return process.wait()
