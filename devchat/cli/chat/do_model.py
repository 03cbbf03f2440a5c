"""The commands about who answers, and how: /model, /system, /prompt."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

from devchat.chat.conversation import check_prompt
from devchat.cli.chat.outcome import Outcome, say
from devchat.cli.chat.session import Session
from devchat.cli.chat.table import table
from devchat.errors import PromptError, UsageError
from devchat.prompts import list_prompts, load_prompt


def model(session: Session, argument: str) -> Outcome:
    """Say who answers, or choose another model."""
    if argument:
        session.use_model(argument)
    backend = session.backend
    about = f"window {backend.context_tokens:,} tokens, {backend.tier}"
    return say(f"{backend.name} on {backend.location}: {about}")


def models(session: Session) -> Iterator[tuple[str, str]]:
    """List the models that are usable now."""
    from devchat.models.catalogue import list_models

    for one in list_models(session.settings, session.environ):
        if one.usable:
            yield one.spec, f"{one.description}, {one.location}"


def system(session: Session, argument: str) -> Outcome:
    """Show the system text, or replace it."""
    if argument:
        text = None if argument == "-" else argument
        session.voice = replace(session.voice, system=text)
    voice = session.voice
    own = voice.prompt.section("System", voice.backend.tier).text.strip()
    if voice.system is None:
        return say(f"the prompt `{voice.prompt.name}` says:", own or "nothing")
    return say("from the next question on:" if argument else "you said:", voice.system)


def prompt(session: Session, argument: str) -> Outcome:
    """List the prompt files, or use another one."""
    if argument:
        session.use_prompt(argument)
        return say(f"the prompt is `{argument}` from the next question on")
    used = session.voice.prompt.name
    rows = [("*" if name == used else "", name, about) for name, about in prompts(session)]
    return say(*table(rows))


def prompts(session: Session) -> Iterator[tuple[str, str]]:
    """List the prompt files that can be used in a conversation."""
    for one in list_prompts(session.prompt_folders):
        with suppress(PromptError, UsageError):
            check_prompt(load_prompt(one.name, session.prompt_folders))
            yield one.name, one.description
