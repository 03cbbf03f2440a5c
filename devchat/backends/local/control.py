"""The engines of this user: which run, and an end to them."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from devchat import __version__
from devchat.backends.local.berth import Berth, dial, locked, runs_engine, socket_folder
from devchat.backends.local.wire import PROTOCOL, Frame, WireError, encode, receive
from devchat.errors import EngineError

PATIENCE = 3.0
"""Seconds that an engine has to say how it is, or to leave."""


@dataclass(frozen=True, slots=True)
class EngineState:
    """How an engine is. One that doesn't answer (`responds`) is known by its process id alone.

    `window` in tokens is what its requests share (0: none yet); `sequences` are answered now and
    fill `cells` of them, `kept` hold what may be asked next. `idle` in seconds, `resident` in
    bytes; `queued` counts the requests being answered too. `cache_trouble` says why no prefix can
    be kept on the disk.
    """

    pid: int
    sock: Path
    responds: bool = False
    model: str = ""
    path: str = ""
    version: str = ""
    window: int = 0
    sequences: int = 0
    cells: int = 0
    kept: int = 0
    cache_trouble: str = ""
    clients: int = 0
    queued: int = 0
    idle: float = 0.0
    resident: int = 0
    gpu_layers: int = 0
    threads: int = 0


def engines(runtime: Path) -> list[EngineState]:
    """List the engines that listen in a runtime folder; what dead ones left is cleared away."""
    folder = socket_folder(runtime)
    stems = sorted(sock.stem for sock in folder.glob("engine-*.sock"))
    return [state for stem in stems if (state := _state(Berth(folder, stem)))]


def stop_engines(runtime: Path, which: int | str | None = None) -> list[EngineState]:
    """End engines: that of a process id, those of a model's name or path, or all.

    Gives those that were ended; their clients hear that the engine was stopped. Of those that
    listen no more, but may still write what they keep, only the process id is known.
    """
    listening = engines(runtime)
    found = listening + _leaving(socket_folder(runtime), {state.pid for state in listening})
    stopped = [state for state in found if _meant(state, which)]
    for state in stopped:
        _stop(state)
    return stopped


def _leaving(folder: Path, listening: set[int]) -> list[EngineState]:
    berths = [Berth(folder, lock.stem) for lock in sorted(folder.glob("engine-*.lock"))]
    found = [(berth.pid(), berth.sock) for berth in berths if not berth.sock.exists()]
    return [EngineState(pid, sock) for pid, sock in found if pid and pid not in listening]


def _meant(state: EngineState, which: int | str | None) -> bool:
    return which is None or which in (state.pid, state.model, state.path)


def _state(berth: Berth) -> EngineState | None:
    answer = _ask(berth.sock, "status")
    if answer is None:
        _clear(berth)
        return None
    if "status" in answer:
        return EngineState(**answer["status"], sock=berth.sock, responds=True)
    pid = berth.pid()
    return None if pid is None else EngineState(pid, berth.sock)


def _ask(sock: Path, op: str) -> Frame | None:
    """Give what an engine answers, {} if it does not, `None` if nobody listens."""
    try:
        connection = dial(sock, PATIENCE)
    except (EngineError, OSError):
        return {}
    if connection is None:
        return None
    with connection:
        connection.settimeout(PATIENCE)
        try:
            connection.sendall(encode({"protocol": PROTOCOL, "version": __version__, "op": op}))
            receive(connection)
            return receive(connection) or {}
        except (OSError, WireError):
            return {}


def _stop(state: EngineState) -> None:
    if state.responds and _ask(state.sock, "stop") and _left(state):
        return
    with suppress(ProcessLookupError):
        os.kill(state.pid, signal.SIGKILL)
    _left(state)


def _left(state: EngineState) -> bool:
    """Wait for the end of an engine; tell whether it came."""
    import time

    end = time.monotonic() + PATIENCE
    while runs_engine(state.pid, state.sock.stem):
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def _clear(berth: Berth) -> None:
    # Under the lock, for an engine may be starting in this very place.
    with suppress(OSError, EngineError), locked(berth):
        connection = dial(berth.sock)
        if connection is None:
            berth.sock.unlink(missing_ok=True)
        else:
            connection.close()
