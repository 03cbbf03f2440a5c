"""Who writes an answer now: a process by its id and start time, so that a reused id is no match."""

from __future__ import annotations

import os
from pathlib import Path

_GONE = "ZX"
"""The states of a process that has ended and is only not yet cleared away."""


def this_process() -> str:
    """Name this process."""
    pid = os.getpid()
    return f"{pid}:{_started(pid)}"


def is_alive(writer: str) -> bool:
    """Say whether the process named is still the one that runs."""
    pid, _, started = writer.partition(":")
    return bool(started) and _started(int(pid)) == started


def _started(pid: int) -> str:
    """Return when a process started, in whatever unit the system has; "" if there is none."""
    return started_by_proc(pid) if Path("/proc/self/stat").exists() else started_by_ps(pid)


def started_by_proc(pid: int) -> str:
    """Ask Linux, in ticks since it was booted."""
    try:
        # Field 22 counts from after the command's name, which may hold anything:
        # https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
        after = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if after[0] in _GONE else after[19]


def started_by_ps(pid: int) -> str:
    """Ask `ps`, as macOS needs it: a date, in words that depend on nobody's language or zone."""
    import subprocess

    line = ["ps", "-o", "state=", "-o", "lstart=", "-p", str(pid)]
    environ = {**os.environ, "LC_ALL": "C", "TZ": "UTC"}
    asked = subprocess.run(line, env=environ, capture_output=True, text=True)
    state, _, started = asked.stdout.strip().partition(" ")
    return "" if state[:1] in _GONE else "".join(started.split())
