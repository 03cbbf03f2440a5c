"""A process to supervise, which writes down its id and lives; or a supervisor of two."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from bot.command.supervisor import end_with_supervisor, supervise
from bot.logs import open_logs


def live(folder: Path, name: str, manner: str) -> int:
    """Be a child: "well", "deaf" to SIGTERM, or one that ends with a code."""
    with (folder / name).open("a") as file:
        file.write(f"{os.getpid()}\n")
    if manner == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    elif manner == "well":
        end_with_supervisor()
    else:
        return int(manner)
    while True:
        time.sleep(0.05)


def main(folder: Path, *rest: str) -> int:
    """Live as `NAME MANNER`, or supervise two: `supervise MANNER [GRACE]`, one well, one so."""
    if rest[0] != "supervise":
        return live(folder, *rest)
    open_logs("info")
    child = [sys.executable, "-m", "tests.bot.supervised", str(folder)]
    two = {"one": [*child, "one", "well"], "two": [*child, "two", rest[1]]}
    return supervise(two, grace=float(rest[2] if rest[2:] else 1.0))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), *sys.argv[2:]))
