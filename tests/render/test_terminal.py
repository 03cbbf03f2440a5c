"""Markdown in a terminal: nothing is lost, doubled or changed once it is finished."""

from __future__ import annotations

import io
import os
import pty
import re
import termios
import threading
import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devchat.render import open_renderer
from devchat.render.terminal.document import Document
from devchat.render.terminal.screen import Screen
from devchat.sanitize import visible
from devchat.types import Chunk
from tests.render.stream import pieces
from tests.render.terminals import (
    OURS,
    REPLIES,
    Terminal,
    above,
    rendered,
    screen,
    show,
    squeezed,
    words,
)

NEVER_FIRST = set("、。，．：；？！）］】》」』”…")
NEVER_LAST = set("（［【《「『“")
LINES = [line for reply in REPLIES.values() for line in reply.split("\n")]
DOCUMENTS = st.lists(st.sampled_from([*LINES, "", "", "- a", "```", "~~~~", "---", "> q"])).map(
    "\n".join
)


@pytest.mark.parametrize("columns", [1, 2, 8, 20, 40, 80, 200])
@pytest.mark.parametrize("name", REPLIES)
def test_every_word_is_seen(name: str, columns: int) -> None:
    # A wide character has no place in a terminal of one column.
    seen = squeezed(rendered([REPLIES[name]], columns).shown())
    for word in words(REPLIES[name]):
        if columns > 1 or word.isascii():
            assert word in seen


@pytest.mark.parametrize("name", ["english", "chinese"])
def test_nothing_is_wider_than_the_terminal(name: str) -> None:
    narrow = rendered([REPLIES[name]], 37)
    assert narrow.shown() == above(screen(narrow.output, 200, 24))


@pytest.mark.parametrize("columns", [9, 20, 33, 60])
def test_punctuation_keeps_to_its_side(columns: int) -> None:
    for line in rendered([REPLIES["chinese"]], columns).shown():
        stripped = line.strip("│ ")
        assert not stripped or stripped[0] not in NEVER_FIRST
        assert not stripped or stripped[-1] not in NEVER_LAST


@pytest.mark.parametrize("name", REPLIES)
@pytest.mark.parametrize(("columns", "lines"), [(80, 24), (30, 5), (20, 2), (1, 1)])
def test_pieces_look_like_the_whole(name: str, columns: int, lines: int) -> None:
    whole = rendered([REPLIES[name]], columns, lines).shown()
    for seed in range(3):
        parts = list(pieces(REPLIES[name], seed, 40))
        assert rendered(parts, columns, lines).shown() == whole


def _drawn(source: str, seed: int, longest: int, terminal: Terminal) -> list[int]:
    """Draw a text after every piece, and say how many bytes each draw had written in all."""
    document, canvas, ends = Document(), Screen(terminal.stream, colour=True), []
    size = canvas.size()
    for piece in pieces(visible(source), seed, longest):
        document.feed(piece)
        settled = document.settle(size.columns)
        scrolled, live = document.live(size.columns, canvas.room(size))
        canvas.draw(settled + scrolled, live, size)
        ends.append(canvas.written)
    canvas.draw(document.settle(size.columns, final=True), [], size)
    canvas.close()
    return ends


@pytest.mark.no_cover
@pytest.mark.long
@given(DOCUMENTS, st.integers(), st.sampled_from([3, 30, 300]), st.sampled_from([3, 9, 24]))
def test_finished_rows_never_change(source: str, seed: int, longest: int, lines: int) -> None:
    with Terminal(50, lines, raw=True) as terminal:
        ends = _drawn(source, seed, longest, terminal)
    final = terminal.shown()
    assert final == rendered([source], 50, lines).shown()
    seen = screen(b"", 50, lines)
    for start, end in zip([0, *ends], ends, strict=False):
        show(seen, terminal.output[start:end])
        finished = above(seen)
        assert final[: len(finished)] == finished


@pytest.mark.parametrize("name", REPLIES)
def test_little_is_written_even_if_every_token_is_drawn(name: str) -> None:
    with Terminal(80, 24, raw=True) as terminal:
        _drawn(REPLIES[name], 0, 4, terminal)
    assert len(terminal.output) < 20 * len(REPLIES[name].encode())


HOSTILE = [
    "\x1b]52;c;aGVsbG8=\x07",
    "\x1b[2J\x1b[6n",
    "\x9b31m\x9d0;t\x9c",
    "\u202egnp.exe\u2066",
    "\U000e0041\U000e0042",
    "&#27;]52;c;x&#7;&#x9b;2J&#x202e;&#9;&#13;&#8;",
    "\x00\x08\x0b\x0c\x7f\r\ud800",
]
PLACES = [
    "{}",
    "# {}\n",
    "`{}`",
    "```{}\ncode\n```",
    "```python\nx = '{}'\n```",
    "    {}\n",
    "| a | {} |\n|---|---|\n| {} | b |\n",
    "[text](<{}>)",
    "![{}](u)",
    "<{}>",
    "<div {}>\n",
    "- {}\n  > {}",
    '[a](b "{}")',
]


@pytest.mark.parametrize("place", PLACES)
def test_nothing_foreign_reaches_the_terminal(place: str) -> None:
    source = "\n\n".join(place.replace("{}", hostile) for hostile in HOSTILE)
    for parts in ([source], list(source)):
        output = rendered([*parts, Chunk("note", source), Chunk("reasoning", source)]).output
        rest = OURS.sub(b"", output).decode()
        for char in set(rest) - set("\r\n"):
            assert unicodedata.category(char) not in {"Cc", "Cs"}
            assert ord(char) not in range(0xE0000, 0xE0080)
            assert ord(char) not in {0x202E, 0x2066}


def test_a_table_too_narrow_to_read_becomes_a_list() -> None:
    header = "| Component | Description |\n|---|---|\n"
    assert rendered([header], 12).shown() == ["Component", "Description"]
    assert rendered([header + "| a | b c |\n| d |\n"], 12).shown() == [
        *("Component: a", "Description:", "b c"),
        *("", "Component: d", "Description:"),
    ]


def test_rich_markup_means_nothing() -> None:
    assert rendered(["[bold red]x[/] :smile:"]).shown() == ["[bold red]x[/] :smile:"]


def test_colours_are_left_out_where_they_are_not_wanted() -> None:
    reply = [REPLIES["english"]]
    coloured = re.compile(rb"\x1b\[[\d;]*3[0-7]m")
    assert coloured.search(rendered(reply).output)
    assert coloured.search(rendered(reply, environ={"NO_COLOR": ""}).output)
    plain = rendered(reply, environ={"NO_COLOR": "1"})
    assert not coloured.search(plain.output)
    assert plain.shown() == rendered(reply).shown()


def test_headings_tell_their_rank() -> None:
    output = rendered(["# One\n\n## Two\n\n### Three\n\n###### Six"]).output
    for shown in (b"\x1b[1;4mOne", b"\x1b[1mTwo", b"\x1b[1;3mThree", b"\x1b[1;3mSix"):
        assert shown in output


def test_the_cursor_comes_back() -> None:
    output = rendered(["some *text"]).output
    assert output.count(b"\x1b[?25l") == output.count(b"\x1b[?25h") == 1
    assert output.endswith(b"\r\n\x1b[?25h")


def test_an_empty_answer_leaves_no_trace() -> None:
    assert rendered([]).output == b""
    assert rendered(["", "\n"]).shown() == []


def test_reasoning_and_notes_stand_apart() -> None:
    chunks = [
        Chunk("note", "waiting\nfor another"),
        Chunk("reasoning", "\n\nLet me "),
        Chunk("reasoning", "think\x1b.\n\n"),
        Chunk("text", "An answer"),
        Chunk("note", "moved to the processor"),
        Chunk("text", " in two parts."),
        Chunk("reasoning", "Hm."),
        Chunk("text", "More."),
    ]
    terminal = rendered(chunks)
    assert terminal.shown() == [
        *("waiting for another", "Let me think␛.", "", "moved to the processor"),
        *("An answer in two parts.", "Hm.", "", "More."),
    ]
    assert b"\x1b[2mLet\x1b[0m" in terminal.output


@pytest.mark.parametrize("columns", [8, 20, 33])
@pytest.mark.parametrize("seed", range(3))
def test_reasoning_is_folded_between_words(columns: int, seed: int) -> None:
    thought = (
        "First, split\nthe diff;\n\n  then number its lines. 先把差异按行拆开，再逐行编号。"
        "「括号」不会留在行尾。\tA word, and more words; " + "x" * 600 + " the end."
    )
    chunks = [Chunk("reasoning", piece) for piece in pieces(thought, seed, 9)]
    seen = rendered([*chunks, Chunk("text", "Done.")], columns, 50).shown()
    assert squeezed(seen) == squeezed([thought, "Done."])
    assert seen[-2:] == ["", "Done."]
    assert not any(row and row[0] in NEVER_FIRST for row in seen)
    inside = "".join(f"{row} " for row in seen).split()
    for word in ("First,", "split", "number", "lines.", "words;", "end."):
        assert word in inside


@pytest.mark.parametrize(
    ("chunks", "seen"),
    [
        ([Chunk("text", "Hi.")], ["", "Hi."]),
        ([Chunk("text", "\n\n```\ncode\n```\nEnd")], ["", "  code", "", "End"]),
        ([Chunk("reasoning", "Hm."), Chunk("text", "Hi.")], ["Hm.", "", "Hi."]),
        ([Chunk("note", "loading"), Chunk("text", "Hi.")], ["loading", "", "Hi."]),
        ([Chunk("text", " ")], []),
    ],
)
def test_an_answer_stands_apart_from_what_is_above(chunks: list[Chunk], seen: list[str]) -> None:
    with Terminal() as terminal:
        out = terminal.stream
        renderer = open_renderer(out, out, {"TERM": "xterm"}, plain=False, apart=True)
        for chunk in chunks:
            renderer.feed(chunk)
        renderer.finish()
    assert terminal.shown() == seen


def test_reasoning_is_left_out_where_standard_error_is_no_terminal() -> None:
    with Terminal() as terminal:
        stderr = io.StringIO()
        renderer = open_renderer(terminal.stream, stderr, {"TERM": "xterm"}, plain=False)
        for kind in ("reasoning", "text", "note", "reasoning"):
            renderer.feed(Chunk(kind, f"a {kind}"))
        renderer.finish()
        renderer.finish()
    assert terminal.shown() == ["a text"]
    assert stderr.getvalue() == "a note\n"


def test_a_terminal_that_knows_no_size_has_the_usual_one() -> None:
    assert max(map(len, rendered(["word " * 60], 80, 24).shown())) <= 80
    with Terminal(0, 0) as terminal:
        renderer = open_renderer(terminal.stream, terminal.stream, {"TERM": "xterm"}, plain=False)
        renderer.feed(Chunk("text", "word " * 60))
        renderer.finish()
    assert max(map(len, above(screen(terminal.output, 200, 24)))) <= 80


def test_a_terminal_that_goes_away_is_an_os_error() -> None:
    master, slave = pty.openpty()
    with os.fdopen(slave, "w") as stdout:
        renderer = open_renderer(stdout, io.StringIO(), {"TERM": "xterm"}, plain=False)
        os.close(master)
        with pytest.raises(OSError):
            while True:
                renderer.feed(Chunk("text", "word "))
                time.sleep(0.01)
        with pytest.raises(OSError):
            renderer.finish()
        renderer.finish()


def test_a_second_interruption_gives_the_terminal_back(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(thread: threading.Thread) -> None:
        raise KeyboardInterrupt

    with Terminal() as terminal:
        echoes = termios.tcgetattr(terminal.stream)[3] & termios.ECHO
        renderer = open_renderer(terminal.stream, io.StringIO(), {"TERM": "xterm"}, plain=False)
        renderer.feed(Chunk("text", "First\n\nSecond"))
        while b"Second" not in terminal.output:
            time.sleep(0.01)
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(threading.Thread, "join", interrupted)
            renderer.finish()
        assert echoes and termios.tcgetattr(terminal.stream)[3] & termios.ECHO
    assert terminal.output.rpartition(b"\x1b[?25")[2].startswith(b"h")


def test_a_terminal_that_is_slow_and_does_not_block_gets_everything() -> None:
    with Terminal() as terminal:
        os.set_blocking(terminal.stream.fileno(), False)
        renderer = open_renderer(terminal.stream, io.StringIO(), {"TERM": "xterm"}, plain=False)
        renderer.feed(Chunk("text", "word " * 20_000))
        renderer.finish()
    assert squeezed(terminal.shown()).count("word") == 20_000


def test_a_note_makes_room_for_itself() -> None:
    with Terminal() as terminal:
        renderer = open_renderer(terminal.stream, terminal.stream, {"TERM": "xterm"}, plain=False)
        renderer.feed(Chunk("text", "First\n\nSecond\n"))
        while b"Second" not in terminal.output:
            time.sleep(0.01)
        renderer.feed(Chunk("note", "moved"))
        renderer.feed(Chunk("text", "part"))
        renderer.finish()
    assert terminal.shown() == ["First", "moved", "", "Second part"]


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(">" * 3000 + " deep", id="quotes"),
        pytest.param("- " * 400 + "deep", id="lists"),
        pytest.param("".join("  " * level + "- deep\n" for level in range(120)), id="nested"),
        pytest.param("[" * 4000 + "deep" + "]" * 4000, id="brackets"),
        pytest.param("**a" * 2000 + " deep", id="strong"),
        pytest.param("|" + "a|" * 200 + "\n|" + "-|" * 200 + "\n|" + "deep|" * 200, id="table"),
        pytest.param("x" * 50_000 + " deep", id="word"),
        pytest.param("好，" * 20_000 + " deep", id="characters"),
        pytest.param("e" + "\u0301" * 5_000 + " deep", id="marks"),
        pytest.param("\n" * 20_000 + " deep", id="blank lines"),
        pytest.param("```python\n" + 'x = \'a\' + """b\n' * 500 + "deep", id="code"),
    ],
)
def test_no_nesting_is_too_deep_and_no_line_too_long(source: str) -> None:
    assert "deep" in squeezed(rendered([source]).shown())
