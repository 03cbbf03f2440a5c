"""The hook that pre-commit reads, and the alias in docs/hooks.md, in a real repository."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.source.repositories import Repo, make_repo

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "hooks.md").read_text()
(HOOK,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
# https://pre-commit.com/#creating-new-hooks
OPTIONAL = {"args", "additional_dependencies", "pass_filenames", "require_serial", "types"}
OPTIONAL |= {"stages", "description", "minimum_pre_commit_version"}


@pytest.fixture
def user(home: Path, environ: dict[str, str]) -> tuple[Repo, dict[str, str]]:
    """A repository with something staged that does not parse, and a PATH that has devchat."""
    program = home / "bin" / "devchat"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m devchat "$@"\n')
    program.chmod(0o755)
    repo = make_repo(home / "repo")
    repo.commit({"sub/a.py": "a = 1\n"})
    repo.write("sub/a.py", "def f(:\n")
    repo.git("add", "--all")
    path = f"{program.parent}{os.pathsep}{environ['PATH']}"
    return repo, environ | {"PATH": path, "NO_COLOR": "1", "PYTHONPATH": str(ROOT)}


def test_the_definition_is_one_that_pre_commit_takes() -> None:
    assert {"id", "name", "entry", "language"} <= HOOK.keys()
    assert HOOK.keys() - {"id", "name", "entry", "language"} <= OPTIONAL
    assert (HOOK["id"], HOOK["language"], HOOK["pass_filenames"]) == (
        "devchat-review",
        "python",
        False,
    )
    assert all(isinstance(one, str) for one in (*HOOK["args"], *HOOK["additional_dependencies"]))
    assert f"- id: {HOOK['id']}" in PAGE
    assert " ".join([HOOK["entry"], *HOOK["args"]]) in PAGE


def test_the_entry_stops_a_commit_that_does_not_parse(user: tuple[Repo, dict[str, str]]) -> None:
    repo, environ = user
    call = [*shlex.split(HOOK["entry"]), *HOOK["args"]]
    done = subprocess.run(
        call, cwd=repo.folder, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "sub/a.py:1" in done.stdout
    repo.write("sub/a.py", "a = 2\n")
    repo.git("add", "--all")
    done = subprocess.run(
        call, cwd=repo.folder, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_hook_sees_what_commit_all_would_commit(user: tuple[Repo, dict[str, str]]) -> None:
    repo, environ = user
    repo.git("reset", "--quiet")
    hook = repo.folder / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\nexec {HOOK['entry']} {shlex.join(HOOK['args'])}\n")
    hook.chmod(0o755)
    done = subprocess.run(
        ["git", "-c", "user.name=A", "-c", "user.email=a@b", "commit", "--all", "--message=x"],
        cwd=repo.folder,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "sub/a.py:1" in done.stdout + done.stderr


def test_the_alias_works_from_a_folder_below(user: tuple[Repo, dict[str, str]]) -> None:
    repo, environ = user
    (alias,) = re.findall(r"^git config --global (.+)$", PAGE, re.MULTILINE)
    repo.git("config", *shlex.split(alias))
    (repo.folder / "sub" / "change.patch").write_text(repo.git("diff", "--cached"))
    for arguments in (["--staged"], ["change.patch"], ["HEAD"]):
        done = subprocess.run(
            ["git", "review", *arguments, "--no-model"],
            cwd=repo.folder / "sub",
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1, done.stderr
        assert "sub/a.py:1" in done.stdout


def test_what_is_pushed_is_reviewed_though_nothing_is_piped_in(
    user: tuple[Repo, dict[str, str]],
) -> None:
    repo, environ = user
    repo.commit({"sub/a.py": "def f(:\n"})
    (entry,) = re.findall(r"entry: (sh -c .*)", PAGE)
    refs = {"PRE_COMMIT_FROM_REF": "HEAD~1", "PRE_COMMIT_TO_REF": "HEAD"}
    done = subprocess.run(
        shlex.split(entry.replace("review ", "review --no-model ")),
        cwd=repo.folder, env=environ | refs, input="", capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, "sub/a.py:1" in done.stdout) == (1, True), done.stderr


def test_the_examples_are_yaml() -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert len(blocks) == 3
    assert all(yaml.safe_load(block) for block in blocks)
