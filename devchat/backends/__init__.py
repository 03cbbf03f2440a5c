"""What answers: the `Backend` protocol, and the one place that chooses an implementation."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from devchat.errors import DevchatError
from devchat.models import LocalModel, Model, RemoteModel, ScriptedModel
from devchat.settings import Settings
from devchat.types import Chunk, Completion, Request, Tier

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Rows = NDArray[np.float32]


class Backend(Protocol):
    """A model that answers.

    `name` is what the user would type after `-m`, `location` a short phrase for people
    ("this machine", "api.openai.com"), `context_tokens` the window for prompt and answer together.
    `exact_count` is false where the model's own tokenizer is out of reach. `binds_schema` tells
    whether a schema binds each token while it is decoded, however long its enumerations are.
    """

    name: str
    location: str
    tier: Tier
    accepts_images: bool
    exact_count: bool
    binds_schema: bool

    @property
    def context_tokens(self) -> int: ...

    def stream(self, request: Request) -> Generator[Chunk | Completion, None, None]:
        """Answer one request; the `Completion` comes last.

        Closing the iterator cancels the request. Raises `BackendError`, `ContextError`.
        """
        ...

    def complete_many(
        self, requests: Sequence[Request]
    ) -> Iterator[tuple[int, Completion | DevchatError]]:
        """Answer several requests, each with its index, in the order in which they finish.

        One request's error (`BackendError`, `ContextError`) is a value, and the others go on.
        """
        ...

    def count(self, text: str) -> int:
        """Count the tokens of a text; never too few where `exact_count` is false."""
        ...

    def close(self) -> None:
        """Let go of connections. The backend can't be used afterwards."""
        ...


class Embedder(Protocol):
    """A model that turns each text into a row of numbers: texts alike, rows near each other."""

    name: str

    def embed(self, texts: Sequence[str]) -> Rows:
        """Embed texts: (n, d), float32, each row of length 1, in the order of the texts.

        A text too long for the model is refused, never cut. Raises `BackendError`, `InputError`.
        """
        ...

    def close(self) -> None:
        """Let go of connections. The embedder can't be used afterwards."""
        ...


def open_embedder(model: LocalModel, settings: Settings) -> Embedder:
    """Open a model that embeds, as `models.resolve.resolve_embedder` found it.

    Returns at once and raises as `open_backend` does.
    """
    from devchat.backends.local import open_local

    return open_local(model, settings)


def open_backend(model: Model, settings: Settings, environ: Mapping[str, str]) -> Backend:
    """Open the backend that serves a model.

    Returns at once: the local engine is started but not awaited. Raises `BackendError` where
    what the model needs is not installed or no key is set, `StorageError` where the engine's
    folder can't be written.
    """
    match model:
        case LocalModel():
            from devchat.backends.local import open_local

            return open_local(model, settings)
        case RemoteModel():
            from devchat.backends.remote import open_remote

            return open_remote(model, settings, environ)
        case ScriptedModel():
            from devchat.backends.scripted import open_scripted

            return open_scripted(model)
