"""The writing down of one answer while it arrives. Whatever breaks, the answer goes on."""

from __future__ import annotations

from dataclasses import replace
from time import monotonic

from devchat.errors import StorageError
from devchat.history.database import Database
from devchat.history.rows import UPDATE, index, touch, update_values
from devchat.history.turns import Status, Turn
from devchat.types import Chunk, Completion

FLUSH_SECONDS = 0.25
"""The longest that a piece waits for the next one to be written with it."""
_PATIENCE = 50
"""Writing takes at most this part of the time: a slow answer is written piece by piece."""


class Recorder:
    """Writes an answer down; `turn` is it as far as it came.

    Only `write_again` raises `StorageError`: `failure` is why the last write failed, None if it did
    not. Each write holds the whole answer, so a later one makes up for it.
    """

    def __init__(self, database: Database, turn: Turn) -> None:
        self.turn = turn
        self.failure: StorageError | None = None
        self._database = database
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._written = monotonic()
        self._cost = 0.0

    def feed(self, chunk: Chunk) -> None:
        """Take in a chunk; it is written now or within the next 250 ms of arriving chunks."""
        if chunk.kind == "note":
            return
        (self._text if chunk.kind == "text" else self._reasoning).append(chunk.text)
        now = monotonic()
        if now - self._written >= min(FLUSH_SECONDS, self._cost * _PATIENCE):
            self._write("streaming")
            self._written = monotonic()
            self._cost = self._written - now

    def finish(self, completion: Completion, seconds: float) -> None:
        """Write the whole answer as it ended."""
        interrupted = completion.finish_reason == "interrupted"
        self._write(
            "interrupted" if interrupted else "complete",
            replace(
                self.turn,
                text=completion.text,
                reasoning=completion.reasoning,
                usage=completion.usage,
                seconds=seconds,
            ),
        )

    def interrupt(self) -> None:
        """Write what came until the user had enough."""
        self._write("interrupted")

    def fail(self, message: str) -> None:
        """Write what came until it broke, and why it did."""
        self._write("error", replace(self._so_far(), error=message))

    def write_again(self, patience: float | None = None) -> None:
        """Write it as it is now. Raises StorageError."""
        with self._database.writing(patience=patience) as connection:
            found = connection.execute(UPDATE, update_values(self.turn)).rowcount
            if found and self.turn.status != "streaming":
                index(connection, self.turn)
                touch(connection, self.turn)
        self.failure = None

    def _so_far(self) -> Turn:
        text, reasoning = "".join(self._text), "".join(self._reasoning)
        return replace(self.turn, text=text, reasoning=reasoning)

    def _write(self, status: Status, turn: Turn | None = None) -> None:
        self.turn = replace(turn or self._so_far(), status=status)
        try:
            self.write_again(patience=0 if status == "streaming" else None)
        except StorageError as error:
            self.failure = error
