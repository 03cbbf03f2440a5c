"""How a review ends: written to standard output or a file, and an exit code."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from devchat.changes import Diff, Review
from devchat.errors import StorageError
from devchat.render.console import note
from devchat.render.review import Format, Look, render_review

FAILED = 7
_RANKS = ("note", "warning", "error", "never")


def exit_code(review: Review, fail_on: str) -> int:
    """Return 7 where a part of the review failed, else 1 for findings that are bad enough."""
    if review.receipt.failed:
        return FAILED
    findings = (*review.findings, *review.overflow)
    bad = _RANKS.index(fail_on)
    return int(any(_RANKS.index(one.severity) >= bad for one in findings))


def show(review: Review, diff: Diff, form: Format, output: Path | None) -> None:
    """Write a review to standard output, or into a file as a whole. Raises `StorageError`."""
    if output is None:
        sys.stdout.write(_writable(render_review(review, diff, form, _look()), form))
        sys.stdout.flush()
        return
    text = render_review(review, diff, form)
    write_file(output, text.encode("utf-8", "backslashreplace"))
    note(sys.stderr, f"the review is in {output}")


def check_output(output: Path | None) -> None:
    """Raise `StorageError` for a file that can't be written, before time is spent on a review."""
    if output is None:
        return
    folder = output.parent
    if output.is_dir():
        raise _unwritable(output, "it is a folder")
    if not folder.is_dir():
        raise _unwritable(output, f"there is no folder `{folder}`")
    if not os.access(output if _is_special(output) else folder, os.W_OK):
        raise _unwritable(output, "permission denied")


def write_file(path: Path, data: bytes) -> None:
    """Write a file so that it is there as a whole or not at all. Raises `StorageError`."""
    try:
        if _is_special(path):
            path.write_bytes(data)
        else:
            _replace(path.resolve(), data)
    except OSError as error:
        raise _unwritable(path, (error.strerror or str(error)).lower()) from None


def _replace(path: Path, data: bytes) -> None:
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:80]}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(name).chmod(mode)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _is_special(path: Path) -> bool:
    """Tell a pipe or a device, such as /dev/stdout, from a file that can be replaced."""
    return path.exists() and not path.is_file()


def _unwritable(path: Path, reason: str) -> StorageError:
    hint = "`--output` takes the path of a file that may be written"
    return StorageError(f"`{path}` can't be written: {reason}", hint)


def _look() -> Look:
    """See what standard output can show: its width, colours, and marks beyond ASCII."""
    marks = _can_write("✖▲●✔○│▸…·")
    if not sys.stdout.isatty():
        return Look(marks=marks)
    columns = os.get_terminal_size(sys.stdout.fileno()).columns or 80
    if os.environ.get("TERM", "dumb") in {"", "dumb"}:
        return Look(columns, "none", marks)
    return Look(columns, "plain" if os.environ.get("NO_COLOR") else "colour", marks)


def _can_write(text: str) -> bool:
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _writable(text: str, form: Format) -> str:
    """JSON stays JSON in any encoding; what else an encoding lacks becomes an escape."""
    if form not in ("json", "sarif"):
        return text
    from devchat.render.jsontext import in_encoding

    return in_encoding(text, sys.stdout.encoding)
