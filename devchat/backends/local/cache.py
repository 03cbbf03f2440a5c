"""The engine's memory across processes: prompts evaluated once, kept on the disk.

The engine's thread asks what serves a prompt and hands over what is worth keeping; another thread
writes it. Nothing here ever fails a request: what can't be kept is not kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any

from devchat.backends.local.facts import (
    Facts,
    ModelFile,
    hash_of,
    look_at,
    read_facts,
    remember,
    stand_back,
)
from devchat.backends.local.kept import FORMAT, Head, head_of
from devchat.backends.local.shape import Shape, Threads
from devchat.backends.local.shelf import Shelf, shelf_in
from devchat.backends.local.worth import (
    COVERED,
    Beginnings,
    Evaluated,
    Held,
    Reach,
    Wanted,
    superseded,
    worth_keeping,
    worth_reading,
    worth_sharing,
)
from devchat.errors import ModelError

PENDING = 256 << 20
"""Bytes that wait to be written, at which nothing more is taken."""
PATIENCE, HURRY = 60.0, 1.0
"""Seconds that a leaving engine waits for what is being written, and one that was stopped. By then
it holds no model any more; the file of a large one takes as long to be known by its hash."""
NEWEST = 0.3
"""How much the newest prompt counts in the rate of evaluation."""


@dataclass(frozen=True, slots=True)
class Found:
    """A file that serves the first `shared` tokens of a prompt."""

    head: Head
    shared: int


@dataclass(frozen=True, slots=True)
class Origin:
    """Whose states these are: a model's file, and all else that makes the numbers what they are."""

    name: str
    file: ModelFile
    marks: tuple[str, ...]
    token_bytes: int
    reach: Reach = Reach()

    def key(self, digest: str, rotation: str = "") -> str:
        """Name all of it in 16 letters, given the file's hash and how the pool turns positions."""
        parts = (str(FORMAT), digest, *self.marks, *([rotation] if rotation else []))
        text = "\0".join(parts).encode("utf-8", "surrogateescape")
        return hashlib.blake2b(text, digest_size=8).hexdigest()


def marks_of(c: Any, shape: Shape, gpu_layers: int) -> tuple[str, ...]:
    """List what makes one engine's numbers differ from another's, but for the model.

    Any other version or build of llama.cpp is another file.
    """
    built = sorted(_libraries(Path(c._lib._name).parent))
    context = replace(shape, threads=0, threads_batch=0)
    system = bytes(c.llama_print_system_info()).decode("utf-8", "replace")
    return (str(built), system, str(context), str(gpu_layers))


def _libraries(folder: Path) -> Iterator[tuple[str, int, int]]:
    for one in folder.glob("lib*"):
        # Where they lie among others, a link that leads nowhere is none of ours.
        if one.name.startswith(("libllama", "libggml")) and one.exists():
            state = one.stat()
            yield one.name, state.st_size, state.st_mtime_ns


def open_cache(folder: Path, limit: int, origin: Origin) -> PrefixCache:
    """Open the cache in a folder, which need not exist."""
    return PrefixCache(folder, limit, origin, read_facts(folder, origin.file))


class PrefixCache:
    """What is kept of one model's prompts. One thread may use it."""

    def __init__(self, folder: Path, limit: int, origin: Origin, facts: Facts) -> None:
        self.trouble = ""
        self._folder, self._limit, self._origin = folder, limit, origin
        self._facts = facts
        self._digest, self._rotation = facts.hash, ""
        self._shelf = shelf_in(folder, limit)
        self._rate = 0.0
        # Each is changed by one thread alone.
        self._given = self._written = 0
        self._beginnings = Beginnings()
        self._handed: list[Wanted] = []
        self._work: SimpleQueue[tuple[Wanted, bytes, str] | None] = SimpleQueue()
        self._writer: Thread | None = None

    def turn(self, rotation: str) -> None:
        """Keep and find only states of this rotation: their numbers are nothing to another's."""
        if rotation != self._rotation:
            self._rotation, self._handed = rotation, []

    def learn(self, prompt: Sequence[int]) -> None:
        """Take note of a request's prompt, to notice what requests have in common."""
        if self._limit:
            self._beginnings.learn(tuple(prompt))

    def find(self, serves: Callable[[Head], int], held: int) -> Found | None:
        """Look for the file that serves most of a prompt, more than the `held` tokens in memory.

        `serves` tells how many of the prompt's first tokens a file serves.
        """
        found = [Found(head, serves(head)) for head in self._heads()]
        best = max(found, key=lambda one: (one.shared, -one.head.size), default=None)
        if best and worth_reading(best.shared - held, best.head.size, self._rate):
            return best
        return None

    def load(self, head: Head) -> tuple[Head, bytes] | None:
        """Give a file's state and its head as it is now, `None` where it is gone or damaged."""
        return self._shelf.read(head)

    def took(self, tokens: int, seconds: float) -> None:
        """Note in how many seconds tokens of prompts were evaluated."""
        rate = tokens / max(seconds, 1e-9)
        self._rate += (rate - self._rate) * (NEWEST if self._rate else 1)

    @property
    def behind(self) -> bool:
        """Whether so much waits to be written that nothing more is taken."""
        return self._given - self._written > PENDING

    def next_to_keep(self, idle: Iterable[Held]) -> Wanted | None:
        """Choose what should be kept of the idle sequences, given the latest used first."""
        if not self._limit or self.behind:
            return None
        public = [one for one in idle if not one.private]
        kept: list[Evaluated] = [*self._heads(), *self._handed]
        return self._beginning(public, kept) or self._whole(public, kept)

    def keep(self, wanted: Wanted, state: bytes) -> None:
        """Have the state of those tokens written, by and by."""
        self._handed = [*self._handed, wanted][-64:]
        self._given += len(state)
        if self._writer is None:
            self._writer = Thread(target=self._write_all, daemon=True)
            self._writer.start()
        self._work.put((wanted, state, self._rotation))

    def known_threads(self, most: Threads) -> Threads | None:
        """Tell the quickest threads that an engine has found where it might take so many."""
        return self._facts.threads if self._facts.most == most else None

    def remember_threads(self, most: Threads, best: Threads | None) -> None:
        """Remember which of so many threads were the quickest."""
        file = self._origin.file
        if not self._limit or best is None or look_at(file.path) != file:
            return  # by now the path may lead to another file, of which more is known
        facts = read_facts(self._folder, file)
        if (facts.most, facts.threads) != (most, best):
            remember(self._folder, file, replace(facts, threads=best, most=most))

    def close(self, patience: float = PATIENCE) -> None:
        """Wait a moment for what is being written."""
        if self._writer is not None:
            self._work.put(None)
            self._writer.join(patience)

    def _heads(self) -> list[Head]:
        if not self._digest or not self._limit:
            return []
        return self._shelf.heads(self._origin.key(self._digest, self._rotation))

    def _beginning(self, idle: list[Held], kept: list[Evaluated]) -> Wanted | None:
        for begun in reversed(self._beginnings.shared) if self._origin.reach.cuts else ():
            size = len(begun)
            found = [one.first(size) for one in idle if one.tokens[:size] == begun]
            best = max(found, key=lambda one: one.exact, default=None)
            if best and self._fits(size):
                covered = self._covered(kept, best)
                if worth_sharing(size, covered, self._rate):
                    return best
        return None

    def _whole(self, idle: list[Held], kept: list[Evaluated]) -> Wanted | None:
        for one in idle:
            size, covered = len(one.tokens), self._covered(kept, one)
            if self._fits(size) and worth_keeping(size, covered, self._rate):
                return one.first(size)
        return None

    def _covered(self, kept: Iterable[Evaluated], one: Evaluated) -> int:
        return self._origin.reach.covered(kept, one.tokens, one.exact)

    def _fits(self, tokens: int) -> bool:
        return tokens * self._origin.token_bytes <= self._limit // 2

    def _write_all(self) -> None:
        stand_back()
        shelf = shelf_in(self._folder, self._limit)
        while (work := self._work.get()) is not None:
            wanted, state, rotation = work
            try:
                self._write(shelf, wanted, state, rotation)
            except (OSError, ModelError) as error:
                self.trouble = str(getattr(error, "strerror", None) or error).lower()
            self._written += len(state)

    def _write(self, shelf: Shelf, wanted: Wanted, state: bytes, rotation: str) -> None:
        origin, tokens = self._origin, wanted.tokens
        self._digest = self._digest or self._identify()
        if not self._digest:
            return
        key = origin.key(self._digest, rotation)
        before = shelf.heads(key)
        if self._covered(before, wanted) >= COVERED * len(tokens):
            return
        head = head_of(key, origin.name, wanted, state)
        if shelf.write(head, state) and origin.reach.cuts:
            for one in before:
                if one.exact <= wanted.exact and superseded(one.tokens, tokens):
                    shelf.remove(one)

    def _identify(self) -> str:
        file = self._origin.file
        digest = hash_of(file)
        if digest:
            remember(self._folder, file, replace(read_facts(self._folder, file), hash=digest))
        return digest
