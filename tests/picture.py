"""Record a real session in a terminal and draw it as an SVG: the picture in the README."""

from __future__ import annotations

import io
import os
import sys
import tempfile
from pathlib import Path

import pexpect
import pyte
from rich.console import Console
from rich.style import Style
from rich.text import Text

ROOT = Path(__file__).parent.parent
COLUMNS, LINES = 92, 60
QUESTION = ["ask", "-f", "devchat/sanitize.py:24-60", "what does visible do?"]


def picture() -> str:
    """Ask the embedded model a question about this project and return what the screen shows."""
    screen = _record(QUESTION)
    used = max(number for number, line in enumerate(screen.display) if line.strip()) + 1
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    words = " ".join(f'"{word}"' if " " in word else word for word in QUESTION)
    console.print(Text(f"$ devchat {words}", style="bold"))
    for number in range(used):
        console.print(_line(screen, number), no_wrap=True)
    return console.export_svg(title="devchat", unique_id="devchat")


def _record(arguments: list[str]) -> pyte.Screen:
    with tempfile.TemporaryDirectory(prefix="dc-") as home:
        environ = os.environ | {
            "DEVCHAT_CONFIG_DIR": f"{home}/config",
            "DEVCHAT_RUNTIME_DIR": f"{home}/run",
            "DEVCHAT_LOCAL_KEEP_ALIVE": "0",
            "DEVCHAT_TEMPERATURE": "0",
            "TERM": "xterm-256color",
        }
        child = pexpect.spawn(
            sys.executable, ["-m", "devchat", *arguments],
            env=environ, cwd=str(ROOT), dimensions=(LINES, COLUMNS), encoding="utf-8", timeout=300,
        )  # fmt: skip
        child.expect(pexpect.EOF)
        screen = pyte.Screen(COLUMNS, LINES)
        pyte.Stream(screen).feed(str(child.before))
        return screen


def _line(screen: pyte.Screen, number: int) -> Text:
    text = Text()
    for column in range(COLUMNS):
        cell = screen.buffer[number][column]
        colour = None if cell.fg == "default" else cell.fg.replace("brown", "yellow")
        colour = (
            colour.replace("bright", "bright_")
            if colour and colour.startswith("bright")
            else colour
        )
        style = Style(color=colour, bold=cell.bold, italic=cell.italics, underline=cell.underscore)
        text.append(cell.data, style)
    text.rstrip()
    return text
