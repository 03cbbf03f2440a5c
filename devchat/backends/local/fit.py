"""What fits: the window, the memory, the threads, the layers on a GPU.

The decisions are pure; what they are made of is read from files under `root` ("/" but in tests).
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from devchat.errors import ContextError

DEFAULT_ANSWER = 1024
"""Tokens left for an answer whose length nobody said."""
SHORTEST_ANSWER = 256
"""Tokens to which such an answer shrinks before memory is called too small."""
STEP = 512
"""Windows are multiples of this, so that a request a little longer needs no new one."""
SPARE = 256 << 20
"""Bytes of free memory that no window may take."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The largest windows in tokens: what the model takes, and what free memory can hold."""

    model: int
    memory: int


@dataclass(frozen=True, slots=True)
class Room:
    """What a request gets, in tokens: a window and, within it, its answer."""

    window: int
    answer: int


def fit(prompt: int, max_tokens: int | None, limits: Limits) -> Room:
    """Size window and answer to a prompt of so many tokens. Raises `ContextError`."""
    if prompt >= limits.model:
        raise ContextError(
            f"the prompt has {prompt} tokens, but the model's window has {limits.model}",
            "send less, or choose a model with a larger window with `-m`",
        )
    answer = min(max_tokens or DEFAULT_ANSWER, limits.model - prompt)
    if max_tokens is None:
        answer = max(min(answer, limits.memory - prompt), min(answer, SHORTEST_ANSWER))
    needed = prompt + answer
    if needed > limits.memory:
        raise ContextError(
            f"a window of {needed} tokens is needed, but free memory holds one of {limits.memory}",
            "close other programs, send less, ask for a shorter answer, or choose a smaller model",
        )
    return Room(min(-(-needed // STEP) * STEP, limits.model, limits.memory), answer)


def grown(now: int, wanted: int, limits: Limits) -> int:
    """Choose the next window: at least doubled, so that a conversation rarely outgrows it."""
    return max(wanted, min(2 * now, limits.model, limits.memory))


def retreats(wanted: int, layers: int) -> tuple[int, ...]:
    """List how many layers to try on the GPU, from what is wanted (-1: all) down to none."""
    most = layers if wanted < 0 else min(wanted, layers)
    return tuple(dict.fromkeys((most, most // 2, most // 4, 0)))


def layers_that_fit(layers: int, size: int, free: int) -> int:
    """Tell how many of a model's layers fit into a GPU's free memory, -1 for all of them.

    `size` in bytes is the model's; as if its layers were all as large, and the rest one more. A
    tenth of the memory, or 512 MB, is left to windows and to what else the GPU does.
    """
    each = max(1, size // (layers + 1))
    fitting = (free - max(free // 10, 512 << 20)) // each
    return -1 if fitting > layers else max(0, fitting)


def physical_cores(root: Path = Path("/")) -> int:
    """Count the physical cores that this process may use; at least 1."""
    if not hasattr(os, "sched_getaffinity"):
        return _sysctl("hw.perflevel0.physicalcpu") or _sysctl("hw.physicalcpu") or 1
    cores = {_core(root / f"sys/devices/system/cpu/cpu{cpu}", cpu) for cpu in _affinity()}
    return max(1, min(len(cores), _processor_quota(root)))


def free_memory(root: Path = Path("/")) -> int:
    """Count the bytes that may be taken without pushing others out, within our container."""
    if sys.platform == "darwin":
        return _sysctl("hw.memsize") // 2
    lines = _read(root / "proc/meminfo").splitlines()
    available = [line.split()[1] for line in lines if line.startswith("MemAvailable:")]
    free = int(available[0]) * 1024 if available else 1 << 62
    limit = _read(root / "sys/fs/cgroup/memory.max").strip()
    if limit.isdigit():
        used = int(_read(root / "sys/fs/cgroup/memory.current") or 0) - _file_cache(root)
        free = min(free, max(0, int(limit) - used))
    return free


def resident_memory() -> int:
    """Count the bytes of memory that this process fills."""
    pages = _read(Path("/proc/self/statm")).split()
    if pages:
        return int(pages[1]) * os.sysconf("SC_PAGE_SIZE")
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _file_cache(root: Path) -> int:
    # Pages of files that the kernel drops when memory is asked for, but for those in use:
    # https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files
    rows = (line.split() for line in _read(root / "sys/fs/cgroup/memory.stat").splitlines())
    sizes = {name: int(size) for name, size in rows}
    cached = sizes.get("inactive_file", 0) + sizes.get("active_file", 0)
    return max(0, cached - sizes.get("file_mapped", 0))


def _affinity() -> set[int]:
    return os.sched_getaffinity(0)


def _core(cpu: Path, number: int) -> tuple[str, str]:
    # Two hyperthreads of one core carry the same pair.
    package = _read(cpu / "topology/physical_package_id")
    return package, _read(cpu / "topology/core_id") or str(number)


def _processor_quota(root: Path) -> int:
    quota, _, period = _read(root / "sys/fs/cgroup/cpu.max").partition(" ")
    return -(-int(quota) // int(period)) if quota.isdigit() else 1 << 16


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def _sysctl(name: str) -> int:
    import subprocess

    done = subprocess.run(
        ["/usr/sbin/sysctl", "-n", name], capture_output=True, text=True, check=False
    )
    return int(done.stdout) if done.stdout.strip().isdigit() else 0
