"""The engine process: loads one model, answers one request after another, leaves when idle.

Started by `start.py` with its orders as JSON in its one argument, and the listening socket as
file descriptor 3.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from queue import Empty
from threading import Thread

from devchat.backends.local.answer import Answerer
from devchat.backends.local.fit import physical_cores, resident_memory
from devchat.backends.local.llama import Library, LoadError, Weights
from devchat.backends.local.loading import Loader
from devchat.backends.local.request import asked
from devchat.backends.local.server import Job, Place, Server, bound
from devchat.backends.local.start import LISTENER, Orders
from devchat.backends.local.wire import Frame
from devchat.errors import DevchatError, EngineError, ModelError

LINGER = 10.0
"""Seconds that an engine whose model can't be loaded waits for somebody to tell."""

STOPPED = EngineError("the engine was stopped", "ask again: the next request starts a new one")


class _Cancelled(Exception):
    """The client took its request back."""


class Engine:
    """One model behind one socket."""

    def __init__(self, orders: Orders) -> None:
        self._orders = orders
        self._threads = orders.threads or physical_cores()
        self._loaded_at = 0.0
        self._answerer: Answerer | None = None
        place = Place(Path(orders.sock), (orders.device, orders.inode), orders.version)
        self._server = Server(bound(LISTENER), place, self._describe, asked)

    def run(self) -> None:
        """Serve until there is nothing left to do."""
        self._server.start()
        try:
            loader = self._load()
        except DevchatError as error:
            self._refuse(error)
            return
        while (job := self._server.jobs.get()) is not None:
            self._answer(job, loader)
            self._server.finished(job)
        self._server.drain()

    def _load(self) -> Loader:
        orders, library = self._orders, Library()
        # Templates need jinja; importing it costs nothing while llama.cpp reads the file.
        Thread(target=_warm_up, daemon=True).start()
        path = os.fsencode(orders.path)
        loader = Loader(orders.name, path, orders.gpu_layers, library, self._step)
        self._use(loader.load())
        self._loaded_at = time.monotonic()
        self._server.loaded.set()
        return loader

    def _use(self, weights: Weights) -> None:
        if not weights.chats:
            raise ModelError(
                f"`{self._orders.name}` is no model to chat with: it embeds or translates",
                "choose another with `-m`; `devchat models list` shows what is here",
            )
        self._answerer = Answerer(weights, self._threads, self._orders.context_tokens)
        self._server.count = lambda text: len(weights.tokenize(text, special=False))

    def _answer(self, job: Job, loader: Loader) -> None:
        def step() -> None:
            self._step()
            if job.client.gone or self._server.stopping:
                raise _Cancelled

        try:
            step()
            job.client.send({"loaded": max(0.0, self._loaded_at - job.since)})
            for frame in self._frames(job, loader, step):
                job.client.send(frame)
        except _Cancelled:
            job.client.send(failure(STOPPED))
        except DevchatError as error:
            job.client.send(failure(error))

    def _frames(self, job: Job, loader: Loader, step: Callable[[], None]) -> Iterator[Frame]:
        while True:
            answerer = self._answerer
            assert answerer is not None
            note = loader.note(answerer.weights)
            try:
                yield from [{"note": note}] if note else []
                yield from answerer.answer(job.request, step)
                return
            except LoadError as error:
                # No window fits beside the weights: with less of them on the GPU it may.
                self._retreat(loader, answerer.weights, error)

    def _retreat(self, loader: Loader, weights: Weights, why: LoadError) -> None:
        # Nobody counts meanwhile: the vocabulary goes with the weights.
        self._server.loaded.clear()
        try:
            self._use(loader.retreat(weights, why))
        except ModelError as error:
            # The weights are gone, and no others came: nothing is left to answer with.
            self._server.failure = failure(error)
            self._server.leave(force=True)
            raise
        finally:
            self._server.loaded.set()

    def _refuse(self, error: DevchatError) -> None:
        self._server.failure = failure(error)
        self._server.loaded.set()
        with suppress(Empty):
            job = self._server.jobs.get(timeout=LINGER)
            while job is not None:
                job.client.send(self._server.failure)
                self._server.finished(job)
                self._server.leave()
                job = self._server.jobs.get()
        self._server.leave()
        self._server.drain()

    def _step(self) -> None:
        self._server.steps += 1

    def _describe(self) -> Frame:
        orders, ready = self._orders, self._answerer
        window = ready.window.size if ready and ready.window else 0
        layers = ready.weights.gpu_layers if ready else 0
        return {
            "pid": os.getpid(),
            "model": orders.name,
            "path": orders.path,
            "version": orders.version,
            "window": window,
            "resident": resident_memory(),
            "gpu_layers": ready.weights.layers if ready and layers < 0 else layers,
            "threads": self._threads,
        }


def failure(error: DevchatError) -> Frame:
    """Make the frame that raises an error again at the client."""
    return {"error": type(error).__name__, "message": error.message, "hint": error.hint}


def main() -> None:
    """Run an engine as ordered in the command line, and end without unloading piece by piece."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Engine(Orders(**json.loads(sys.argv[1]))).run()
    os._exit(0)


def _warm_up() -> None:
    import jinja2.ext
    import jinja2.sandbox  # noqa: F401


if __name__ == "__main__":
    main()
