"""What was found out once about a model's file, remembered in the cache folder.

To hash gigabytes takes seconds: a file whose size, times and inode are as they were is not read
again. Whatever can't be read or written is found out anew.
"""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from devchat.backends.local.shape import Threads
from devchat.errors import ModelError, StorageError
from devchat.models.gguf import find_parts

NAME = "models.json"
MOST = 200
"""Model files remembered."""
BLOCK = 4 << 20


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A file as it was when the engine opened it.

    `stamp` changes with the size, the times or the inode of any of its parts; "" where there is no
    file. The second time, which nobody sets, tells what was written over and dated back.
    """

    path: str
    stamp: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known: the hash of the content, and the quickest threads where so many might be."""

    hash: str = ""
    threads: Threads | None = None
    most: Threads | None = None


def look_at(path: str) -> ModelFile:
    """Describe a file, all parts of a split one; of what is not there it says nothing."""
    try:
        states = [part.stat() for part in find_parts(Path(path))]
    except (OSError, ModelError):
        return ModelFile(path, "")
    seen = [(one.st_size, one.st_mtime_ns, one.st_ctime_ns, one.st_ino) for one in states]
    return ModelFile(path, hashlib.blake2b(str(seen).encode(), digest_size=8).hexdigest())


def read_facts(folder: Path, file: ModelFile) -> Facts:
    """Tell what is known of a file, nothing where it has changed."""
    entry = _read(folder).get(file.path)
    match entry:
        case {"file": dict(seen), "hash": str(digest)} if seen == asdict(file) and file.stamp:
            facts = Facts(digest)
        case _:
            return Facts()
    match entry:
        case {"threads": dict(best), "most": dict(most)}:
            return replace(facts, threads=_threads(best), most=_threads(most))
    return facts


def remember(folder: Path, file: ModelFile, facts: Facts) -> None:
    """Note what is known of a file; where that can't be written it is forgotten."""
    from devchat.settings.write import write_atomic

    known = _read(folder)
    known.pop(file.path, None)
    known = dict(list(known.items())[1 - MOST :])
    known[file.path] = {"file": asdict(file), **asdict(facts)}
    with suppress(StorageError):
        write_atomic(folder / NAME, json.dumps(known, indent=1), 0o600)


def hash_of(file: ModelFile) -> str:
    """Hash a file's content, "" where it has changed. Raises `OSError`, `ModelError`."""
    if not _unchanged(file):
        return ""  # without reading gigabytes
    digest = hashlib.blake2b(digest_size=20)
    for part in find_parts(Path(file.path)):
        with part.open("rb", buffering=0) as source:
            while block := source.read(BLOCK):
                digest.update(block)
    return digest.hexdigest() if _unchanged(file) else ""


def stand_back() -> None:
    """Let this thread work after what answers, where that is possible: each has its niceness."""
    import threading

    with suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)


def _unchanged(file: ModelFile) -> bool:
    return bool(file.stamp) and look_at(file.path) == file


def _threads(found: dict[str, object]) -> Threads | None:
    match found:
        case {"answer": int(answer), "prompt": int(prompt)}:
            return Threads(answer, prompt)
    return None


def _read(folder: Path) -> dict[str, object]:
    try:
        known = json.loads((folder / NAME).read_text())
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}
