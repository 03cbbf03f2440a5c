"""Put a text on the clipboard: by the system's own tool, or by asking the terminal to."""

from __future__ import annotations

import subprocess
from base64 import b64encode
from collections.abc import Mapping
from typing import TextIO

# Each with the variable that tells whether it can work here; pbcopy comes with macOS, and tmux
# lets no program within it ask the terminal.
TOOLS = (
    ("WAYLAND_DISPLAY", ("wl-copy",)),
    ("DISPLAY", ("xclip", "-selection", "clipboard")),
    ("DISPLAY", ("xsel", "--clipboard", "--input")),
    ("", ("pbcopy",)),
    ("TMUX", ("tmux", "load-buffer", "-w", "-")),
)


def copy(text: str, environ: Mapping[str, str], terminal: TextIO) -> str:
    """Copy a text and return by what: the name of a tool, or `the terminal`.

    The terminal is asked by OSC 52, which most obey and which works through ssh too.
    https://invisible-island.net/xterm/ctlseqs/ctlseqs.html
    """
    for variable, tool in TOOLS:
        if (not variable or environ.get(variable)) and _run(tool, text, environ):
            return tool[0]
    terminal.write(f"\x1b]52;c;{b64encode(text.encode('utf-8', 'replace')).decode()}\x07")
    terminal.flush()
    return "the terminal"


def _run(tool: tuple[str, ...], text: str, environ: Mapping[str, str]) -> bool:
    # Not captured: xclip stays behind to serve the text, and would keep a pipe open.
    quiet = subprocess.DEVNULL
    try:
        data = text.encode("utf-8", "replace")
        done = subprocess.run(tool, input=data, env=dict(environ), stdout=quiet, stderr=quiet)
    except OSError:
        return False
    return done.returncode == 0
