"""`devchat chat`: a conversation in the terminal."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from devchat.cli.options import (
    GoOn,
    MaxTokens,
    Model,
    Plain,
    PromptName,
    Seed,
    Session,
    SystemText,
    Temperature,
    load_settings,
)
from devchat.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from devchat.cli.chat.outcome import Outcome
    from devchat.cli.chat.session import Session as Opened


def chat(
    question: Annotated[
        list[str] | None,
        typer.Argument(metavar="QUESTION...", help="A first question; without one you are asked."),
    ] = None,
    file: Annotated[
        list[str] | None,
        typer.Option("--file", "-f", metavar="WHAT", help="Attach to the first question."),
    ] = None,
    model: Model = None,
    system: SystemText = None,
    prompt: PromptName = None,
    go_on: GoOn = False,
    session: Session = "",
    no_save: Annotated[
        bool, typer.Option("--no-save", help="Keep the conversation in memory only.")
    ] = False,
    max_tokens: MaxTokens = None,
    temperature: Temperature = None,
    seed: Seed = None,
    plain: Plain = False,
) -> int:
    """Talk with a model: ask, follow up, go back, come back tomorrow.

    Enter sends, /help lists the commands, Ctrl-D leaves. Every conversation is kept.
    """
    from devchat.cli.chat.opening import Wishes, open_session
    from devchat.cli.past import Wanted

    _need_terminal()
    loaded = load_settings(model, temperature, max_tokens)
    settings = loaded.settings
    wishes = Wishes(
        question=" ".join(question or ()),
        files=tuple(file or ()),
        prompt=prompt,
        system=system,
        seed=seed,
        past=Wanted(settings.history and not no_save, go_on, session),
        plain=plain,
        by_default=loaded.origins["model"] == "default",
    )
    with open_session(settings, wishes) as (opened, first):
        _converse(opened, first)
    return 0


def _need_terminal() -> None:
    if not (sys.stdin and sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("`devchat chat` needs a terminal", "in a pipe, use `devchat ask`")


def _converse(session: Opened, first: Outcome | None) -> None:
    from devchat.cli.chat.completion import candidates
    from devchat.cli.chat.inputs import Inputs
    from devchat.cli.chat.loop import converse
    from devchat.cli.chat.terminal.prompter import Prompter

    prompter = Prompter(
        Inputs(session.settings.paths.history.with_name("inputs.jsonl"), session.kept),
        session.folds,
        propose=lambda before: candidates(before, session),
        status=session.status,
        edit=session.edit_draft,
    )
    converse(session, prompter, first)
