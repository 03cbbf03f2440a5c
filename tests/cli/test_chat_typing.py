"""Longer texts at the prompt of `devchat chat`: pasted, folded, wide, kept for the arrow keys."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.chatting import ENTER, TAB, UP, Chat, control, pasted, write_script

LINES = "\n".join(f"line {number}" for number in range(500))


@pytest.fixture
def talk(environ: dict[str, str], home: Path) -> Chat:
    """A conversation with a model that says `echo 1`, `echo 2`, ..."""
    model = write_script(home, *(f"echo {number}" for number in range(1, 10)))
    return Chat(environ, home, "-m", model)


def test_a_small_paste_is_one_message(talk: Chat) -> None:
    with talk:
        talk.ready()
        talk.send(pasted("one\r\ntwo\rthree\nfour\nfive"))
        talk.wait("  five")
        talk.send(ENTER)
        talk.wait("echo 1")
        talk.say("/save talk.md")
        talk.wait("written to")
        assert "one\ntwo\nthree\nfour\nfive\n" in (Path(talk.child.cwd) / "talk.md").read_text()


def test_a_large_paste_folds_and_is_sent_whole(talk: Chat) -> None:
    with talk:
        talk.ready()
        talk.send("what is ", pasted("\n".join(f"line {n}" for n in range(500))), " about?")
        talk.wait("> what is [pasted #1, 500 lines] about?")
        talk.send(ENTER)
        talk.wait("echo 1")
        talk.say("/save talk.md")
        talk.wait("written to")
        assert "line 498\nline 499 about?" in (Path(talk.child.cwd) / "talk.md").read_text()


def test_a_long_line_folds_too(talk: Chat) -> None:
    with talk:
        talk.ready()
        talk.send(pasted("x" * 2000), pasted("y" * 2000))
        talk.wait("> [pasted #1, 2,000 characters][pasted #2, 2,000 characters]")


def test_the_same_placeholder_typed_by_hand_is_only_text(talk: Chat) -> None:
    with talk:
        talk.ready()
        talk.send(pasted(LINES), " [pasted #1, 3 lines] [pasted #2, 500 lines]")
        talk.wait("[pasted #2")
        talk.send(ENTER)
        talk.wait("echo 1")
        talk.say("/save talk.md")
        talk.wait("written to")
        saved = (Path(talk.child.cwd) / "talk.md").read_text()
        assert "line 499 [pasted #1, 3 lines] [pasted #2, 500 lines]" in saved


def test_a_folded_text_is_whole_in_the_editor(environ: dict[str, str], home: Path) -> None:
    editor = home / "editor.sh"
    editor.write_text('#!/bin/sh\nsed -i "/line [1-9]/d" "$1"\n')
    editor.chmod(0o755)
    with Chat(environ | {"EDITOR": str(editor)}, home, "-m", write_script(home, "x")) as talk:
        talk.ready()
        talk.send(pasted(LINES), " so?")
        talk.wait("[pasted #1, 500 lines] so?")
        talk.send(control("g"))
        talk.wait("> line 0")
        talk.wait_gone("pasted")
    with Chat(environ | {"EDITOR": "true"}, home, "-m", write_script(home, "x")) as talk:
        talk.ready()
        talk.send(pasted(LINES), " so?")
        talk.wait("[pasted #1, 500 lines] so?")
        talk.send(control("g"))
        talk.send("!")
        talk.wait("[pasted #1, 500 lines] so?!")


def test_another_day_an_arrow_brings_back_the_whole_paste(
    environ: dict[str, str], home: Path
) -> None:
    with Chat(environ, home, "-m", write_script(home, "echo 1")) as talk:
        talk.ready()
        talk.send("what is ", pasted("\n".join("abcdefghij")), " about?")
        talk.wait("> what is [pasted #1, 10 lines] about?")
        talk.send(ENTER)
        talk.wait("echo 1")
        talk.ready()
        talk.send(UP)
        talk.wait("> what is [pasted #1, 10 lines] about?", times=2)
        talk.send(control("c"))
        talk.ready()
        talk.send("long ", pasted("x" * 100_000))
        talk.wait("[pasted #2, 100,000 characters]")
        talk.send(ENTER)
        talk.wait("error: ")
    with Chat(environ, home, "-m", write_script(home, "x")) as talk:
        talk.ready()
        talk.send(UP)
        talk.wait("> what is a\n  b\n  c\n")
        talk.wait("  j about?")


def test_without_saving_nothing_typed_is_kept(environ: dict[str, str], home: Path) -> None:
    with Chat(environ, home, "-m", write_script(home, "echo 1"), "--no-save") as talk:
        talk.say("a secret")
        talk.wait("echo 1")
        talk.ready()
        talk.send(UP)
        talk.wait("> a secret", times=2)
    assert not (home / "data").exists()


def test_wide_characters_are_typed_wrapped_and_deleted(environ: dict[str, str], home: Path) -> None:
    model = write_script(home, "好的。")
    with Chat(environ, home, "-m", model, columns=30) as talk:
        talk.ready()
        talk.send("请解释一下这个函数为什么会返回空列表呢吗")
        talk.wait("呢吗")
        talk.send("\x7f", "？")
        talk.wait("列表呢？")
        assert "> 请解释一下这个函数为什么会返\n" in talk.text
        talk.send(ENTER)
        talk.wait("好的。")
        talk.ready()
        talk.say("/save t.md")
        talk.wait("written to")
        saved = (home / "t.md").read_text()
        assert "请解释一下这个函数为什么会返回空列表呢？" in saved


@pytest.mark.measured
def test_a_file_named_within_chinese(environ: dict[str, str], home: Path) -> None:
    (home / "笔记").mkdir()
    (home / "笔记" / "一.txt").write_text("the note\n")
    with Chat(environ, home, "-m", write_script(home, "echo 1", "echo 2")) as talk:
        talk.ready()
        talk.send("看@笔", TAB)
        talk.wait("> 看@笔记/")
        talk.send("一", TAB)
        talk.wait("> 看@笔记/一.txt")
        talk.send("是什么？", ENTER)
        talk.wait("echo 1")
        talk.say("/save t.md")
        talk.wait("written to")
        assert "the note" in (home / "t.md").read_text()


@pytest.mark.measured
def test_a_narrow_terminal(environ: dict[str, str], home: Path) -> None:
    (home / "notes.txt").write_text("the note\n")
    model = write_script(home, "echo 1")
    with Chat(environ, home, "-m", model, columns=40, lines=15) as talk:
        talk.say("/file notes.txt")
        talk.wait("scripted:script.json on this machine\n0 of 8,192 tokens (0%) · 1 attached")
        talk.say("/help")
        talk.wait("/drop [NAME...]\n  take attachments back: all, or some\n/explain")
        assert all(len(line) <= 40 for line in talk.lines)


@pytest.mark.measured
def test_without_colour(environ: dict[str, str], home: Path) -> None:
    with Chat(
        environ | {"NO_COLOR": "1"}, home, "-m", write_script(home, "**so** `it` is")
    ) as talk:
        talk.say("hello")
        talk.wait("so it is")
        talk.say("/nope")
        talk.wait("error: no command")
        talk.ready()
    assert not any(f"\x1b[{code}" in talk.raw for code in ("31", "32", "36", "38", "1;31"))
