"""Ctrl-Z and `fg` around `devchat chat`, in a real shell."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.chatting import DEVCHAT_CHAT, ENTER, ESCAPE, Chat, control, write_script

WORDS = " ".join(f"word{number}" for number in range(1000))
BASH = ("bash", "--norc", "--noprofile", "-i")


@pytest.fixture
def shell(environ: dict[str, str], home: Path) -> Chat:
    """A shell in which a conversation with a slow model begins."""
    model = write_script(home, WORDS, "and so on", tokens_per_second=50)
    shell = Chat(environ | {"PS1": "shell$ "}, home, program=BASH)
    shell.wait("shell$")
    shell.send(" ".join((*DEVCHAT_CHAT, "-m", model)), ENTER)
    shell.ready()
    return shell


def away_and_back(shell: Chat) -> None:
    """Suspend what runs, use the shell, and go back to it."""
    shell.send(control("z"))
    shell.wait("Stopped")
    shell.send("echo $((6*7))", ENTER)
    shell.wait("\n42\n")
    shell.send("fg", ENTER)


def test_at_the_prompt_the_draft_is_there_again(shell: Chat) -> None:
    with shell:
        shell.send("my draft")
        shell.wait("> my draft")
        away_and_back(shell)
        shell.wait_match(r"(?s)\$ fg\n.*> my draft\n")
        shell.send(" goes on", ENTER)
        shell.wait("word5")
        shell.send(ESCAPE)
        shell.wait("interrupted; what came is kept")
        shell.ready()


def test_during_an_answer_it_is_drawn_again_and_keys_work(shell: Chat) -> None:
    with shell:
        shell.say("count")
        shell.wait("word20")
        away_and_back(shell)
        shell.wait("word40")
        after = shell.text[shell.text.rindex("fg") :]
        assert "word0 word1" in after
        shell.send("next", ESCAPE)
        shell.wait("interrupted; what came is kept")
        shell.wait("> next")
        assert "word999" not in shell.text


def test_during_a_command_it_goes_on(shell: Chat) -> None:
    with shell:
        shell.say("!for n in $(seq 40); do echo line $n; sleep 0.1; done")
        shell.wait("line 3\n")
        away_and_back(shell)
        shell.wait("line 40\n")
        shell.wait("[y/N]")


def test_at_an_offer_it_is_asked_again(shell: Chat) -> None:
    with shell:
        shell.say("!echo hi")
        shell.wait("[y/N]")
        away_and_back(shell)
        shell.wait_match(r"(?s)\$ fg\n.*\[y/N\]")
        shell.send("y")
        shell.wait("1 attached")
        shell.ready()
        shell.send(control("d"))
        shell.wait("shell$", times=4)
        shell.send("echo $((40+3))", ENTER)
        shell.wait("shell$ echo $((40+3))\n43")
