"""How an answer reaches a reader: the `Renderer` protocol, and the one place that chooses one."""

from __future__ import annotations

from collections.abc import Mapping
from io import TextIOWrapper
from typing import Protocol, TextIO

from devchat.types import Chunk


class Renderer(Protocol):
    """Shows an answer as it arrives."""

    def feed(self, chunk: Chunk) -> None:
        """Show a chunk, soon. Raises `OSError` where the output is gone."""

    def finish(self) -> None:
        """Show what is left and end the line; also after an interruption or an error.

        Calling it again does nothing. Raises `OSError` where the output is gone.
        """


def open_renderer(
    stdout: TextIO,
    stderr: TextIO,
    environ: Mapping[str, str],
    *,
    plain: bool,
    apart: bool = False,
) -> Renderer:
    """Open the renderer that fits: Markdown in a terminal, raw text elsewhere or if `plain`.

    With `apart`, a blank row sets Markdown apart from the notes that stand above it.
    Open it once the question is on its way: the terminal's one loads Markdown meanwhile.
    """
    for stream in (stdout, stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    if plain or not stdout.isatty() or environ.get("TERM", "dumb") in {"", "dumb"}:
        from devchat.render.plain import PlainRenderer

        return PlainRenderer(stdout, stderr)
    from devchat.render.terminal import TerminalRenderer

    return TerminalRenderer(stdout, stderr, colour=not environ.get("NO_COLOR"), apart=apart)
