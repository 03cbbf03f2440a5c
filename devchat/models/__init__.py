"""Which models there are: the three kinds of model that a user can name with `-m`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from devchat.settings import Provider
from devchat.types import Tier


@dataclass(frozen=True, slots=True)
class LocalModel:
    """A GGUF file on this machine. `context_tokens` is the window it was trained for.

    What `embeds` turns texts into numbers, and can't chat.
    """

    name: str
    path: Path
    tier: Tier
    context_tokens: int
    embedded: bool = False
    projector: Path | None = None
    """The file by which it sees pictures."""
    embeds: bool = False


@dataclass(frozen=True, slots=True)
class RemoteModel:
    """A model of an OpenAI-compatible service; `name` is `provider:model`."""

    name: str
    provider: Provider
    model: str

    @property
    def tier(self) -> Tier:
        """What the provider's table says its models may be trusted with."""
        return self.provider.tier


@dataclass(frozen=True, slots=True)
class ScriptedModel:
    """Answers read from a JSON file, for tests and demonstrations: `scripted:FILE`."""

    name: str
    path: Path


Model = LocalModel | RemoteModel | ScriptedModel
