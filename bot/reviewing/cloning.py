"""Fetch exactly two commits of a pull by git, hardened: for a diff beyond what GitHub hands out.

Bare, without hooks, filters, submodules or the settings of anybody; https only (http on this
machine); within a size and a time. The token travels in git's environment, never in its
arguments: https://git-scm.com/docs/git-config#Documentation/git-config.txt-GITCONFIGCOUNT
"""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from bot.forge import Origin
from devchat.errors import InputError
from devchat.models.services import is_loopback
from devchat.sanitize import single_line
from devchat.sanitize.tokens import without_tokens
from devchat.source.git import end

LARGEST = 1 << 30
"""Bytes that one fetch may take on the disk."""
SECONDS = 300.0
_DAY = 86_400.0
_TICK = 0.05
_SETTINGS = (
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "core.fsmonitor=false"),
    *("-c", "credential.helper="),
    *("-c", "http.followRedirects=false"),
    *("-c", "http.lowSpeedLimit=1000"),
    *("-c", "http.lowSpeedTime=30"),
    *("-c", "gc.auto=0"),
    *("-c", "maintenance.auto=false"),
    *("-c", "submodule.recurse=false"),
    *("-c", "fetch.unpackLimit=1"),
)
_FETCH = (
    *("fetch", "--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules"),
    *("--no-write-fetch-head", "--no-auto-maintenance", "--no-show-forced-updates"),
)


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one fetch may take."""

    bytes: int = LARGEST
    seconds: float = SECONDS


@contextmanager
def cloned(
    origin: Origin, commits: tuple[str, str], folder: Path, limits: Limits = Limits()
) -> Iterator[Path]:
    """Fetch two commits into a bare repository that is gone afterwards.

    Raises `InputError` where that takes too much, git or GitHub refuse, or nothing can be written.
    """
    with _place(folder) as name:
        bare = Path(name)
        _run(bare, ("init", "--quiet", "--bare", "--template=", str(bare)), {}, limits)
        arguments = (*_FETCH, "--end-of-options", origin.address, *commits)
        _run(bare, arguments, _access(origin), limits)
        yield bare


def _place(folder: Path) -> tempfile.TemporaryDirectory[str]:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _sweep(folder)
        return tempfile.TemporaryDirectory(prefix="pull-", dir=folder)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise InputError(f"the change could not be fetched: {why}") from error


def _sweep(folder: Path) -> None:
    """Take away what a killed worker left behind."""
    for left in folder.glob("pull-*"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > _DAY:
                shutil.rmtree(left)


def _access(origin: Origin) -> dict[str, str]:
    """Allow one protocol, and send the token to this one address."""
    url = urlsplit(origin.address)
    if url.scheme != "https" and not (url.scheme == "http" and is_loopback(url.hostname or "")):
        raise InputError(f"`{single_line(origin.address)}` is not https", "nothing else is fetched")
    login = base64.b64encode(f"x-access-token:{origin.token}".encode()).decode()
    return {
        "GIT_ALLOW_PROTOCOL": url.scheme,
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"http.{url.scheme}://{url.netloc}/.extraHeader",
        "GIT_CONFIG_VALUE_0": f"Authorization: Basic {login}",
    }


def _environment(bare: Path, more: dict[str, str]) -> dict[str, str]:
    passed = ("PATH", "SSL_CERT_FILE", "SSL_CERT_DIR", "HTTPS_PROXY", "https_proxy", "NO_PROXY")
    ours = {name: os.environ[name] for name in passed if name in os.environ}
    fixed = {
        "HOME": str(bare),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "true",
        "GIT_ALLOW_PROTOCOL": "",
        "LC_ALL": "C",
    }
    return ours | fixed | more


def _run(bare: Path, arguments: tuple[str, ...], access: dict[str, str], limits: Limits) -> None:
    program = shutil.which("git")
    if program is None:
        raise InputError("git is not installed", "install it: large pulls are fetched with it")
    with tempfile.TemporaryFile(dir=bare) as complaints:
        process = subprocess.Popen(
            [program, *_SETTINGS, "-C", str(bare), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=complaints,
            env=_environment(bare, access),
            process_group=0,  # a group of its own, so that what it starts is ended with it
        )
        try:
            excess = _watch(process, bare, limits)
        finally:
            end(process)
            process.wait()
        complaints.seek(0)
        said = complaints.read(10_000).decode("utf-8", "replace")
    if excess or process.returncode:
        raise InputError(f"the change could not be fetched: {excess or _reason(said)}")


def _watch(process: subprocess.Popen[bytes], bare: Path, limits: Limits) -> str:
    """Wait for git; say which limit it went over, "" where it ended by itself."""
    limit = time.monotonic() + limits.seconds
    while True:
        with suppress(subprocess.TimeoutExpired):
            process.wait(_TICK)
        if _size(bare) > limits.bytes:
            return f"it is larger than {limits.bytes >> 20} MB"
        if process.returncode is not None:
            return ""
        if time.monotonic() > limit:
            return f"it takes longer than {limits.seconds:.0f} s"


def _size(folder: Path) -> int:
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):  # git renames its files when they are whole
                total += (Path(place) / name).lstat().st_size
    return total


def _reason(said: str) -> str:
    lines = [line for line in said.splitlines() if line.strip()]
    return single_line(without_tokens(lines[-1].removeprefix("fatal: "))) if lines else "git failed"
