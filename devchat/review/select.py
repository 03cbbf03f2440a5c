"""Choose what of a change is worth a look, and say of the rest why it is not.

What a repository says of its files (`.devchat.toml`, `.gitattributes`) is read at the base, and so
are headers and line lengths of files that were there before: a change can't declare itself
generated or minified.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from devchat.changes import Diff, FileDiff, FileReceipt, HunkReceipt, Source
from devchat.errors import UsageError
from devchat.policy import Policy
from devchat.policy.paths import Globs, is_glob
from devchat.review.attributes import Attributes
from devchat.review.unwritten import (
    HEAD_LINES,
    is_generated,
    is_lock,
    is_minified,
    is_vendored,
    says_generated,
)
from devchat.sanitize import single_line

SUBMODULE, LINK = "160000", "120000"


@dataclass(frozen=True, slots=True)
class Selection:
    """What is looked at, in the diff's order.

    `files` are for model and analyzers; `analysed_only` are too large or too many for a model.
    `left_out` has a receipt for every file that is not in `files`, each hunk with its reason.
    """

    files: tuple[FileDiff, ...]
    analysed_only: tuple[FileDiff, ...]
    left_out: tuple[FileReceipt, ...]


def select(diff: Diff, source: Source, policy: Policy, paths: Sequence[str] = ()) -> Selection:
    """Choose by the policy and by `paths`, globs of what is wished for (none: everything).

    Raises `UsageError` where one of `paths` is no glob.
    """
    for path in paths:
        if not is_glob(path):
            said = f"`--path {single_line(path, 60)}` is no glob as in `.gitignore`"
            raise UsageError(said, "such as `docs/` or `src/**/*.py`")
    chooser = _Chooser(source, policy, paths)
    files: list[FileDiff] = []
    analysed: list[FileDiff] = []
    left_out: list[FileReceipt] = []
    for file in diff.files:
        if reason := chooser.unwanted(file) or _unreadable(file) or chooser.unwritten(file):
            left_out.append(_receipt(file, reason))
        elif reason := _too_much(file, len(files), policy):
            analysed.append(file)
            left_out.append(_receipt(file, f"analyzers only: {reason}"))
        else:
            files.append(file)
    return Selection(tuple(files), tuple(analysed), tuple(left_out))


def _receipt(file: FileDiff, reason: str) -> FileReceipt:
    hunks = tuple(HunkReceipt(hunk.header, "skipped", reason) for hunk in file.hunks)
    return FileReceipt(file.path, hunks, reason)


def _unreadable(file: FileDiff) -> str:
    """Say why there is nothing in a file's change to read, "" where there is."""
    modes = (file.old_mode, file.new_mode)
    if SUBMODULE in modes:
        return "submodule"
    if LINK in modes:
        return "symbolic link"
    if file.binary:
        return "binary"
    if file.status == "deleted":
        return "deleted"
    return "" if file.hunks else _without_text(file)


def _without_text(file: FileDiff) -> str:
    if file.status in ("renamed", "copied"):
        return f"only {file.status}"
    return "empty" if file.status == "added" else "only its mode changed"


def _too_much(file: FileDiff, before: int, policy: Policy) -> str:
    """Say which of the policy's limits on what a model reads is passed, "" where none is."""
    lines = sum(len(hunk.lines) for hunk in file.hunks)
    if lines > policy.max_file_lines:
        return f"{lines:,} lines of diff, and `max_file_lines` is {policy.max_file_lines:,}"
    return "" if before < policy.max_files else f"`max_files` is {policy.max_files:,}"


class _Chooser:
    """What a repository and a caller say of files, ready to be asked of many."""

    def __init__(self, source: Source, policy: Policy, paths: Sequence[str]) -> None:
        self._source = source
        self._ignored = Globs(policy.ignore)
        self._wished = Globs(paths) if paths else None
        self._attributes = Attributes(source)

    def unwanted(self, file: FileDiff) -> str:
        """Say who does not want a file reviewed, "" where nobody minds."""
        if self._wished is not None and not self._wished.match(file.path):
            return "not in `--path`"
        return "ignored by `.devchat.toml`" if self._ignored.match(file.path) else ""

    def unwritten(self, file: FileDiff) -> str:
        """Say why no person wrote a file, "" where one did; `.gitattributes` has the last word."""
        if is_lock(file.path):
            return "lock file"
        vendored = self._attributes.find(file.path, "linguist-vendored")
        if vendored or (vendored is None and is_vendored(file.path)):
            return "vendored"
        generated = self._attributes.find(file.path, "linguist-generated")
        if generated or (generated is None and self._looks_generated(file)):
            return "generated"
        return "minified" if is_minified(file) else ""

    def _looks_generated(self, file: FileDiff) -> bool:
        return is_generated(file.path) or says_generated(self._head(file))

    def _head(self, file: FileDiff) -> str:
        """Return a file's first lines: as they were, unless it is new."""
        added = file.status == "added"
        path = file.path if added else file.old_path
        data = self._source.read("RIGHT" if added else "LEFT", path)
        if data is not None:
            return data[: HEAD_LINES * 500].decode("utf-8", "replace")
        lines = (line for hunk in file.hunks[:1] for line in hunk.lines)
        numbered = ((line.new if added else line.old, line.text) for line in lines)
        return "\n".join(text for number, text in numbered if number and number <= HEAD_LINES)
