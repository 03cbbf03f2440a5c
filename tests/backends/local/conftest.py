"""Engines for tests: a shared one, and whatever a test wants in a home of its own.

One thread each: two that spin for each other are slow where tests run side by side.
"""

from __future__ import annotations

import dataclasses
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devchat.backends import Backend
from devchat.backends.local import open_local
from devchat.backends.local.control import stop_engines
from devchat.models import LocalModel
from devchat.settings import Local, Paths, Settings
from devchat.types import Chunk, Completion, Message, Options, Request

Open = Callable[..., Backend]
MODEL = "SmolLM2-135M-Instruct"


def ask(text: str, system: str = "", **options: object) -> Request:
    """Make a request; greedy and short unless told otherwise."""
    messages = (Message.of("system", system),) if system else ()
    chosen = {"temperature": 0.0, "max_tokens": 24} | options
    return Request((*messages, Message.of("user", text)), Options(**chosen))  # type: ignore[arg-type]


def finish(backend: Backend, request: Request) -> Completion:
    """Run a request to its end; the chunks must add up to the completion."""
    *chunks, last = backend.stream(request)
    assert isinstance(last, Completion)
    texts = [chunk.text for chunk in chunks if isinstance(chunk, Chunk) and chunk.kind == "text"]
    assert "".join(texts) == last.text
    return last


def with_local(settings: Settings, **changes: object) -> Settings:
    return dataclasses.replace(settings, local=Local(**({"threads": 1} | changes)))  # type: ignore[arg-type]


@pytest.fixture
def runtime(settings: Settings) -> Iterator[Path]:
    """The runtime folder of this test; its engines end with it."""
    yield settings.paths.runtime
    stop_engines(settings.paths.runtime)


@pytest.fixture
def open_model(settings: Settings, runtime: Path, embedded: LocalModel) -> Iterator[Open]:
    """Open the embedded model, or a file, in this test's own home, with local settings changed."""
    opened: list[Backend] = []

    def opener(path: Path | None = None, **changes: object) -> Backend:
        model = dataclasses.replace(embedded, path=path or embedded.path)
        opened.append(open_local(model, with_local(settings, **changes)))
        return opened[-1]

    yield opener
    for backend in opened:
        backend.close()


@pytest.fixture(scope="session")
def shared_runtime() -> Iterator[Path]:
    """The runtime folder of the shared engine."""
    home = Path(tempfile.mkdtemp(prefix="dc-"))
    yield home / "run"
    stop_engines(home / "run")
    shutil.rmtree(home)


@pytest.fixture(scope="session")
def shared(embedded_path: Path, shared_runtime: Path) -> Iterator[Backend]:
    """An engine for all tests that do it no harm."""
    home = shared_runtime.parent
    kept = [home / name for name in ("h", "cache")]
    paths = Paths(home / "c", home / "k", home / "p", home / "m", shared_runtime, *kept)
    model = LocalModel(MODEL, embedded_path, "tiny", 8192, embedded=True)
    backend = open_local(model, with_local(Settings(paths)))
    yield backend
    backend.close()


class Gguf:
    """Makes copies of the embedded model with other words in the head, and no weights at all."""

    def __init__(self, source: Path, home: Path) -> None:
        self._source, self._home, self._made = source, home, 0
        with source.open("rb") as file:
            self.head = file.read(3 << 20)

    def write(self, head: bytes, size: int | None = None) -> Path:
        """Write a file that begins so; the rest is a hole, so the weights are zeros."""
        self._made += 1
        path = self._home / f"made-{self._made}.gguf"
        with path.open("wb") as file:
            file.write(head)
            file.truncate(self._source.stat().st_size if size is None else size)
        return path

    def with_bytes(self, changes: dict[int, int]) -> Path:
        """Change single bytes of the head."""
        head = bytearray(self.head)
        for place, value in changes.items():
            head[place] = value
        return self.write(bytes(head))

    def with_template(self, template: str) -> Path:
        """Give the real model another chat template, no longer than its own."""
        name = b"tokenizer.chat_template"
        start = self.head.index(name) + len(name) + 4
        size = int.from_bytes(self.head[start : start + 8], "little")
        new = template.encode()
        padded = new + b"{#" + b" " * (size - len(new) - 4) + b"#}"
        assert len(padded) == size, f"a template of {len(new)} bytes, {size - 4} at most"
        self._made += 1
        path = self._home / f"made-{self._made}.gguf"
        shutil.copyfile(self._source, path)
        with path.open("r+b") as file:
            file.seek(start + 8)
            file.write(padded)
        return path


@pytest.fixture
def gguf(embedded_path: Path, home: Path) -> Gguf:
    """Make damaged and foreign copies of the embedded model."""
    return Gguf(embedded_path, home)


@pytest.fixture
def full_disk(home: Path) -> Iterator[Path]:
    """A folder on a file system with no room left."""
    folder = home / "full"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4096,mode=700", "devchat-test", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode == 0:
        with pytest.raises(OSError, match="No space"):
            (folder / "all").write_bytes(bytes(1 << 20))
        yield folder
        subprocess.run(["umount", str(folder)], check=True)
    else:
        # Without the right to mount: a folder that can't even be made.
        blocked = home / "file"
        blocked.touch()
        yield blocked / "run"
