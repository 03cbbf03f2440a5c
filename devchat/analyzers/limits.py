"""Run as a script: lower this process's limits, then become the command that is named.

`python limits.py SECONDS MEMORY OUTPUT COMMAND...`: CPU seconds, and bytes of memory and of any
file written. A file of its own because code between fork and exec is not safe beside threads.
"""

from __future__ import annotations

import os
import resource
import sys


def main() -> None:
    """Set the limits and replace this process."""
    seconds, memory, output = map(int, sys.argv[1:4])
    lower(resource.RLIMIT_CPU, seconds)
    lower(resource.RLIMIT_AS, memory)
    lower(resource.RLIMIT_FSIZE, output)
    lower(resource.RLIMIT_CORE, 0)
    os.execv(sys.argv[4], sys.argv[4:])


def lower(kind: int, limit: int) -> None:
    """Set both limits of a kind, never above what is allowed already."""
    _, most = resource.getrlimit(kind)
    limit = limit if most == resource.RLIM_INFINITY else min(limit, most)
    resource.setrlimit(kind, (limit, limit))


if __name__ == "__main__":
    main()
