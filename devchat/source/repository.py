"""Which repository a folder is in, and what its settings say."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from devchat.errors import InputError
from devchat.sanitize import single_line
from devchat.source.git import NEWER, Git, explain, find_git
from devchat.source.objects import Objects

FILTER = re.compile(r"filter\.(?P<name>.+)\.(clean|smudge|process|required)", re.DOTALL)
EMPTY_TREES = {
    "sha1": "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    "sha256": "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
}


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository; `top` is the folder of its work tree, None for a bare one.

    `settings` maps git's keys, in lower case but for names within them, to the last value.
    """

    git: Git
    top: Path | None
    hash_name: str
    shallow: bool
    settings: Mapping[str, str] = field(repr=False)  # there may be keys among them
    objects: Objects

    @property
    def empty_tree(self) -> str:
        """The tree that has no files, which git knows without storing it."""
        return EMPTY_TREES[self.hash_name]

    @property
    def partial(self) -> bool:
        """Tell whether objects may be elsewhere, left out by a partial clone."""
        return any(
            key == "extensions.partialclone" or key.endswith(".promisor") for key in self.settings
        )


def open_repository(folder: Path) -> Repository:
    """Find the repository of a folder. Raises `InputError`, `NoRepository` where there is none."""
    git = find_git(folder)
    answer = git.run(
        "rev-parse",
        "--is-bare-repository",
        "--is-inside-work-tree",
        "--is-shallow-repository",
        "--show-object-format",
        "--show-toplevel",
    )
    lines = os.fsdecode(answer.output).split("\n", 4)
    if len(lines) < 5:
        raise explain("rev-parse", answer)
    _, inside, shallow, hash_name, rest = lines
    if hash_name not in EMPTY_TREES:
        raise InputError("this git does not know the form of this repository", NEWER)
    top = Path(rest.removesuffix("\n")) if inside == "true" and answer.code == 0 else None
    settings, own = _read_settings(git)
    git = git.inside(top or folder, tuple(_without_filters(own)))
    return Repository(git, top, hash_name, shallow == "true", settings, Objects(git))


def _read_settings(git: Git) -> tuple[Mapping[str, str], list[str]]:
    """Return all settings, and the keys of those that the repository itself brings."""
    fields = git.read("config", "--list", "--show-scope", "-z").decode("utf-8", "surrogateescape")
    scopes = fields.split("\0")[:-1]
    pairs = [text.partition("\n")[::2] for text in scopes[1::2]]
    own = [
        key
        for scope, (key, _) in zip(scopes[::2], pairs, strict=True)
        if scope not in ("system", "global", "command")
    ]
    return dict(pairs), own


def _without_filters(keys: list[str]) -> list[str]:
    """Return `-c` options that switch off the filters which a repository's own settings define.

    `git diff` runs them on changed files of the work tree. Those of the user's (git-lfs) stay.
    """
    names = dict.fromkeys(found["name"] for key in keys if (found := FILTER.fullmatch(key)))
    if odd := [name for name in names if "=" in name]:
        raise InputError(
            f"this repository's settings name a filter `{single_line(odd[0])}`, which could not be "
            "kept from running",
            "look into `.git/config`: such a name is no accident",
        )
    values = {"clean": "", "smudge": "", "process": "", "required": "false"}
    return [
        option
        for name in names
        for key, value in values.items()
        for option in ("-c", f"filter.{name}.{key}={value}")
    ]
