"""Every command of `devchat chat`, in a real terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from devchat.cli.chat.commands import COMMANDS
from tests.cli.chatting import ENTER, Chat, saved, write_script
from tests.conftest import Devchat


@pytest.fixture
def talk(environ: dict[str, str], home: Path) -> Chat:
    """A conversation with a model that says `echo 1`, `echo 2`, ..."""
    (home / "notes.txt").write_text("the note\n")
    model = write_script(home, *(f"echo {number}" for number in range(1, 10)))
    return Chat(environ, home, "-m", model)


def say(talk: Chat, text: str, answer: str) -> None:
    talk.say(text)
    talk.wait(answer)
    talk.ready()


def test_help_lists_every_command_and_key(talk: Chat) -> None:
    with talk:
        talk.say("/help")
        talk.wait("Ctrl-X Ctrl-E")
        assert [name for name in COMMANDS if f"/{name} " not in talk.text] == []
        say(talk, "/help rewind", "/rewind [NUMBER]  go back before")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("/quti", "hint: did you mean `/quit`?"),
        ("/co", "hint: did you mean `/continue` or `/compact` or `/copy` or `/context`?"),
        ("/xyzzy", "hint: `/help` lists what there is"),
        ("/rewind", "error: there is no question yet"),
        ("/copy", "error: there is no answer to copy"),
        ("/save", "error: there is no name for the file"),
        ("/save x.md", "error: nothing was said yet"),
        ("/context", "nothing was said yet"),
        ("/search", "error: there is nothing to search for"),
        ("/search unheard", "nothing found for `unheard`"),
        ("/resume", "there is no earlier conversation"),
        ("/resume zzzz", "error: "),
        ("/drop x.py", "error: `x.py` is not attached"),
        ("/file", "nothing is attached"),
        ("/file nothing.py", "error: `nothing.py` does not exist"),
        ("/file -", "error: standard input is the keyboard here"),
        ("/file !", "error: no command was run yet"),
        ("/file 'notes", "error: `'notes` does not exist"),
        ("/model nope", "error: no model named `nope`"),
        ("/prompt nope", "error: no prompt named `nope`"),
        ("!", "`!COMMAND` runs a shell command"),
    ],
)
def test_what_can_not_be_done_is_said(talk: Chat, typed: str, said: str) -> None:
    with talk:
        say(talk, typed, said)


def test_a_path_is_no_command(talk: Chat) -> None:
    with talk:
        say(talk, "/usr/bin/env is what?", "echo 1")


def test_files_go_along_once(talk: Chat) -> None:
    with talk:
        say(talk, "/file notes.txt", "  notes.txt")
        talk.wait("1 attached")
        say(talk, "what does it say?", "echo 1")
        say(talk, "and now?", "echo 2")
        assert saved(talk).count("the note\n") == 1


@pytest.mark.measured
def test_what_was_attached_can_be_dropped(talk: Chat) -> None:
    with talk:
        say(talk, "/file notes.txt script.json", "  script.json")
        say(talk, "/drop notes.txt", "1 taken back")
        say(talk, "/file", "takes along:\n  script.json")
        say(talk, "/drop", "1 taken back")
        say(talk, "/file", "nothing is attached")


@pytest.mark.measured
def test_mentioned_files_go_along(talk: Chat) -> None:
    with talk:
        talk.say("看看（@notes.txt），and @nobody and @none/such.py.")
        talk.wait("`@none/such.py` is no file here: it is sent as a word")
        talk.wait("echo 1")
        assert "the note\n" in saved(talk)


@pytest.mark.measured
def test_another_model_another_prompt_another_system_text(talk: Chat, home: Path) -> None:
    (home / "other.json").write_text(json.dumps({"answers": ["other 1"], "context_tokens": 4000}))
    with talk:
        say(talk, "/model", "scripted:script.json on this machine: window 8,192 tokens, large")
        say(talk, "/model scripted:other.json", "window 4,000 tokens")
        talk.wait("scripted:other.json on this machine · 0 of 4,000")
        say(talk, "/system Be brief.", "from the next question on:\nBe brief.")
        say(talk, "/system", "you said:\nBe brief.")
        say(talk, "/system -", "the prompt `ask` says:\nYou are devchat")
        say(talk, "/prompt", "*  ask")
        say(talk, "/prompt commit", "the prompt is `commit` from the next question on")
        say(talk, "hello", "other 1")


def test_retry_by_another_model(talk: Chat, home: Path) -> None:
    (home / "other.json").write_text(json.dumps({"answers": ["other 1", "other 2"]}))
    with talk:
        say(talk, "hello", "echo 1")
        say(talk, "/retry", "echo 2")
        say(talk, "/retry scripted:other.json", "other 1")
        text = saved(talk)
        assert "other 1" in text and "echo" not in text and text.count("hello") == 1


def test_what_is_attached_stays_when_a_question_is_taken_back(talk: Chat) -> None:
    with talk:
        say(talk, "/file notes.txt", "  notes.txt")
        say(talk, "what does it say?", "echo 1")
        say(talk, "/file script.json", "  script.json")
        talk.say("/rewind")
        talk.wait("2 attached")


def test_rewind_takes_questions_back(talk: Chat) -> None:
    with talk:
        say(talk, "first @notes.txt", "echo 1")
        say(talk, "second", "echo 2")
        say(talk, "third", "echo 3")
        talk.say("/rewind 2")
        talk.wait("1 question stays before this one")
        talk.wait("> second", times=2)
        talk.send(" again", ENTER)
        talk.wait("echo 4")
        talk.ready()
        text = saved(talk)
        assert "second again" in text and "third" not in text
        talk.say("/rewind 99")
        talk.wait("at the beginning")
        talk.wait("> first @notes.txt", times=2)
        talk.send("\x03")
        say(talk, "/rewind 1", "error: there is no question yet")
        say(talk, "/rewind x", "error: there is no question yet")


@pytest.mark.measured
def test_edit_asks_another_question_instead(environ: dict[str, str], home: Path) -> None:
    editor = home / "editor.sh"
    editor.write_text('#!/bin/sh\nsed -i s/red/blue/ "$1"\n')
    editor.chmod(0o755)
    model = write_script(home, "echo 1", "echo 2")
    with Chat(environ | {"EDITOR": str(editor)}, home, "-m", model) as talk:
        say(talk, "is it red?", "echo 1")
        say(talk, "/edit", "echo 2")
        assert "is it blue?" in saved(talk) and "red" not in saved(talk, "more.md")
        say(talk, "/edit", "the question stays as it is")


@pytest.mark.measured
def test_new_resume_and_search(talk: Chat) -> None:
    with talk:
        say(talk, "how does 数据库连接池 work?", "echo 1")
        say(talk, "/new", "a new conversation")
        say(talk, "something else", "echo 2")
        talk.say("/resume")
        name = talk.wait_match(r"(?m)^[a-z2-7]{8}(?=.*how does 数据库连接池 work)")
        say(talk, "/search 连接池", "how does 数据库连接池 work?")
        say(talk, f"/resume {name}", "> how does 数据库连接池 work?\n\necho 1")
        say(talk, "and then?", "echo 3")
        text = saved(talk)
        assert "连接池" in text and "and then?" in text and "something else" not in text


def test_fork_shares_what_was_said(talk: Chat) -> None:
    with talk:
        say(talk, "shared", "echo 1")
        say(talk, "/fork", "goes on from here")
        say(talk, "only here", "echo 2")
        assert "shared" in saved(talk)
        talk.say("/resume")
        talk.wait("`/resume ID` goes on with one")
        rows = [one for one in talk.lines if one.endswith(" shared") and one[0] != ">"]
        assert len(rows) == 2
        say(talk, f"/resume {rows[1].split()[0]}", "> shared\n\necho 1")
        assert "only here" not in saved(talk, "other.md")


@pytest.mark.measured
def test_copy_by_the_terminal_or_a_tool(environ: dict[str, str], home: Path) -> None:
    model = write_script(home, "See:\n\n```python\nprint(1)\n```\n", "No code.")
    with Chat(environ, home, "-m", model) as talk:
        say(talk, "code?", "print(1)")
        say(talk, "/copy code", "9 characters copied by the terminal")
        assert "\x1b]52;c;cHJpbnQoMSkK\x07" in talk.raw
        say(talk, "/copy all", "error: no part of an answer is named `all`")
        say(talk, "more?", "No code.")
        say(talk, "/copy code", "error: the answer holds no code block")
    (home / "bin").mkdir()
    tool = home / "bin" / "xclip"
    tool.write_text(f"#!/bin/sh\ncat > {home}/clipboard\n")
    tool.chmod(0o755)
    path = f"{home}/bin:{environ['PATH']}"
    with Chat(environ | {"DISPLAY": ":9", "PATH": path}, home, "-m", model) as talk:
        say(talk, "code?", "print(1)")
        say(talk, "/copy", "copied by xclip")
    assert (home / "clipboard").read_text().startswith("See:")


def test_save_never_overwrites(talk: Chat, home: Path) -> None:
    with talk:
        say(talk, "hello", "echo 1")
        assert saved(talk) == "## You\n\nhello\n\n## scripted:script.json\n\necho 1\n"
        assert (home / "talk.md").stat().st_mode & 0o777 == 0o600
        say(talk, "/save talk.md", "error: `talk.md` is there already")
        say(talk, "/save none/talk.md", "error: `none/talk.md` can't be written")


@pytest.mark.measured
def test_tokens_and_context(talk: Chat) -> None:
    with talk:
        say(talk, "hello", "echo 1")
        talk.wait("of 8,192 tokens (2%)")
        talk.say("/tokens")
        talk.wait("window ")
        numbers = {
            line[:20].strip(): int(line[20:].replace(",", ""))
            for line in talk.lines
            if line.startswith(("system", "earlier", "next", "kept", "free", "window"))
        }
        assert sum(numbers.values()) == 2 * 8192
        say(talk, "/context", "1  sent  ")


@pytest.mark.measured
def test_clear_clears_the_screen(talk: Chat) -> None:
    with talk:
        say(talk, "hello", "echo 1")
        talk.say("/clear")
        talk.ready()
        assert "echo 1" not in "\n".join(talk.screen.display)


@pytest.mark.parametrize("command", ["/quit", "/exit"])
def test_quit_leaves(talk: Chat, command: str) -> None:
    with talk:
        talk.say(command)
        assert talk.end() == 0


@pytest.mark.measured
def test_a_first_question_and_files_from_the_command_line(
    environ: dict[str, str], home: Path
) -> None:
    (home / "notes.txt").write_text("the note\n")
    model = write_script(home, "echo 1")
    with Chat(environ, home, "-m", model, "-f", "notes.txt", "what", "is it?") as talk:
        talk.wait("> what is it?\n\necho 1")
        talk.ready()
        assert "the note" in saved(talk) and "what is it?" in saved(talk, "more.md")


@pytest.mark.measured
def test_without_a_terminal_it_says_so(devchat: Devchat) -> None:
    done = devchat("chat")
    assert done.returncode == 2
    assert "error: `devchat chat` needs a terminal" in done.stderr


@pytest.mark.measured
def test_a_question_that_does_not_fit_is_the_draft_again(
    environ: dict[str, str], home: Path
) -> None:
    model = write_script(home, "echo 1", context_tokens=400)
    with Chat(environ, home, "-m", model) as talk:
        talk.say("why " * 20 + "@script.json")
        talk.wait("echo 1")
        talk.ready()
        # It is back so soon that nobody may see it gone.
        talk.send("x " * 300 + "end")
        talk.wait("x end")
        talk.send(ENTER)
        talk.wait("error: the question alone takes")
        talk.wait("x end", times=2)


@pytest.mark.measured
def test_explain_adds_the_facts_that_code_finds(talk: Chat, home: Path) -> None:
    (home / "shop.py").write_text("class Cart:\n    @property\n    def total(self): ...\n")
    with talk:
        say(talk, "/explain", "error: there is nothing to explain")
        say(talk, "/explain shop.py", "echo 1")
        text = saved(talk)
        assert "Explain what is attached. A program found these facts:" in text
        assert "class Cart" in text.split("these facts:")[1]
        talk.say("!cat shop.py")
        talk.wait("[y/N]")
        talk.send(ENTER)
        say(talk, "/explain !", "echo 2")
