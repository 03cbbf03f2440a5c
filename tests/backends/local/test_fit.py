"""Sizes and retreats: decisions without a model."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devchat.backends.local.fit import (
    Limits,
    fit,
    free_memory,
    grown,
    physical_cores,
    resident_memory,
    retreats,
)
from devchat.errors import ContextError

sizes = st.integers(1, 200_000)


@given(sizes, st.none() | st.integers(1, 9000), sizes, sizes)
def test_a_window_holds_prompt_and_answer_within_its_limits(
    prompt: int, most: int | None, model: int, memory: int
) -> None:
    try:
        room = fit(prompt, most, Limits(model, memory))
    except ContextError as error:
        assert prompt >= model or prompt + min(most or 256, model - prompt) > memory
        assert str(prompt) in error.message or str(memory) in error.message
        assert error.hint
    else:
        assert prompt + room.answer <= room.window <= min(model, memory)
        assert 1 <= room.answer <= (most or 1024)


@pytest.mark.parametrize(
    ("prompt", "most", "model", "memory", "window", "answer"),
    [
        (100, None, 8192, 99999, 1536, 1024),
        (100, 20, 8192, 99999, 512, 20),
        (8000, None, 8192, 99999, 8192, 192),
        (100, None, 8192, 700, 700, 600),
        (100, 9000, 8192, 99999, 8192, 8092),
        (100, 20, 300, 99999, 300, 20),
    ],
)
def test_windows(
    prompt: int, most: int | None, model: int, memory: int, window: int, answer: int
) -> None:
    room = fit(prompt, most, Limits(model, memory))
    assert (room.window, room.answer) == (window, answer)


@given(st.integers(0, 9000), st.integers(1, 9000))
def test_windows_grow_by_half_a_size_at_least_or_to_the_limit(now: int, wanted: int) -> None:
    limits = Limits(8192, 6000)
    size = grown(now, wanted, limits)
    assert size >= wanted
    assert size == wanted or size == min(2 * now, 6000)


@pytest.mark.parametrize(
    ("wanted", "layers", "tries"),
    [(-1, 32, (32, 16, 8, 0)), (10, 32, (10, 5, 2, 0)), (99, 3, (3, 1, 0)), (0, 32, (0,))],
)
def test_retreats(wanted: int, layers: int, tries: tuple[int, ...]) -> None:
    assert retreats(wanted, layers) == tries


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


MEMORY = {"proc/meminfo": "MemTotal:  99 kB\nMemAvailable:   2048 kB\n"}


@pytest.mark.parametrize(
    ("files", "free"),
    [
        (MEMORY, 2 << 20),
        (MEMORY | {"sys/fs/cgroup/memory.max": "max\n"}, 2 << 20),
        (
            MEMORY | {"sys/fs/cgroup/memory.max": "9000", "sys/fs/cgroup/memory.current": "8000"},
            1000,
        ),
        (
            MEMORY
            | {"sys/fs/cgroup/memory.max": "9000", "sys/fs/cgroup/memory.current": "8000"}
            | {
                "sys/fs/cgroup/memory.stat": "anon 900\ninactive_file 5000\nactive_file 1000\n"
                "file_mapped 2000\n"
            },
            5000,
        ),
        (MEMORY | {"sys/fs/cgroup/memory.max": "9000"}, 9000),
        ({}, 1 << 62),
    ],
)
def test_free_memory_minds_the_container(home: Path, files: dict[str, str], free: int) -> None:
    assert free_memory(write(home, files)) == free


@pytest.mark.parametrize(
    ("core", "quota", "cores"),
    [("0", "max 100000", 1), ("own", "50000 100000", 1), ("own", "9900000 100000", None)],
)
def test_cores_are_physical_allowed_and_paid_for(
    home: Path, core: str, quota: str, cores: int | None
) -> None:
    import os

    allowed = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else {0}
    files = {
        f"sys/devices/system/cpu/cpu{cpu}/topology/core_id": str(cpu) if core == "own" else core
        for cpu in allowed
    }
    root = write(home, files | {"sys/fs/cgroup/cpu.max": quota})
    assert physical_cores(root) == (len(allowed) if cores is None else cores)


def test_a_process_takes_memory_and_cores() -> None:
    assert resident_memory() > 1 << 20
    assert physical_cores() >= 1
    assert free_memory() > 0
