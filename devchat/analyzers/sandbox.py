"""Run a tool on a stranger's text: a scratch folder, an empty environment, limits, no input.

The tool gets numbered files, never a stranger's name or folder, so that it finds no settings
of theirs. What it prints goes to a file of bounded size.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from errno import EIO
from pathlib import Path
from tempfile import TemporaryDirectory

from devchat.errors import AnalyzerError
from devchat.sanitize import single_line


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds by the clock and of CPU, bytes of memory, and bytes that a tool may write."""

    seconds: float = 20
    memory: int = 1 << 30
    output: int = 16 << 20


USUAL = Limits()


@contextmanager
def scratch(texts: Mapping[str, str]) -> Iterator[Path]:
    """Make a folder that only this user can read, with some texts in `files`; then remove it.

    Raises `AnalyzerError` where it can't be written.
    """
    with ExitStack() as stack:
        with _writing():
            made = TemporaryDirectory(prefix="devchat-", ignore_cleanup_errors=True)
            files = Path(stack.enter_context(made), "files")
            files.mkdir()
            for file, text in texts.items():
                Path(files, file).write_bytes(text.encode("utf-8", "surrogateescape"))
        yield Path(made.name)


def run(
    command: Sequence[str],
    folder: Path,
    limits: Limits = USUAL,
    extra: Mapping[str, str] | None = None,
) -> tuple[int, bytes]:
    """Run a command in `folder/files`, and return its exit status and what it printed.

    Raises `AnalyzerError` where it can't be started, takes too long, or is killed.
    """
    out, tool = folder / "out", Path(command[0]).name
    with ExitStack() as stack:
        with _writing():
            stdout = stack.enter_context(out.open("wb"))
            stderr = stack.enter_context((folder / "err").open("wb"))
        try:
            process = subprocess.Popen(
                [*_limited(limits), *command],
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                cwd=folder / "files",
                env=_environment(folder) | dict(extra or {}),
                start_new_session=True,
            )
        except OSError as error:
            raise AnalyzerError(f"`{tool}` could not be started: {error.strerror}") from error
        code = _wait(process, limits, tool)
    if code < 0:
        raise AnalyzerError(f"`{tool}` was stopped by its limits ({_signal(-code)})")
    return code, out.read_bytes()


def said(folder: Path) -> str:
    """Return the last line that a tool wrote on stderr, fit for a message."""
    lines = (folder / "err").read_bytes()[-2_000:].decode("utf-8", "replace").split("\n")
    return single_line(next((line for line in reversed(lines) if line.strip()), ""), 120)


@contextmanager
def _writing() -> Iterator[None]:
    """Translate what goes wrong where a disk is full, or there is no folder for scratch."""
    try:
        yield
    except OSError as error:
        why = os.strerror(error.errno or EIO).lower()  # what `error` itself says names folders
        raise AnalyzerError(f"its scratch folder can't be written: {why}") from error


def _limited(limits: Limits) -> list[str]:
    script = str(Path(__file__).with_name("limits.py"))
    seconds = max(1, round(limits.seconds))
    numbers = map(str, (seconds, limits.memory, limits.output))
    return [sys.executable, "-I", "-S", script, *numbers]


def _environment(folder: Path) -> dict[str, str]:
    home = str(folder)
    return {"PATH": "/usr/bin:/bin", "HOME": home, "TMPDIR": home, "LC_ALL": "C.UTF-8"}


def _wait(process: subprocess.Popen[bytes], limits: Limits, tool: str) -> int:
    try:
        return process.wait(limits.seconds)
    except subprocess.TimeoutExpired:
        raise AnalyzerError(f"`{tool}` took longer than {limits.seconds:g} seconds") from None
    finally:
        # What it started itself goes with it; also where the user interrupts.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
