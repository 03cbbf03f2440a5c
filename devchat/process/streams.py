"""The standard streams as we are given them: closed, full, or in an encoding that lacks letters."""

from __future__ import annotations

import errno
import os
import sys
from io import TextIOWrapper

from devchat.errors import StorageError

_OUTPUT_ERRORS = {errno.EPIPE, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF}


def open_streams() -> None:
    """Make both outputs safe to write to: what their encoding lacks becomes an escape.

    A closed one (`>&-`) discards: without this, the next file opened would take its place and
    receive our words.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)
    sys.stdout = sys.stdout or os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", encoding="utf-8", closefd=False)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def is_about_output(error: OSError) -> bool:
    """Tell an output that can't be written to from whatever else may fail."""
    # Errors of files name the file; those of streams name nothing.
    return error.filename is None and error.errno in _OUTPUT_ERRORS


def settle_streams() -> None:
    """Leave nothing to write for Python, which flushes at exit and would complain and fail."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def output_error(error: OSError) -> StorageError:
    """Say why our output can't be written."""
    reason = (error.strerror or str(error)).lower()
    hint = "make room there, or write to another place"
    return StorageError(f"standard output can't be written: {reason}", hint)
