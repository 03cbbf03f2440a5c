"""A limit to the memory of this process and of those that it starts: one that grows ends alone."""

from __future__ import annotations

import os
import resource

LEAST = 2 << 30
"""Bytes that a worker and an engine may have on the smallest machine."""


def bound_memory(most: int = 0) -> int:
    """Let no process of ours fill more than so many bytes (0: three quarters of the machine's).

    What a model's file maps is not counted, what is computed with it is. Returns the limit.
    https://man7.org/linux/man-pages/man2/getrlimit.2.html, RLIMIT_DATA
    """
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    known = [one for one in (soft, hard) if one != resource.RLIM_INFINITY]
    limit = min([most or max(LEAST, machine * 3 // 4), *known])
    resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))
    return limit
