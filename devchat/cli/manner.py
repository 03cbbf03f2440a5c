"""How a conversation goes on to be asked: with the prompt and the system text that it had."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from devchat.errors import PromptError
from devchat.history import Turn
from devchat.prompts import Prompt, load_prompt, shipped_folder
from devchat.render.console import note
from devchat.settings import Settings

DEFAULT = "ask"


def manner_of(
    turns: Sequence[Turn], settings: Settings, name: str | None = None, system: str | None = None
) -> tuple[Prompt, str | None]:
    """Return the prompt, and the system text in place of its own (None: no other).

    What is given here comes before what the last question was asked with; the default is `ask`,
    also where that prompt can't be asked a question or is gone. Raises PromptError.
    """
    folders = [settings.paths.prompts, shipped_folder()]
    last = next((turn for turn in reversed(turns) if turn.role == "user"), None)
    if name is not None or last is None:
        return load_prompt(name or DEFAULT, folders), system
    kept = last.system if system is None else system
    try:
        prompt = load_prompt(last.prompt or DEFAULT, folders)
    except PromptError as error:
        note(sys.stderr, f"going on with the prompt `{DEFAULT}`: {error.message}")
        return load_prompt(DEFAULT, folders), kept
    return (prompt if prompt.takes_questions else load_prompt(DEFAULT, folders)), kept
