"""The engine's side of its socket: clients, the queue, heartbeats, and when to leave.

Knows nothing of models. One thread accepts, one reads each client, one beats; the main thread
takes jobs from `Server.jobs` and answers them with `Client.send`, which never waits.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event, Lock, Thread

from devchat.backends.local.connection import BEAT, Client
from devchat.backends.local.request import Asked, Texts
from devchat.backends.local.wire import (
    PROTOCOL,
    Frame,
    WireError,
    peer_uid,
    receive,
)

FIRST_CLIENT = 60.0
"""Seconds after which an engine leaves that nobody ever spoke to."""
FLUSH = 5.0
"""Seconds that a leaving engine gives slow readers for the end of their answers."""


@dataclass(slots=True)
class Job:
    """A request in the queue."""

    client: Client
    request: Asked | Texts
    since: float = field(default_factory=time.monotonic)


@dataclass(frozen=True, slots=True)
class Model:
    """What became of loading: a tokenizer that counts, or the failure to tell every client.

    `count` gives `None` where the model is gone: nobody's, or soon another's.
    """

    count: Callable[[str], int | None] = len
    failure: Frame | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where the engine listens, and what marks that socket as ours."""

    path: Path
    inode: tuple[int, int]
    version: str

    def ours(self) -> bool:
        """Tell whether the path still leads to us."""
        try:
            found = self.path.stat()
        except OSError:
            return False
        return (found.st_dev, found.st_ino) == self.inode


class Server:
    """Everything that happens beside the model's work."""

    def __init__(
        self,
        listener: socket.socket,
        place: Place,
        describe: Callable[[], Frame],
        read: Callable[[Frame], Asked | Texts],
        stopped: Frame,
    ) -> None:
        """Serve at a place: `stopped` is what those who wait are told when the engine is."""
        self.jobs: SimpleQueue[Job | None] = SimpleQueue()
        self.steps = 0
        self.stopping = False
        self._model: Model | None = None
        self._known = Event()
        self._listener, self._place = listener, place
        self._describe, self._read, self._stopped = describe, read, stopped
        self._clients: set[Client] = set()
        self._pending = 0
        self._leaving = False
        self._lock = Lock()
        self._came = False
        self._keep_alive = FIRST_CLIENT
        self._last_used = time.monotonic()

    def start(self) -> None:
        """Begin to serve; returns at once."""
        # At its own `listen`, the kernel notes us, not our starter, as the socket's owner.
        self._listener.listen(128)
        for work in (self._accept, self._beat):
            Thread(target=work, daemon=True).start()

    def become(self, model: Model | None) -> Model | None:
        """Tell clients what became of the model, `None` while it is loaded; give what it was."""
        before, self._model = self._model, model
        if model is None:
            self._known.clear()
        else:
            self._known.set()
        return before

    def finished(self, job: Job) -> None:
        """Note that a job was answered."""
        job.client.waiting = False
        with self._lock:
            self._pending -= 1
            self._last_used = time.monotonic()
        self._leave_if_unused()

    def take(self, patience: float | None) -> tuple[list[Job], bool]:
        """Take the jobs that came, waiting so long for the first (`None`: for ever).

        Tells whether more may come.
        """
        jobs: list[Job] = []
        with suppress(Empty):
            while (job := self.jobs.get(timeout=patience)) is not None:
                jobs.append(job)
                patience = 0.0
            return jobs, False
        return jobs, True

    def leave(self, force: bool = False) -> None:
        """Stop listening and let the main thread end after its last job; `force`: even this one."""
        with self._lock:
            self.stopping |= force
            self._depart()

    def drain(self) -> None:
        """Give slow readers a moment for what they were not sent yet."""
        end = time.monotonic() + FLUSH
        while any([not c.flush() or c.waiting for c in self._everyone()]):
            if time.monotonic() > end:
                break
            time.sleep(0.02)

    def _everyone(self) -> list[Client]:
        with self._lock:
            return list(self._clients)

    def _accept(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            if peer_uid(connection) != os.geteuid():
                connection.close()
                continue
            Thread(target=self._serve, args=(Client(connection),), daemon=True).start()

    def _serve(self, client: Client) -> None:
        with client.connection:
            # Malformed, or gone: this client's affair alone.
            with suppress(WireError, OSError, KeyError, TypeError, ValueError):
                self._converse(client)
            client.gone = True
        with self._lock:
            self._clients.discard(client)
        self._leave_if_unused()

    def _converse(self, client: Client) -> None:
        frame = receive(client.connection)
        if frame is None or not self._welcome(client, frame):
            return
        match frame.get("op"):
            case "count":
                self._count(client, str(frame["text"]))
            case "status":
                client.send(self._status())
            case "stop":
                client.send(self._status())
                self.leave(force=True)
                # At once: the main thread may be in a long batch, or load the model.
                for one in self._everyone():
                    if one.waiting:
                        one.send(self._stopped)
        # Whatever comes next, or the end of the connection, takes the request back.
        receive(client.connection)

    def _welcome(self, client: Client, frame: Frame) -> bool:
        mine = {"protocol": PROTOCOL, "version": self._place.version}
        fits = all(frame.get(name) == value for name, value in mine.items())
        op = frame.get("op")
        job = Job(client, self._read(frame)) if fits and op in ("stream", "embed") else None
        with self._lock:
            if self._leaving:
                # A client that gets no word at all knows that it may ask again elsewhere.
                return False
            self._clients.add(client)
            client.waiting = job is not None or (fits and op == "count")
            if op != "status":
                self._last_used = time.monotonic()
            if fits and "keep_alive" in frame:
                self._came = client.holds = True
                self._keep_alive = float(frame["keep_alive"])
            known = {"pid": os.getpid(), "model": self._model is not None}
            client.send({"hello": mine | known})
            if job is not None:
                self._pending += 1
                self.jobs.put(job)
        return fits

    def _count(self, client: Client, text: str) -> None:
        since, waited, count = time.monotonic(), 0.0, None
        while (model := self._model) is None or not model.failure:
            waited = time.monotonic() - since  # counting itself is not
            if model is not None and (count := model.count(text)) is not None:
                break
            self._known.wait()
        client.send(model.failure or {"count": count, "loaded": waited})
        client.waiting = False

    def _status(self) -> Frame:
        with self._lock:
            clients = sum(client.holds for client in self._clients)
            idle = 0.0 if self._pending else time.monotonic() - self._last_used
            numbers = {"clients": clients, "queued": self._pending, "idle": idle}
        return {"status": self._describe() | numbers}

    def _beat(self) -> None:
        # To the very end: who still waits for a last answer must not take us for frozen.
        while True:
            time.sleep(BEAT)
            for client in self._everyone():
                if client.waiting:
                    client.beat(self.steps, self._model is not None)
                else:
                    client.flush()
            if not self._place.ours():
                self.leave()
            self._leave_if_unused()

    def _leave_if_unused(self) -> None:
        with self._lock:
            held = not self._keep_alive and any(client.holds for client in self._clients)
            used = held or self._pending or self._model is None
            idle = time.monotonic() - self._last_used
            if not used and idle >= (self._keep_alive if self._came else FIRST_CLIENT):
                self._depart()

    def _depart(self) -> None:
        # Under the lock: whoever was welcomed before is served, whoever comes after is not.
        if self._leaving:
            return
        self._leaving = True
        if self._place.ours():
            self._place.path.unlink(missing_ok=True)
        self.jobs.put(None)


def bound(listener: int) -> socket.socket:
    """Take over the listening socket that our starter made."""
    os.set_inheritable(listener, False)
    return socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, fileno=listener)
