"""Who writes an answer now: a process by its id and start time, so that a reused id is no match."""

from __future__ import annotations

import os
from pathlib import Path


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
    try:
        # Field 22 counts from after the command's name, which may hold anything:
        # https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
        after = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return "" if Path("/proc/self/stat").exists() else _started_by_ps(pid)
    return "" if after[0] in "ZX" else after[19]


def _started_by_ps(pid: int) -> str:
    import subprocess

    asked = ["ps", "-o", "lstart=", "-p", str(pid)]
    return "".join(subprocess.run(asked, capture_output=True, text=True).stdout.split())
