"""Raw text where there is no terminal, or where none is wanted."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devchat.errors import DevchatError, UsageError
from devchat.render import open_renderer
from devchat.render.console import note, show_error
from devchat.sanitize import visible
from devchat.types import Chunk
from tests.render.terminals import Terminal, shown

PIECES = st.lists(st.text(st.characters(exclude_categories=())))


def _plain(chunks: list[Chunk]) -> tuple[str, str]:
    stdout, stderr = io.StringIO(), io.StringIO()
    renderer = open_renderer(stdout, stderr, {}, plain=False)
    for chunk in chunks:
        renderer.feed(chunk)
    renderer.finish()
    renderer.finish()
    return stdout.getvalue(), stderr.getvalue()


@given(PIECES)
def test_text_passes_visibly_and_ends_its_line(pieces: list[str]) -> None:
    stdout, _ = _plain([Chunk("text", piece) for piece in pieces])
    whole = visible("".join(pieces))
    assert stdout == (whole if not whole or whole.endswith("\n") else whole + "\n")


def test_only_text_goes_to_standard_output() -> None:
    chunks = [Chunk("reasoning", "hm"), Chunk("note", "a\nnote\x1b"), Chunk("text", "**a**")]
    assert _plain(chunks) == ("**a**\n", "a note␛\n")


@pytest.mark.parametrize(
    ("environ", "plain"), [({"TERM": "xterm"}, True), ({"TERM": "dumb"}, False), ({}, False)]
)
def test_a_terminal_may_be_spoken_to_plainly(environ: dict[str, str], plain: bool) -> None:
    with Terminal() as terminal:
        renderer = open_renderer(terminal.stream, terminal.stream, environ, plain=plain)
        renderer.feed(Chunk("text", "# Title"))
        renderer.finish()
    assert terminal.output == b"# Title\r\n"


def test_what_the_encoding_lacks_is_escaped() -> None:
    script = (
        "import sys; from devchat.render import open_renderer; from devchat.types import Chunk;"
        "r = open_renderer(sys.stdout, sys.stderr, {}, plain=True);"
        "r.feed(Chunk('text', 'caf\\xe9 \\u4e2d')); r.finish()"
    )
    environ = os.environ | {"PYTHONIOENCODING": "latin-1"}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, env=environ)
    assert (done.returncode, done.stdout) == (0, b"caf\xe9 \\u4e2d\n")


def test_rendering_loads_no_heavy_library_before_it_must() -> None:
    script = (
        "import sys, devchat.render.plain, devchat.render.console, devchat.render.reply;"
        "import devchat.render.terminal;"
        "print([name for name in ('rich', 'markdown_it', 'pygments') if name in sys.modules])"
    )
    root = Path(__file__).parent.parent.parent
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=root)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (UsageError("no `x`\x1b", "try `y`"), "error: no `x`␛\n\nhint: try `y`\n"),
        (DevchatError("gone"), "error: gone\n"),
    ],
)
def test_errors_say_what_to_do(error: DevchatError, shown: str) -> None:
    stderr = io.StringIO()
    show_error(stderr, error)
    assert stderr.getvalue() == shown


@pytest.mark.parametrize(
    ("environ", "dim", "red"),
    [
        ({"TERM": "xterm"}, b"\x1b[2mso\x1b[0m", b"\x1b[1;31merror:\x1b[0m"),
        ({"TERM": "xterm", "NO_COLOR": "1"}, b"so", b"error:"),
        ({"TERM": "dumb"}, b"so", b"error:"),
    ],
)
def test_notes_are_dim_in_a_terminal(
    environ: dict[str, str], dim: bytes, red: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    with Terminal() as terminal:
        note(terminal.stream, "so")
        show_error(terminal.stream, DevchatError("bad"))
    assert terminal.output == dim + b"\r\n" + red + b" bad\r\n"


@pytest.mark.parametrize(
    ("columns", "seen"),
    [
        (20, ["a note that is", "longer than a", "`command --line`"]),
        (80, ["a note that is longer than a `command --line`"]),
        (0, ["a note that is longer than a `command --line`"]),
    ],
)
def test_notes_fold_between_words(columns: int, seen: list[str]) -> None:
    with Terminal(columns) as terminal:
        note(terminal.stream, "a note that is longer than a `command --line`")
    assert shown(terminal.output, 80, 24) == seen
