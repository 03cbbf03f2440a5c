"""The options that commands which ask a model share, and what they make of them."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Annotated

import typer

from devchat.errors import UsageError
from devchat.types import Options, Schema

TYPE_CHECKING = False
if TYPE_CHECKING:
    from devchat.prompts import Prompt
    from devchat.settings import Settings
    from devchat.settings.load import Loaded


def number_from(least: int, most: int | None = None) -> Callable[..., int | None]:
    """Make what refuses other numbers; typer's own would write `x>=1` into the help."""

    def check(option: typer.CallbackParam, number: int | None) -> int | None:
        if number is None or least <= number <= (number if most is None else most):
            return number
        bounds = f"from {least}" if most is None else f"from {least} to {most}"
        hint = "leave it out, or give another one"
        raise UsageError(f"`{option.opts[0]}` must be a whole number {bounds}", hint)

    return check


Model = Annotated[
    str | None,
    typer.Option(
        "--model", "-m", metavar="MODEL", help="An alias, a GGUF file, or PROVIDER:MODEL."
    ),
]
SystemText = Annotated[
    str | None,
    typer.Option("--system", "-s", metavar="TEXT", help="Replace the system prompt by this text."),
]
PromptName = Annotated[
    str | None,
    typer.Option(
        "--prompt", "-p", metavar="NAME", help="The prompt file to use, by name; else `ask`."
    ),
]
GoOn = Annotated[bool, typer.Option("--continue", "-c", help="Go on with the latest conversation.")]
Session = Annotated[
    str, typer.Option(metavar="ID", help="Go on with this one: `devchat history list`.")
]
NoSave = Annotated[bool, typer.Option("--no-save", help="Keep nothing in the history.")]
MaxTokens = Annotated[int | None, typer.Option(metavar="N", help="The longest answer, in tokens.")]
Temperature = Annotated[
    float | None, typer.Option(metavar="N", help="From 0, repeatable, to 2, wild.")
]
Seed = Annotated[
    int | None, typer.Option(metavar="N", help="Repeat a sampled answer: same seed, same words.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object about the answer.")]
Plain = Annotated[bool, typer.Option("--plain", help="Raw text, even in a terminal.")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Print exactly what would be sent; send nothing.")
]


def load_settings(model: str | None, temperature: float | None, max_tokens: int | None) -> Loaded:
    """Load the settings of this process, flags first."""
    from devchat.settings.load import load

    flags = {"model": model, "temperature": temperature, "max_tokens": max_tokens}
    return load(os.environ, {name: value for name, value in flags.items() if value is not None})


def answer_options(
    settings: Settings, template: Prompt, seed: int | None, schema: Schema | None = None
) -> Options:
    """Flags and settings come before what the prompt file says."""

    def first(*values: float | None) -> float | None:
        return next((value for value in values if value is not None), None)

    return Options(
        temperature=first(settings.temperature, template.temperature),
        max_tokens=settings.max_tokens or template.max_tokens,
        seed=seed,
        schema=schema or template.schema,
    )
