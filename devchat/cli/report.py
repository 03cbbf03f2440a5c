"""A file about an internal error, fit for a bug report: no question, no key, no home folder in it.

The error's own words stay, and may quote what it stumbled over.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


def write_report(error: Exception, command: Sequence[str]) -> Path | None:
    """Write the traceback to a new 0600 file and return its path; None if there is no room."""
    import os
    import platform
    import tempfile
    import traceback

    from devchat import __version__
    from devchat.cli.redact import redact

    where = "".join(traceback.format_tb(error.__traceback__))
    text = (
        f"devchat {__version__}, Python {platform.python_version()}, {platform.platform()}\n"
        f"command: devchat {' '.join(command)} ...\n\n"
        f"{where}{type(error).__name__}: {error}\n"
    )
    try:
        handle, name = tempfile.mkstemp(prefix="devchat-report-", suffix=".txt")
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(redact(text, os.environ))
    except OSError:
        return None
    return Path(name)
