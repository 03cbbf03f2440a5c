"""Run git, hardened: the one file that does it here, and translates what git says.

The user's own settings hold (`safe.directory` among them). No program that a repository's settings
or attributes name is run, and nothing is fetched, written or asked.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryFile
from threading import Event, Timer
from typing import IO, Literal

from devchat.errors import InputError
from devchat.sanitize import harmless, single_line

LARGEST = 25 << 20
"""Bytes that are read of git at once; GitHub's own limit for what it sends."""
SECONDS = 120.0
NEWER = "`git --version` should print 2.26 or more"
NO_ROOM = "it needs a little room for temporary files: `TMPDIR=FOLDER` names another place for them"

# Which repository, which index (a hook of `git commit -a` has one of its own), whose settings.
KEPT = frozenset(
    f"GIT_{name}"
    for name in (
        *("DIR", "WORK_TREE", "COMMON_DIR", "INDEX_FILE"),
        *("OBJECT_DIRECTORY", "ALTERNATE_OBJECT_DIRECTORIES"),
        *("CEILING_DIRECTORIES", "DISCOVERY_ACROSS_FILESYSTEM"),
        *("CONFIG_GLOBAL", "CONFIG_SYSTEM", "CONFIG_NOSYSTEM", "CONFIG_PARAMETERS"),
    )
)
PLACES = ("GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY")
CONFIGURED = re.compile(r"GIT_CONFIG_(COUNT|KEY_\d+|VALUE_\d+)")
FIXED = {
    "GIT_ALLOW_PROTOCOL": "",  # unlike `protocol.allow`, no setting of the repository undoes it
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_LITERAL_PATHSPECS": "1",
    "LC_ALL": "C",
}
HARDENED = (
    "--no-pager",
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "protocol.allow=never"),
    *("-c", "diff.suppressBlankEmpty=false"),
    *("-c", "diff.autoRefreshIndex=false"),  # `git diff` writes the index, optional or not
)


class NoRepository(InputError):
    """There is no git, or no repository here; a patch can still be reviewed."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What git printed and how it ended; `cut` where it was stopped by us."""

    code: int
    output: bytes
    complaint: str
    cut: Literal["", "size", "time"] = ""


@dataclass(frozen=True, slots=True)
class Git:
    """Git in one folder; `settings` are `-c` options beyond the fixed ones."""

    program: str
    folder: Path
    environ: Mapping[str, str]
    settings: tuple[str, ...] = ()

    def inside(self, folder: Path, settings: tuple[str, ...]) -> Git:
        """Return git for another folder, with more settings."""
        return replace(self, folder=folder, settings=settings)

    def read(self, *arguments: str) -> bytes:
        """Return all that a command prints. Raises `InputError` where it fails or is cut."""
        answer = self.run(*arguments)
        if answer.cut or answer.code:
            raise explain(arguments[0], answer)
        return answer.output

    def run(
        self, *arguments: str, stdin: bytes = b"", limit: int = LARGEST, seconds: float = SECONDS
    ) -> Answer:
        """Run a command to its end, or until `limit` bytes or `seconds` are over."""
        try:
            with TemporaryFile() as given, TemporaryFile() as complaints:
                given.write(stdin)
                given.seek(0)
                with self._start(arguments, stdin=given, stderr=complaints) as process:
                    output, cut = _read(process, limit, seconds)
                complaints.seek(0)
                complaint = complaints.read(10_000).decode("utf-8", "replace")
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise InputError(f"git can't be run: {reason}", NO_ROOM) from error
        return Answer(process.returncode, output, complaint, cut)

    def open_batch(self) -> subprocess.Popen[bytes]:
        """Start `git cat-file --batch`, which answers names on its stdin with objects."""
        return self._start(
            ("cat-file", "--batch"), stdin=subprocess.PIPE, stderr=subprocess.DEVNULL
        )

    def _start(
        self, arguments: tuple[str, ...], *, stdin: IO[bytes] | int, stderr: IO[bytes] | int
    ) -> subprocess.Popen[bytes]:
        call = [os.fsencode(self.program), b"-C", os.fsencode(self.folder)]
        words = (*HARDENED, *self.settings, *arguments)  # names are UTF-8, whatever the locale
        try:
            return subprocess.Popen(
                call + [word.encode("utf-8", "surrogateescape") for word in words],
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=stderr,
                env=self.environ,
                process_group=0,  # a group of its own, so that what it starts is ended with it
            )
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise InputError(f"git can't be run: {reason}", NEWER) from error


def _read(
    process: subprocess.Popen[bytes], limit: int, seconds: float
) -> tuple[bytes, Literal["", "size", "time"]]:
    assert process.stdout is not None
    expired = Event()

    def expire() -> None:
        expired.set()
        end(process)

    timer = Timer(seconds, expire)
    timer.start()
    try:
        output = process.stdout.read(limit + 1)
        if len(output) > limit:
            return output[:limit], "size"
        process.wait()
        return output, "time" if expired.is_set() else ""
    finally:
        timer.cancel()
        end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill a git and whatever it started; one that has ended is left alone."""
    if process.poll() is None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)


def find_git(folder: Path) -> Git:
    """Return git for a folder. Raises `NoRepository` where there is no git."""
    program = shutil.which("git")
    # A relative path would be a program of the folder that we are asked to read.
    if program is None or not Path(program).is_absolute():
        raise NoRepository("git is not installed", "install it, or name a patch file")
    return Git(program, folder, _environment(os.environ))


def _environment(ours: Mapping[str, str]) -> dict[str, str]:
    of_git = {name: value for name, value in ours.items() if name.startswith("GIT_")}
    others = {name: value for name, value in ours.items() if name not in of_git}
    kept = harmless(others) | {
        name: value for name, value in of_git.items() if name in KEPT or CONFIGURED.fullmatch(name)
    }
    here = {name: str(Path.cwd() / kept[name]) for name in PLACES if kept.get(name)}
    return kept | here | FIXED


def explain(verb: str, answer: Answer) -> InputError:
    """Translate what git said into an error of ours."""
    if answer.cut == "time":
        return InputError(
            f"`git {verb}` took more than {SECONDS:.0f} seconds", "try it in a terminal"
        )
    if answer.cut == "size":
        return InputError(
            f"the change is larger than {LARGEST >> 20} MB",
            "review a part of it: `git diff main -- FOLDER | devchat review`",
        )
    for pattern, kind, message, hint in SAYINGS:
        if found := re.search(pattern, answer.complaint):
            names = {name: single_line(text) for name, text in found.groupdict().items()}
            return kind(message.format(**names), hint.format(**names))
    lines = [line for line in answer.complaint.splitlines() if line.strip()]
    said = single_line(lines[-1].removeprefix("fatal: ")) if lines else f"exit code {answer.code}"
    return InputError(f"`git {verb}` failed: {said}", "`git status` and `git fsck` may say more")


SAYINGS: tuple[tuple[str, type[InputError], str, str], ...] = (
    (
        r"not a git repository",
        NoRepository,
        "this folder is in no git repository",
        "name a patch file, or pipe one: `diff -u old new | devchat review`",
    ),
    (
        r"dubious ownership in repository at '(?P<place>[^\n]*)'",
        InputError,
        "the repository `{place}` belongs to somebody else",
        "if you trust it: `git config --global --add safe.directory {place}`",
    ),
    (
        r"transport '[^']*' not allowed|promisor|lazy fetch",
        InputError,
        "objects that this partial clone left out are needed",
        "let git fetch them: `git diff main | devchat review`",
    ),
)
