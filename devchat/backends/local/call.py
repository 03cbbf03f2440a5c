"""One request on its own connection: frames in, and an eye on the engine's health."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import suppress
from types import TracebackType

from devchat import __version__
from devchat.backends.local.berth import Berth, discard, runs_engine
from devchat.backends.local.start import Child
from devchat.backends.local.wire import PROTOCOL, Frame, WireError, receive
from devchat.errors import (
    AnswerError,
    BackendError,
    ContextError,
    DevchatError,
    EngineError,
    InputError,
    ModelError,
)

SILENCE = 10.0
"""Seconds without a word after which a process is frozen: it beats each second."""
KINDS: dict[str, type[DevchatError]] = {
    kind.__name__: kind
    for kind in (AnswerError, BackendError, ContextError, EngineError, InputError, ModelError)
}
CRASHES = {signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE}
AGAIN = "ask again: the next request starts a new engine"
DAMAGED = "the file may be damaged: get it again, or choose another model with `-m`"
MEMORY = "memory may have run out: close other programs, or choose a smaller model with `-m`"


class Call:
    """A connection on which one request is made; close it to take the request back."""

    def __init__(
        self, connection: socket.socket, berth: Berth, child: Child | None, stall: float
    ) -> None:
        self._connection, self._berth, self._child = connection, berth, child
        self._pid: int | None = None
        # Whom we reached: later another engine may be in the same berth.
        self._started, self._mark = berth.started(), berth.mark()
        self._stall = stall
        self._loaded = False
        connection.settimeout(min(SILENCE, stall))

    def __enter__(self) -> Call:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the request, answered or not."""
        self._connection.close()

    def hang_up(self) -> None:
        """End the request while another thread waits for its answer: that hears an error."""
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)

    def greet(self, request: bytes) -> bool:
        """Send the request; tell whether an engine of our version took it.

        One of another version is put aside, so that the next attempt starts our own.
        """
        try:
            hello = self._receive() if self._sent(request) else None
        except TimeoutError as error:
            raise self._frozen() from error
        except WireError:
            hello = {}
        match hello:
            case None:
                return False
            case {
                "hello": {"protocol": int(number), "version": str(version), "pid": int(pid), **more}
            }:
                self._pid, self._loaded = pid, bool(more.get("model"))
                if (number, version) == (PROTOCOL, __version__):
                    return True
        discard(self._berth, self._mark)
        return False

    def frames(self) -> Iterator[Frame]:
        """Give what the engine answers, without its heartbeats.

        Raises the error that it reports, or `EngineError` if it dies, freezes or hangs.
        """
        steps, since = -1, 0.0
        for frame in self._all():
            # A request may wait for long in an engine that has loaded its model.
            self._loaded |= "loaded" in frame or bool(frame.get("model"))
            if "alive" not in frame:
                steps = -1
                yield frame
            elif frame["alive"] != steps:
                steps, since = frame["alive"], frame["at"]
            elif frame["at"] - since > self._stall:
                # By the engine's clock: ours may have slept while the terminal was paused.
                raise self._hung()

    def failure(self) -> BackendError:
        """Say why the engine is gone."""
        child = self._child if self._child and self._pid in (None, self._child.pid) else None
        code = child.exit_code() if child else None
        words = self._berth.last_words()
        if code is not None and code < 0:
            return self._killed(-code, words)
        cause = f": {words}" if words else ""
        return EngineError(f"the engine ended before its answer did{cause}", AGAIN)

    def _all(self) -> Iterator[Frame]:
        while True:
            try:
                frame = self._receive()
            except TimeoutError as error:
                raise self._frozen() from error
            except WireError as error:
                raise self.failure() from error
            if frame is None:
                raise self.failure()
            if "error" in frame:
                raise KINDS.get(frame["error"], BackendError)(frame["message"], frame["hint"])
            yield frame

    def _sent(self, request: bytes) -> bool:
        try:
            self._connection.sendall(request)
        except ConnectionError:
            return False
        return True

    def _receive(self) -> Frame | None:
        try:
            return receive(self._connection)
        except ConnectionError:
            return None

    def _killed(self, number: int, words: str) -> BackendError:
        cause = f"signal {number}, {signal.strsignal(number)}" + (f": {words}" if words else "")
        if number in CRASHES and not self._loaded:
            return ModelError(f"llama.cpp crashed while it loaded the model ({cause})", DAMAGED)
        hint = MEMORY if number == signal.SIGKILL else AGAIN
        return EngineError(f"the engine was ended before its answer was ({cause})", hint)

    def _frozen(self) -> EngineError:
        self._kill()
        seconds = self._connection.gettimeout()
        return EngineError(f"the engine gave no sign of life for {seconds:g} seconds", AGAIN)

    def _hung(self) -> EngineError:
        self._kill()
        return EngineError(
            f"the engine made no progress for {self._stall:g} seconds",
            f"{AGAIN}; `stall_seconds` in the settings allows it more time",
        )

    def _kill(self) -> None:
        # Our connection is still open, so the number can't belong to a later process; still, look.
        pid = self._pid or self._started
        if pid is not None and runs_engine(pid, self._berth.stem):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        discard(self._berth, self._mark)
