"""Record real sessions in a terminal and draw them as SVG: the pictures in the README."""

from __future__ import annotations

import io
import os
import re
import sys
import tempfile
from pathlib import Path

import pexpect
import pyte
from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.style import Style
from rich.text import Text

ROOT = Path(__file__).parent.parent
COLUMNS, LINES = 96, 60
# The embedded model answers this one rightly; `make demo` asks the same.
QUESTION = [
    "ask",
    "-f",
    "devchat/render/terminal/style.py:5-12",
    "List the names and their values.",
]
# The change that `make demo` reviews; without a model, so that the picture is always the same.
REVIEW = ["review", "--no-model", "--max-findings", "2", "docs/demo.patch"]
FONTS = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"


def picture(arguments: list[str]) -> str:
    """Run devchat in a terminal and return what the screen shows."""
    words = " ".join(f'"{word}"' if " " in word else word for word in arguments)
    lines = [Text(f"$ devchat {words}", style="bold"), *_shown(_record(arguments))]
    width = max(line.cell_len for line in lines) + 1
    console = Console(record=True, width=width, file=io.StringIO(), force_terminal=True)
    for line in lines:
        console.print(line, no_wrap=True)
    return console.export_svg(title="devchat", code_format=_frame(), unique_id="devchat")


def _frame() -> str:
    # Rich's own, without the fonts that it would fetch from the network.
    without = re.sub(r"@font-face \{\{.*?\}\}\s*", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
    return re.sub(r"font-family: [^;]*", f"font-family: {FONTS}", without)


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
        # pyte knows no dim text; devchat never blinks.
        pyte.Stream(screen).feed(re.sub(r"\x1b\[2(?=[;m])", "\x1b[5", str(child.before)))
        return screen


def _shown(screen: pyte.Screen) -> list[Text]:
    used = max(number for number, line in enumerate(screen.display) if line.strip()) + 1
    return [_line(screen, number) for number in range(used)]


def _line(screen: pyte.Screen, number: int) -> Text:
    text = Text()
    for column in range(COLUMNS):
        cell = screen.buffer[number][column]
        colour = None if cell.fg == "default" else cell.fg.replace("brown", "yellow")
        style = Style(
            color=colour, bold=cell.bold, dim=cell.blink, italic=cell.italics,
            underline=cell.underscore, strike=cell.strikethrough,
        )  # fmt: skip
        text.append(cell.data, style)
    text.rstrip()
    return text
