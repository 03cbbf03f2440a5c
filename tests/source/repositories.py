"""Real repositories for tests, and what is read or refused of them."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from devchat.diff import parse
from devchat.errors import DevchatError, UsageError
from devchat.source.change import Change
from devchat.source.read import read_change


@dataclass(frozen=True, slots=True)
class Repo:
    """A repository in a folder, worked in as a user does."""

    folder: Path

    def git(self, *arguments: str, code: int = 0) -> str:
        """Run git and return what it printed."""
        identity = ("-c", "user.name=A", "-c", "user.email=a@example.com")
        done = subprocess.run(
            ["git", *identity, *arguments],
            cwd=self.folder,
            capture_output=True,
            check=False,
        )
        assert done.returncode == code, done.stderr.decode()
        return done.stdout.decode("utf-8", "surrogateescape")

    def write(self, path: str, content: str | bytes) -> None:
        """Write a file of the work tree."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)

    def commit(self, files: Mapping[str, str | bytes], message: str = "change") -> str:
        """Write files, commit them, and return the commit's id."""
        for path, content in files.items():
            self.write(path, content)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.git("rev-parse", "HEAD").strip()


def make_repo(folder: Path, *options: str) -> Repo:
    """Make an empty repository whose first branch is `main`."""
    folder.mkdir(parents=True, exist_ok=True)
    repo = Repo(folder)
    repo.git("init", "--quiet", "--initial-branch=main", *options)
    return repo


def paths(change: Change) -> list[str]:
    return sorted(file.path for file in parse(change.text).files)


def lines(change: Change) -> list[str]:
    """Return the changed lines with their signs."""
    return [
        line.kind + line.text
        for file in parse(change.text).files
        for hunk in file.hunks
        for line in hunk.lines
        if line.kind != " "
    ]


def refusal(repo: Repo | Path, **named: object) -> str:
    """Return what a refusal says, checking that it is one line with a hint."""
    folder = repo.folder if isinstance(repo, Repo) else repo
    with pytest.raises(DevchatError) as caught:
        read_change(folder, **named)  # type: ignore[arg-type]
    error = caught.value
    assert error.hint and "\n" not in error.message + error.hint
    assert error.exit_code == (2 if isinstance(error, UsageError) else 5)
    return f"{error.message} | {error.hint}"
