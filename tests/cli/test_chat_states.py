"""The commands of `devchat chat` in odd places: nothing said yet, cut off, failed, gone back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from devchat.history import open_history
from devchat.settings import Paths
from tests.cli.chatting import ENTER, ESCAPE, Chat, control, pasted, saved, write_script
from tests.conftest import Devchat
from tests.fakes.service import Service, said, streamed

WORDS = " ".join(f"word{number}" for number in range(1000))
BROKEN = {"text": "It beg", "error": {"message": "the line broke", "hint": "ask again"}}
SILENT = {"text": "", "error": {"message": "the line broke", "hint": "ask again"}}


def say(talk: Chat, text: str, answer: str) -> None:
    talk.say(text)
    talk.wait(answer)
    talk.ready()


@pytest.mark.parametrize(
    "command", ["/fork", "/rewind", "/retry", "/continue", "/edit", "/compact", "/rewind x"]
)
def test_before_the_first_question(environ: dict[str, str], home: Path, command: str) -> None:
    with Chat(environ, home, "-m", write_script(home, "echo 1")) as talk:
        say(talk, command, "error: there is no question yet")
        say(talk, "/tokens", "earlier exchanges        0")
        say(talk, "/new", "a new conversation\n")
        say(talk, "hello", "echo 1")


def test_after_an_interruption(environ: dict[str, str], home: Path) -> None:
    model = write_script(home, WORDS, "echo 2", "echo 3", tokens_per_second=50)
    with Chat(environ, home, "-m", model) as talk:
        talk.say("count")
        talk.wait("word9")
        talk.send(ESCAPE)
        talk.wait("`/continue` goes on with it")
        talk.ready()
        say(talk, "/copy", "characters copied by the terminal")
        say(talk, "/fork", "goes on from here")
        say(talk, "/continue", "echo 2")
        say(talk, "/retry", "echo 3")
        text = saved(talk)
        assert text.count("word9") == 1 and "(interrupted)" in text
        assert "echo 2" not in text and "exactly where it stops" in text


def test_reasoning_is_set_apart_too(environ: dict[str, str], home: Path) -> None:
    answer = {"text": "42.", "reasoning": "Six times seven."}
    with Chat(environ, home, "-m", write_script(home, answer)) as talk:
        say(talk, "well?", "> well?\n\nSix times seven.\n\n42.\n\n>")


def test_interrupted_before_the_first_word(environ: dict[str, str], home: Path) -> None:
    (home / "config").mkdir()
    with Service([streamed(*[b": wait\n\n"] * 20, pause=0.5), said("echo 1")]) as service:
        lines = ['model = "work:bright-1"', "[providers.work]", f'base_url = "{service.url}"']
        (home / "config" / "config.toml").write_text("\n".join(lines))
        with Chat(environ | {"WORK_API_KEY": "k"}, home) as talk:
            talk.say("hello")
            talk.until(lambda: bool(service.bodies), "nothing was asked")
            talk.send(control("c"))
            talk.wait("interrupted before the first word: `/retry` asks again")
            talk.ready()
            say(talk, "/copy", "error: there is no answer to copy")
            say(talk, "/continue", "echo 1")


@pytest.mark.parametrize("command", ["/continue", "/retry"])
def test_after_a_failure(environ: dict[str, str], home: Path, command: str) -> None:
    with Chat(environ, home, "-m", write_script(home, SILENT, BROKEN, "Whole.")) as talk:
        say(talk, "well?", "error: the line broke")
        talk.say(command)
        talk.wait("It beg")
        talk.wait("error: the line broke", times=2)
        say(talk, command, "Whole.")
        assert saved(talk).count("well?") == 1


def test_a_fork_leaves_the_original_alone(environ: dict[str, str], home: Path) -> None:
    with Chat(environ, home, "-m", write_script(home, "echo 1", "echo 2", "echo 3")) as talk:
        say(talk, "first", "echo 1")
        talk.say("/fork")
        name = talk.wait_match(r"(?<=; `)[a-z2-7]{8}(?=` stays as it is)")
        say(talk, "/retry", "echo 2")
        talk.say("/rewind")
        talk.wait("at the beginning\n\n> first")
        talk.send(control("c"))
        say(talk, f"/resume {name}", "> first\n\necho 1")
        assert "echo 2" not in saved(talk)


@pytest.mark.measured
def test_from_the_beginning_another_way(environ: dict[str, str], home: Path) -> None:
    with Chat(environ, home, "-m", write_script(home, "echo 1", "echo 2")) as talk:
        say(talk, "first", "echo 1")
        talk.say("/rewind")
        talk.wait("> first", times=2)
        talk.send(control("c"))
        say(talk, "/continue", "error: there is no question yet")
        say(talk, "/context", "nothing was said yet")
        say(talk, "other", "echo 2")
        text = saved(talk)
        assert "other" in text and "first" not in text


@pytest.mark.measured
def test_a_model_that_is_not_there_changes_nothing(environ: dict[str, str], home: Path) -> None:
    with Chat(environ, home, "-m", write_script(home, "echo 1", "echo 2")) as talk:
        say(talk, "first", "echo 1")
        say(talk, "/retry nope", "error: no model named `nope`")
        say(talk, "/rewind x", "error: `x` is no number of questions")
        assert "echo 1" in saved(talk)
        say(talk, "/retry", "echo 2")


def test_an_editor_that_fails_changes_no_question(environ: dict[str, str], home: Path) -> None:
    model = write_script(home, "echo 1")
    with Chat(environ | {"EDITOR": "false"}, home, "-m", model) as talk:
        say(talk, "first", "echo 1")
        say(talk, "/edit", "error: the editor `false` ended with code 1")
        assert "echo 1" in saved(talk)


def test_an_editor_that_leaves_no_file_changes_no_question(
    environ: dict[str, str], home: Path
) -> None:
    model = write_script(home, "echo 1", "echo 2")
    with Chat(environ | {"EDITOR": "rm"}, home, "-m", model) as talk:
        say(talk, "first", "echo 1")
        say(talk, "/edit", "error: the text can't be edited: no such file or directory")
        say(talk, "second", "echo 2")


def test_a_key_in_the_clear_is_worth_a_note(environ: dict[str, str], home: Path) -> None:
    (home / "config").mkdir(exist_ok=True)
    far = '[providers.far]\nbase_url = "http://far.invalid:9/v1"\nkey = "far"\n'
    (home / "config" / "config.toml").write_text(far)
    environ["FAR_API_KEY"] = "k-123456"
    with Chat(environ, home, "-m", write_script(home, "echo 1"), columns=200) as talk:
        talk.say("/model far:m")
        talk.wait("can be read on their way to http://far.invalid:9/v1")
    with Chat(environ, home, "-m", "far:m", columns=200) as talk:
        talk.wait("can be read on their way to http://far.invalid:9/v1")


def test_the_home_folder_is_where_the_shell_has_it(environ: dict[str, str], home: Path) -> None:
    (home / "here").mkdir()
    (home / "notes.md").write_text("the notes\n")
    model = f"scripted:{home / write_script(home, 'echo 1').partition(':')[2]}"
    with Chat(environ, home / "here", "-m", model) as talk:
        say(talk, "/file ~/notes.md", "notes.md")
        say(talk, "/drop", "1 taken back")
        say(talk, "what is @~/notes.md?", "echo 1")
        assert "the notes" in saved(talk, "~nobody-at-all.md")


def test_a_session_that_is_not_there(environ: dict[str, str], home: Path) -> None:
    with Chat(environ, home, "-m", write_script(home, "x"), "--session", "zzzz") as talk:
        assert talk.end() == 2
        assert "zzzz" in talk.text and "error: " in talk.text


@pytest.mark.measured
def test_a_summary_that_fails_leaves_nothing(
    environ: dict[str, str], home: Path, paths: Paths
) -> None:
    with Chat(environ, home, "-m", write_script(home, "echo 1", BROKEN, "echo 3")) as talk:
        say(talk, "the question", "echo 1")
        say(talk, "/compact", "there is no whole summary")
        assert "the question" in saved(talk)
        say(talk, "and?", "echo 3")
    with open_history(paths.history) as history:
        assert [(one.title, one.turns) for one in history.list()] == [("the question", 4)]


def test_a_summary_is_a_branch_and_the_original_stays(
    environ: dict[str, str], home: Path, paths: Paths
) -> None:
    with Chat(environ, home, "-m", write_script(home, "echo 1", "the summary", "echo 3")) as talk:
        say(talk, "the question", "echo 1")
        talk.say("/compact")
        name = talk.wait_match(r"(?<=`)[a-z2-7]{8}(?=` stays as it is)")
        say(talk, "/context", "1  sent")
        assert "the summary" in saved(talk) and "the question" not in saved(talk, "more.md")
        say(talk, "and?", "echo 3")
        say(talk, f"/resume {name}", "> the question\n\necho 1")
    with open_history(paths.history) as history:
        titles = {one.title: one.turns for one in history.list()}
    assert titles == {"the question": 2, f"Summary of {name}": 4}


@pytest.mark.measured
def test_only_prompts_for_a_conversation(environ: dict[str, str], home: Path) -> None:
    prompts = home / "config" / "prompts"
    prompts.mkdir(parents=True)
    (prompts / "mute.md").write_text('+++\ninputs = ["files"]\n+++\n# User\n\n$files\n')
    (prompts / "odd.md").write_text("+++\nnonsense\n")
    with Chat(environ, home, "-m", write_script(home, "echo 1")) as talk:
        say(talk, "/prompt", "\n*  ask ")
        assert "\n   commit" in talk.text
        assert not any(name in talk.text for name in ("explain", "mute", "odd"))
        say(talk, "/prompt explain-log", "wants more than a question and files")
        say(talk, "/prompt mute", "error: the prompt `mute` takes no question")
        say(talk, "hello", "echo 1")
    with Chat(environ, home, "-m", write_script(home, "x"), "-p", "explain-log") as talk:
        assert talk.end() == 2
        assert "the prompt `explain-log` wants" in talk.text


@pytest.mark.measured
def test_a_pasted_text_in_a_command(environ: dict[str, str], home: Path) -> None:
    trace = 'Traceback (most recent call last):\n  File "a.py", line 1, in <module>\n' * 5
    with Chat(environ, home, "-m", write_script(home, "echo 1")) as talk:
        talk.ready()
        talk.send("/explain ", pasted(f"{trace}KeyError: 'x'\n"), ENTER)
        talk.wait("taking `pasted #1` for a Python traceback")
        talk.wait("echo 1")
        talk.ready()
        assert "KeyError: 'x'" in saved(talk)
        talk.ready()
        talk.send("/system ", pasted("Be brief.\n" * 20))
        talk.wait("/system [pasted #2, 20 lines]")
        talk.send(ENTER)
        talk.wait("Be brief.\n" * 18)


@pytest.mark.measured
def test_pictures_and_texts_are_dropped(environ: dict[str, str], home: Path) -> None:
    png = bytes.fromhex("89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489")
    (home / "dot.png").write_bytes(png)
    with Chat(environ, home, "-m", write_script(home, "x", images=True)) as talk:
        say(talk, "/file dot.png script.json", "  dot.png")
        talk.wait("2 attached")
        say(talk, "/drop dot.png", "1 taken back")
        talk.wait("1 attached")


def test_several_that_were_cut_off(
    devchat: Devchat, environ: dict[str, str], home: Path, paths: Paths
) -> None:
    write_script(home, WORDS, tokens_per_second=50)
    for number in range(5):
        with Chat(environ, home, "-m", "scripted:script.json", f"count {number}") as talk:
            talk.wait("word2")
            talk.child.kill(9)
            talk.end()
    with Chat(environ, home, "-m", "scripted:script.json") as talk:
        talk.ready()
        assert talk.text.count("was cut off in an answer") == 3
        assert "(count 4)" in talk.text and "(count 0)" not in talk.text
    (home / "other.json").write_text(json.dumps({"answers": ["and so on"]}))
    with Chat(environ, home, "-m", "scripted:other.json", "-c") as talk:
        talk.wait("it was cut off here: `/continue` goes on with it")
        say(talk, "/continue", "and so on")


def test_a_tiny_model_does_not_summarise(environ: dict[str, str], home: Path) -> None:
    with Chat(environ, home, "-m", write_script(home, "echo 1", tier="tiny")) as talk:
        say(talk, "the question", "echo 1")
        say(talk, "/compact", "too small a model to summarise")
