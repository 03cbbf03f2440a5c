"""`devchat chat`: a conversation in the terminal."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from devchat.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from devchat.cli.chat.outcome import Outcome
    from devchat.cli.chat.session import Session


def chat(
    question: Annotated[
        list[str] | None, typer.Argument(help="A first question; without one you are asked.")
    ] = None,
    file: Annotated[
        list[str] | None,
        typer.Option("--file", "-f", metavar="WHAT", help="Attach to the first question."),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option("--model", "-m", help="An alias, a GGUF file, or PROVIDER:MODEL."),
    ] = None,
    system: Annotated[
        str | None, typer.Option("--system", "-s", help="Replace the system prompt by this text.")
    ] = None,
    prompt: Annotated[
        str, typer.Option("--prompt", "-p", help="The prompt file to use, by name.")
    ] = "ask",
    go_on: Annotated[
        bool, typer.Option("--continue", "-c", help="Go on with the latest conversation.")
    ] = False,
    session: Annotated[
        str | None, typer.Option(metavar="ID", help="Go on with this conversation.")
    ] = None,
    no_save: Annotated[
        bool, typer.Option("--no-save", help="Keep the conversation in memory only.")
    ] = False,
    max_tokens: Annotated[
        int | None, typer.Option(min=1, help="The longest answer, in tokens.")
    ] = None,
    temperature: Annotated[
        float | None, typer.Option(min=0.0, max=2.0, help="0 is repeatable, 2 is wild.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Repeat sampled answers.")] = None,
    plain: Annotated[bool, typer.Option("--plain", help="Answers as raw text.")] = False,
) -> int:
    """Talk with a model: ask, follow up, go back, come back tomorrow.

    Enter sends, /help lists the commands, Ctrl-D leaves. Every conversation is kept.
    """
    from devchat.cli.chat.opening import Wishes, open_session
    from devchat.settings.load import load

    _need_terminal()
    flags = {"model": model, "temperature": temperature, "max_tokens": max_tokens}
    loaded = load(os.environ, {name: value for name, value in flags.items() if value is not None})
    wishes = Wishes(
        question=" ".join(question or ()),
        files=tuple(file or ()),
        prompt=prompt,
        system=system,
        seed=seed,
        go_on=go_on,
        session=session or "",
        save=not no_save,
        plain=plain,
        by_default=loaded.origins["model"] == "default",
    )
    with open_session(loaded.settings, wishes) as (opened, first):
        _converse(opened, first)
    return 0


def _need_terminal() -> None:
    if not (sys.stdin and sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("`devchat chat` needs a terminal", "in a pipe, use `devchat ask`")


def _converse(session: Session, first: Outcome | None) -> None:
    from devchat.cli.chat.completion import candidates
    from devchat.cli.chat.loop import converse
    from devchat.cli.chat.terminal.prompter import Prompter

    prompter = Prompter(
        session.settings.paths.models.parent / "inputs.jsonl",
        session.folds,
        propose=lambda before: candidates(before, session),
        status=session.status,
        edit=session.edit_draft,
    )
    converse(session, prompter, first)
