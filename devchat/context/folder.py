"""Which files a folder or a glob stands for. Never follows a link to a folder."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from devchat.sanitize import harmless

_SKIPPED = frozenset(("node_modules", "__pycache__", "venv"))
_MAGIC = re.compile(r"[*?\[]")


def list_folder(folder: Path) -> list[str]:
    """Return the paths, relative to the folder, of the files that belong to it, sorted.

    Inside a git work tree these are the tracked files and the new ones that are not ignored;
    elsewhere all but hidden files and what package managers fill. Raises `OSError`.
    """
    return sorted(_git_files(folder) or walk(folder))


def is_glob(spec: str) -> bool:
    """Tell whether a name has a wildcard in it."""
    return _MAGIC.search(spec) is not None


def list_glob(pattern: str, folder: Path) -> list[str]:
    """Return the files that match a glob, as it is written (relative or absolute), sorted.

    `**` is any number of folders. Hidden names need a dot in the pattern, as in a shell.
    """
    parts = pattern.split("/")
    fixed = next(place for place, part in enumerate(parts) if is_glob(part))
    prefix = "/".join([*parts[:fixed], ""])
    rest = [
        part
        for part, before in zip(parts[fixed:], [None, *parts[fixed:]], strict=False)
        if not part == before == "**"
    ]
    depth = None if "**" in rest else len(rest)
    hidden = any(part.startswith(".") for part in rest)
    found = walk(
        folder / (prefix or "."),
        hidden=hidden,
        depth=depth,
        named=[part for part in rest if part.strip("*")],
    )
    return sorted(prefix + path for path in found if _matches(path.split("/"), rest))


def _matches(names: list[str], parts: list[str]) -> bool:
    if not parts:
        return not names
    if parts[0] == "**":
        return any(_matches(names[skip:], parts[1:]) for skip in range(len(names) + 1))
    if not names or (names[0].startswith(".") and not parts[0].startswith(".")):
        return False
    return fnmatchcase(names[0], parts[0]) and _matches(names[1:], parts[1:])


def walk(
    folder: Path,
    *,
    hidden: bool = False,
    depth: int | None = None,
    named: Collection[str] = (),
) -> Iterator[str]:
    """Yield relative paths of the files below a folder; `depth` levels, all where it is None.

    A folder below it that can't be read is yielded itself. Raises `OSError` for the first one.
    """
    closed: list[str] = []

    def fail(error: OSError) -> None:
        if Path(error.filename) == folder:
            raise error
        closed.append(os.path.relpath(error.filename, folder))

    for top, folders, files in os.walk(folder, onerror=fail):
        inside = os.path.relpath(top, folder)
        level = 0 if inside == "." else inside.count("/") + 1
        deeper = depth is None or level + 1 < depth
        folders[:] = [name for name in folders if deeper and _belongs(name, hidden, named)]
        for name in files:
            if hidden or not name.startswith("."):
                yield name if inside == "." else f"{inside}/{name}"
    yield from closed


def _belongs(name: str, hidden: bool, named: Collection[str]) -> bool:
    if any(fnmatchcase(name, part) for part in named):
        return True
    return name not in _SKIPPED and name != ".git" and (hidden or not name.startswith("."))


def _git_files(folder: Path) -> list[str]:
    """Ask git which files belong; empty where it does not know the folder."""
    import shutil
    import subprocess

    git = shutil.which("git")
    # A relative path would be a program of the folder that we are asked to read.
    if git is None or not Path(git).is_absolute():
        return []
    # The repository is a stranger's: none of its programs may run and nothing may be written.
    hardened = ["-c", "core.fsmonitor=", "-c", "core.hooksPath=/dev/null"]
    listing = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        done = subprocess.run(
            [git, "--no-pager", "-C", str(folder), *hardened, *listing],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=_plain_environment(),
            timeout=30,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    if done.returncode:
        return []
    names = {os.fsdecode(name) for name in done.stdout.split(b"\0") if name}
    # Tracked files may be gone from the work tree.
    return [name for name in names if os.path.lexists(folder / name)]


def _plain_environment() -> dict[str, str]:
    """Return our environment without keys, and without a hook's `GIT_DIR` and the like.

    Where a `.gitignore` is missing, git would fetch it, by a program that the repository names.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return harmless(kept) | {
        "GIT_ALLOW_PROTOCOL": "",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
    }
