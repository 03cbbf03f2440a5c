"""Which llama.cpp is installed, asked in a process of its own: for `devchat doctor`.

Run as a program it prints what it found; the front door never imports llama.cpp.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass

from devchat.backends.local.devices import Device
from devchat.errors import BackendError

INSTALL = "pip install 'devchat-cli[local]'"


@dataclass(frozen=True, slots=True)
class LlamaBuild:
    """An installed llama.cpp. `llguidance` is "" where it is not installed."""

    llama_cpp_python: str
    llguidance: str
    gpu_offload: bool
    system: str
    devices: tuple[Device, ...] = ()


def check_installed() -> None:
    """Raise `BackendError` if llama-cpp-python is not installed. Imports nothing of it."""
    from importlib.machinery import PathFinder

    if PathFinder.find_spec("llama_cpp") is None:
        raise BackendError("models on this machine need llama-cpp-python", INSTALL)


def describe_build() -> LlamaBuild:
    """Describe the installed llama.cpp. Raises `BackendError` if there is none, or a broken one."""
    import subprocess

    check_installed()
    done = subprocess.run(
        [sys.executable, "-P", "-m", __name__], capture_output=True, text=True, check=False
    )
    if done.returncode:
        why = (done.stderr.strip().splitlines() or ["it says nothing"])[-1]
        raise BackendError(
            f"llama.cpp can't be loaded: {why}",
            f"install it again: {INSTALL.replace('install', 'install --force-reinstall')}",
        )
    found = json.loads(done.stdout)
    gpus = tuple(Device(**one) for one in found["devices"])
    return LlamaBuild(**found | {"devices": gpus})


def main() -> None:
    """Print what is installed as JSON."""
    from importlib.metadata import PackageNotFoundError, version

    from devchat.backends.local.devices import devices
    from devchat.backends.local.library import Library

    library = Library()
    try:
        guidance = version("llguidance")
    except PackageNotFoundError:
        guidance = ""
    system = bytes(library.c.llama_print_system_info()).decode().strip()
    found = LlamaBuild(
        version("llama-cpp-python"), guidance, library.offloads, system, devices(library.c)
    )
    print(json.dumps(asdict(found)))


if __name__ == "__main__":
    main()
