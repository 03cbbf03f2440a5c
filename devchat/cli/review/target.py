"""What is to be reviewed: revisions, a patch file, or what is piped in."""

from __future__ import annotations

import os
import re
import stat
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from devchat.changes import Diff
from devchat.context.names import expanded
from devchat.errors import InputError, UsageError
from devchat.source.change import Change

_LARGEST = 25_000_000
_PATIENCE = 5.0
_EMPTY = "the patch is empty; `devchat review HEAD` reviews what is not committed yet"
_LIKE_A_PATCH = re.compile(rb"^(?:@@|diff |--- |Index: |\x1b\[)|\0", re.MULTILINE)
_LESS = "review a part of it: git diff -- PATH | devchat review"


@dataclass(frozen=True, slots=True)
class Target:
    """What the command line names: a revision range, a patch file or `-`; or neither."""

    named: str | None
    staged: bool
    worktree: bool


def read_target(target: Target, folder: Path) -> tuple[Change, Diff]:
    """Read the change and parse it. Raises `UsageError`, `InputError`."""
    from devchat.diff import parse
    from devchat.source.read import patch_change, read_change

    _check(target)
    patch = _read_patch(target, folder)
    if patch is not None:
        text = patch.decode("utf-8", "surrogateescape")
        diff = parse(text)
        change = patch_change(text, diff, folder)
        return (change if text.strip() else replace(change, notes=(_EMPTY,))), diff
    change = read_change(
        folder, revisions=target.named, staged=target.staged, worktree=target.worktree
    )
    return change, parse(change.text)


def _check(target: Target) -> None:
    given = [target.named, "--staged" if target.staged else "", "--worktree" * target.worktree]
    named = [f"`{one}`" for one in given if one]
    if len(named) > 1:
        raise UsageError(
            f"{' and '.join(named)} don't go together", "name one of them: what is to be reviewed"
        )


def _read_patch(target: Target, folder: Path) -> bytes | None:
    """Return a patch that was named or piped in; None where revisions are meant."""
    if target.named == "-":
        return _checked(_read_stdin(), "standard input")
    if target.named is not None:
        path = folder / expanded(target.named)
        return _read_file(path, target.named) if _is_there(path) else None
    if target.staged or target.worktree or not _is_piped():
        return None
    return _checked(_await_stdin(), "standard input")


def _is_there(path: Path) -> bool:
    try:
        path.stat()
    except (OSError, ValueError):  # revisions can be no names of files: with a NUL, or too long
        return False
    return True


def _read_file(path: Path, name: str) -> bytes:
    if path.is_dir():
        hint = f"`--path '{name.rstrip('/')}/'` reviews what changed in it"
        raise InputError(f"`{name}` is a folder, and no patch", hint)
    try:
        with path.open("rb") as file:
            patch = _checked(file.read(_LARGEST + 1), f"`{name}`")
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(f"`{name}` can't be read: {reason}", "name a patch file") from None
    if patch.strip() and not _LIKE_A_PATCH.search(patch):
        hint = f"`devchat review --path {name}` reviews what changed in it"
        raise InputError(f"`{name}` is no patch", hint)
    return patch


def _checked(patch: bytes, name: str) -> bytes:
    if len(patch) > _LARGEST:
        raise InputError(f"{name} is longer than 25 MB", _LESS)
    return patch


def _is_piped() -> bool:
    """Tell whether standard input is a pipe or a file: not a terminal, nor /dev/null."""
    if sys.stdin is None or sys.stdin.closed:
        return False
    mode = os.fstat(sys.stdin.fileno()).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISREG(mode) or stat.S_ISSOCK(mode)


def _await_stdin() -> bytes:
    """Read what is piped in, unless nothing comes: then it may be nobody's pipe."""
    from devchat.context.stdin import read_piped
    from devchat.render.console import note

    silent = []

    def say(text: str) -> None:
        silent.append(text)
        if len(silent) == 1:
            note(sys.stderr, text)

    patch = read_piped(sys.stdin.buffer, wait_seconds=_PATIENCE, say=say)
    if patch is None and len(silent) > 1:
        hint = "name what to review, such as `HEAD~1`, or `-` to wait for a patch"
        raise UsageError("nothing is named, and standard input stays silent", hint)
    return patch or b""


def _read_stdin() -> bytes:
    from devchat.context.stdin import read_all

    return read_all(sys.stdin.buffer if sys.stdin else None)
