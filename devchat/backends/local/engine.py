"""The engine process: loads one model, answers requests, many at a time, leaves when idle.

Started by `start.py` with its orders as JSON in its one argument, and the listening socket as
file descriptor 3.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty
from threading import Thread

from devchat.backends.local.cache import HURRY, PATIENCE, Origin, marks_of, open_cache
from devchat.backends.local.embedding import Embeddings
from devchat.backends.local.facts import ModelFile, look_at
from devchat.backends.local.fit import physical_cores, resident_memory
from devchat.backends.local.library import Library, LoadError
from devchat.backends.local.loading import Loader
from devchat.backends.local.request import asked
from devchat.backends.local.schedule import Manner, Scheduler, failure
from devchat.backends.local.server import Job, Model, Place, Server, bound
from devchat.backends.local.shape import Shape, Threads, shape_of
from devchat.backends.local.sight import Eye, Sight
from devchat.backends.local.start import LISTENER, Orders
from devchat.backends.local.weights import Weights
from devchat.backends.local.wire import Frame
from devchat.backends.local.worth import Reach
from devchat.errors import DevchatError, EngineError, ModelError

LINGER = 10.0
"""Seconds that an engine whose model can't be loaded waits for somebody to tell."""

STOPPED = EngineError("the engine was stopped", "ask again: the next request starts a new one")


class Engine:
    """One model behind one socket."""

    def __init__(self, orders: Orders) -> None:
        self._orders = orders
        self._threads = orders.threads or physical_cores()
        self._ready: _Ready | None = None
        place = Place(Path(orders.sock), (orders.device, orders.inode), orders.version)
        told = failure(STOPPED)
        self._server = Server(bound(LISTENER), place, self._describe, asked, told)

    def run(self) -> None:
        """Serve until there is nothing left to do."""
        self._server.start()
        try:
            library = Library()
            # Templates need jinja, choosing numpy: that costs nothing while llama.cpp reads.
            Thread(target=_warm_up, daemon=True).start()
            ready = self._serve(self._use(self._loader(library)))
        except DevchatError as error:
            self._refuse(error)
            return
        self._server.drain()
        self._end(ready)

    def _loader(self, library: Library) -> Loader:
        orders = self._orders
        path = os.fsencode(orders.path)
        return Loader(orders.name, path, orders.gpu_layers, library, self._step, orders.mmap)

    def _use(self, loader: Loader, weights: Weights | None = None) -> _Ready:
        orders = self._orders
        file = look_at(orders.path)
        weights = weights or loader.load()
        shape = shape_of(orders.wishes, weights.gpu_layers, Threads(self._threads, self._threads))
        self._ready = _Ready(loader, weights, self._worker(weights, shape, file))
        self._server.become(Model(weights.count))
        return self._ready

    def _worker(self, weights: Weights, shape: Shape, file: ModelFile) -> Scheduler | Embeddings:
        orders, finished = self._orders, self._server.finished
        if weights.embeds:
            return Embeddings(orders.name, weights, shape, orders.context_tokens, finished)
        if not weights.chats:
            raise ModelError(
                f"`{orders.name}` is no model to chat with, nor one that embeds texts",
                "choose another with `-m`; `devchat models list` shows what is here",
            )
        marks = marks_of(weights.c, shape, weights.gpu_layers)
        reach = Reach(cuts=not weights.recurrent)
        origin = Origin(orders.name, file, marks, weights.kept_bytes(shape), reach)
        cache = open_cache(Path(orders.cache), orders.cache_bytes, origin)
        eye = Eye(orders.name, orders.projector, self._step)
        sight = Sight(weights, shape, eye) if orders.projector else None
        manner = Manner(orders.name, shape, orders.context_tokens, orders.lookup, cache, sight)
        return Scheduler(weights, manner, finished)

    def _serve(self, ready: _Ready) -> _Ready:
        server, more = self._server, True
        while more or ready.worker.busy:
            if more:
                jobs, more = server.take(ready.worker.rest())
                for job in jobs:
                    self._add(ready, job)
            if server.stopping:
                ready.worker.end(STOPPED)
            self._step()
            try:
                ready.worker.tick()
            except LoadError as error:
                ready = self._retreat(ready, error)
        return ready

    def _add(self, ready: _Ready, job: Job) -> None:
        if note := ready.loader.note(ready.weights):
            job.client.send({"note": note})
        ready.worker.add(job)

    def _retreat(self, ready: _Ready, why: LoadError) -> _Ready:
        # No pool fits beside the weights: with less of them on the GPU it may.
        # Who counts waits meanwhile: the vocabulary goes with the weights.
        known = self._server.become(None)
        try:
            weights = ready.loader.retreat(ready.weights, why)
            after = self._use(ready.loader, weights)
        except EngineError as error:
            self._server.become(known)
            ready.worker.refuse_next(error)
            return ready
        except ModelError as error:
            # The weights are gone, and no others came: nothing is left to answer with.
            ready.worker.end(error)
            self._server.leave()
            raise
        for job in ready.worker.unbegun():
            self._add(after, job)
        return after

    def _end(self, ready: _Ready) -> None:
        # What is kept of prompts may take long to write: not with a model in memory, beside which
        # the next engine must fit.
        self._server.become(None)
        ready.worker.free()
        ready.weights.free()
        ready.worker.close(HURRY if self._server.stopping else PATIENCE)

    def _refuse(self, error: DevchatError) -> None:
        told = failure(error)
        self._server.become(Model(failure=told))
        with suppress(Empty):
            job = self._server.jobs.get(timeout=LINGER)
            while job is not None:
                job.client.send(told)
                self._server.finished(job)
                self._server.leave()
                job = self._server.jobs.get()
        self._server.leave()
        self._server.drain()

    def _step(self) -> None:
        self._server.steps += 1

    def _describe(self) -> Frame:
        orders, ready = self._orders, self._ready
        layers = ready.weights.gpu_layers if ready else 0
        return {
            "pid": os.getpid(),
            "model": orders.name,
            "path": orders.path,
            "version": orders.version,
            "resident": resident_memory(),
            "gpu_layers": ready.weights.layers if ready and layers < 0 else layers,
            "threads": self._threads,
        } | (ready.worker.describe() if ready else {})


@dataclass(frozen=True, slots=True)
class _Ready:
    """A loaded model: its weights, and who answers or embeds with them."""

    loader: Loader
    weights: Weights
    worker: Scheduler | Embeddings


def main() -> None:
    """Run an engine as ordered in the command line, and end without unloading piece by piece."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Engine(Orders(**json.loads(sys.argv[1]))).run()
    os._exit(0)


def _warm_up() -> None:
    import numpy  # noqa: F401


if __name__ == "__main__":
    main()
