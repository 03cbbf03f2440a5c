"""What tests of `devchat review` share: a repository, a patch, and answers of a model."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

BASE = """\
class Cart:
    def total(self):
        return sum(item.price for item in self.items)
"""
HEAD = """\
class Cart:
    def total(self):
        if self.count is 0:
            return None
        return sum(item.price for item in self.items)
"""
CLEAN = HEAD.replace(" is 0", " == 0")
# Nothing of the real user's settings.
ENVIRON = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "Ann",
    "GIT_AUTHOR_EMAIL": "ann@example.org",
    "GIT_COMMITTER_NAME": "Ann",
    "GIT_COMMITTER_EMAIL": "ann@example.org",
}


@dataclass(frozen=True, slots=True)
class Repository:
    """A git repository on disk."""

    folder: Path

    def git(self, *args: str) -> str:
        """Run git in it and return what it prints."""
        done = subprocess.run(
            ["git", *args], cwd=self.folder, env=ENVIRON, capture_output=True, check=True
        )
        return done.stdout.decode("utf-8", "surrogateescape")

    def write(self, name: str, text: str) -> None:
        """Write a file into its work tree."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def commit(self, message: str) -> None:
        """Commit all there is."""
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)


def new_repository(folder: Path) -> Repository:
    """Make a repository with one commit on `main`, and a fault in the work tree."""
    folder.mkdir()
    repository = Repository(folder)
    repository.git("init", "-q", "-b", "main")
    repository.write("cart.py", BASE)
    repository.commit("base")
    repository.write("cart.py", HEAD)
    return repository


def answer(**finding: object) -> str:
    """Write a model's answer to a chunk, with one finding if it is given."""
    usual = {
        "path": "cart.py",
        "quote": "            return None",
        "last_quote": None,
        "line": 4,
        "title": "An empty cart has no total",
        "body": "With count 0 the caller adds None to a number and fails.",
        "severity": "error",
        "category": "bug",
        "rule": None,
        "suggestion": "            return 0",
    }
    findings = [usual | finding] if finding else []
    return json.dumps({"summary": "The total of an empty cart.", "findings": findings})
