"""How long `devchat chat` takes to its prompt, against a bare prompt of prompt_toolkit."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import termios
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import perf_counter

from tests.benchmarks.pairs import Contestant, Row, compare, interleave

ROUNDS = 15
BAR = 3.0
DRAWN = b"\x1b[?7h"
"""What prompt_toolkit writes at the end of a draw: lines wrap again."""
BARE = "from prompt_toolkit import PromptSession; PromptSession('> ').prompt()"


def measure(environ: Mapping[str, str]) -> list[Row]:
    """Time both to the first prompt: with a scripted model, and with the embedded one."""
    home = Path(environ["HOME"])
    (home / "repl.json").write_text('{"answers": []}')
    devchat = str(Path(sys.executable).with_name("devchat"))
    environ = {**environ, "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1"}
    contestants = {
        "bare": _until_prompt([sys.executable, "-c", BARE], environ),
        "chat": _until_prompt([devchat, "chat", "-m", f"scripted:{home}/repl.json"], environ),
        "embedded": _until_prompt([devchat, "chat"], environ),
    }
    seconds = interleave(contestants, ROUNDS)
    subprocess.run([devchat, "models", "stop", "--all"], env=environ, check=True)
    what = "`devchat chat` to its prompt against a bare prompt_toolkit"
    return [
        compare(seconds, what, "chat", "bare", BAR),
        compare(seconds, f"{what}, the embedded model", "embedded", "bare", BAR),
    ]


def _until_prompt(command: Sequence[str], environ: Mapping[str, str]) -> Contestant:
    """A contestant that runs a command in a terminal until its prompt is drawn."""

    def run(number: int) -> float:
        started = perf_counter()
        process, terminal = pty.fork()
        if not process:
            termios.tcsetwinsize(0, (24, 80))
            os.execve(command[0], list(command), dict(environ))
        seen = b""
        while DRAWN not in seen:
            seen += os.read(terminal, 4096)
        taken = perf_counter() - started
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        os.close(terminal)
        return taken

    return run
