"""Write the pages that are made from the program itself: `make docs`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from devchat.cli import COMMANDS

DOCS = Path(__file__).parent.parent / "docs"
GROUPS = {
    "config": ("show", "get", "set", "unset", "edit", "path"),
    "models": ("list", "ps", "stop"),
    "prompts": ("list", "show", "edit", "new"),
}
INTRODUCTION = """# Commands

What `--help` says, command by command. This page is written by `make docs` and checked by a test.
"""


def commands_page() -> str:
    """Return docs/commands.md as it should be."""
    calls: list[tuple[str, ...]] = [()]
    for command in COMMANDS:
        calls.append((command,))
        calls += [(command, sub) for sub in GROUPS.get(command, ())]
    return "\n".join([INTRODUCTION, *map(_section, calls)])


def _section(call: tuple[str, ...]) -> str:
    title = " ".join(("devchat", *call))
    done = subprocess.run(
        [sys.executable, "-m", "devchat", *call, "--help"],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"COLUMNS": "90", "NO_COLOR": "1"},
    )
    return f"## {title}\n\n```text\n{done.stdout.rstrip()}\n```\n"


if __name__ == "__main__":
    (DOCS / "commands.md").write_text(commands_page())
