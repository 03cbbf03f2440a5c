"""A repository, and settings of git that are nobody's."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.source.repositories import Repo, make_repo


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """A repository with one commit on `main`."""
    made = make_repo(tmp_path / "repo")
    made.commit({"a.py": "one\ntwo\nthree\n", "sub/b.py": "b = 1\n"}, "first")
    return made
