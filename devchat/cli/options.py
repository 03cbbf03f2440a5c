"""The options that commands which ask a model share, and what they make of them."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from devchat.types import Options, Schema

TYPE_CHECKING = False
if TYPE_CHECKING:
    from devchat.prompts import Prompt
    from devchat.settings import Settings
    from devchat.settings.load import Loaded

Model = Annotated[
    str | None,
    typer.Option(
        "--model", "-m", metavar="MODEL", help="An alias, a GGUF file, or PROVIDER:MODEL."
    ),
]
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
