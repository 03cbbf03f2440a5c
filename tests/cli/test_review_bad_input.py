"""Bad input to `devchat review`, end to end: an exit code and a clear word for each."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.reviewing import HEAD, Repository, new_repository
from tests.conftest import Devchat

PATCH = """\
diff --git a/NAME b/NAME
--- a/NAME
+++ b/NAME
@@ -1,2 +1,2 @@
 a
-b
+c
"""
COMBINED = "diff --cc a\nindex 1,2..3\n--- a/a\n+++ b/a\n@@@ -1,1 -1,1 +1,1 @@@\n- a\n -b\n++c\n"

# What is piped in, with the exit code and the beginning of what is said on stderr.
PIPED = [
    ("not a diff", b"Dear all,\nplease review.\n", "error: "),
    ("binary", bytes(range(256)) * 64, "error: "),
    ("cut off", PATCH.replace("NAME", "a")[:-6].encode(), "error: "),
    ("above", PATCH.replace("a/NAME", "a/../../x").replace("NAME", "../../x").encode(), "error: "),
    ("nul", PATCH.replace("a/NAME b/NAME", '"a/x\\000" "b/x\\000"').replace(
        "--- a/NAME\n+++ b/NAME", '--- "a/x\\000"\n+++ "b/x\\000"').encode(), "error: "),
    ("combined", COMBINED.encode(), "error: "),
    ("25 MB", b"x" * 25_000_001, "error: standard input is longer than 25 MB\n"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "patch", "said"), PIPED, ids=[name for name, _, _ in PIPED])
def test_what_is_no_patch(devchat: Devchat, name: str, patch: bytes, said: str) -> None:
    done = devchat("review", "--no-model", stdin=patch)
    assert (done.returncode, done.stdout) == (5, "")
    error, _, hint = done.stderr.partition("\n\n")
    assert error.startswith(said.strip()) and hint.startswith("hint: ")
    assert "Traceback" not in done.stderr and "\0" not in done.stderr


def test_a_line_of_5_mb_is_reviewed(devchat: Devchat) -> None:
    long = "x = '" + "a" * 5_000_000 + "'"
    patch = f"--- /dev/null\n+++ b/long.py\n@@ -0,0 +1 @@\n+{long}\n"
    done = devchat("review", "--no-model", stdin=patch)
    assert done.returncode == 0 and len(done.stdout) < 2_000
    assert "long.py" in done.stdout


@pytest.mark.measured
@pytest.mark.parametrize("args", [(), ("-",)], ids=["piped", "named"])
def test_an_empty_patch_is_nothing_to_review(devchat: Devchat, args: tuple[str, ...]) -> None:
    done = devchat("review", *args, stdin="")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        "○ Nothing to review\n"
        "  the patch is empty; `devchat review HEAD` reviews what is not committed yet\n"
    )


@pytest.mark.measured
def test_a_pipe_that_stays_silent_is_not_waited_for(environ: dict[str, str], home: Path) -> None:
    reader, writer = os.pipe()
    command = [sys.executable, "-m", "devchat", "review"]
    done = subprocess.run(command, stdin=reader, capture_output=True, env=environ, cwd=home)
    os.close(writer)
    os.close(reader)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.decode() == (
        "waiting for standard input ...\n"
        "error: nothing is named, and standard input stays silent\n\n"
        "hint: name what to review, such as `HEAD~1`, or `-` to wait for a patch\n"
    )


def test_a_closed_standard_input_is_none(environ: dict[str, str], home: Path) -> None:
    command = f"{sys.executable} -m devchat review --no-model <&-"
    done = subprocess.run(command, shell=True, capture_output=True, env=environ, cwd=home)
    assert done.returncode == 5 and b"no git repository" in done.stderr.lower()


NAMED = [
    (("--staged", "--worktree"), 2, "`--staged` and `--worktree` don't go together"),
    (("--no-model", "--verify"), 2, "`--no-model` and `--verify` don't go together"),
    (("--no-model", "-m", "x"), 2, "`--no-model` and `--model` don't go together"),
    (("--staged", "HEAD"), 2, "`HEAD` and `--staged` don't go together"),
    (("docs",), 5, "`docs` is a folder, and no patch"),
    (("cart.py",), 5, "`cart.py` is no patch\n\nhint: `devchat review --path cart.py` reviews"),
    (("locked.patch",), 5, "`locked.patch` can't be read: "),
    (("no-such-thing",), 5, ""),
    (("--help=x",), 2, ""),
    (("--format", "xml"), 2, "invalid value for `--format`"),
    (("--max-findings", "-1"), 2, "invalid value for `--max-findings`"),
    (("a\nb",), 2, "`a b` is no revision"),
    (("x" * 5_000,), 5, "there is no revision"),
]


@pytest.mark.measured
@pytest.mark.parametrize(
    ("args", "code", "said"), NAMED, ids=[" ".join(args)[:24] for args, _, _ in NAMED]
)
def test_what_cannot_be_meant(
    devchat: Devchat, home: Path, args: tuple[str, ...], code: int, said: str
) -> None:
    repository = new_repository(home / "repo")
    (repository.folder / "docs").mkdir()
    (repository.folder / "locked.patch").symlink_to("/proc/self/mem")
    done = devchat("review", "--no-model", *args, cwd=repository.folder, stdin=None)
    assert (done.returncode, done.stdout) == (code, ""), done.stderr
    assert done.stderr.startswith(f"error: {said}") and "\n\nhint: " in done.stderr
    assert len(done.stderr) < 1_000


def refused(devchat: Devchat, cwd: Path, *args: str, env: dict[str, str] | None = None) -> str:
    done = devchat("review", "--no-model", *args, cwd=cwd, stdin=None, env=env)
    assert (done.returncode, done.stdout) == (5, ""), done.stderr
    assert "\n\nhint: " in done.stderr
    return done.stderr


@pytest.fixture
def repository(home: Path) -> Repository:
    return new_repository(home / "repo")


def test_outside_a_repository(devchat: Devchat, home: Path) -> None:
    assert "repository" in refused(devchat, home)
    assert "repository" in refused(devchat, home, "--staged")


def test_without_git(devchat: Devchat, repository: Repository, home: Path) -> None:
    (home / "empty").mkdir()
    said = refused(devchat, repository.folder, env={"PATH": str(home / "empty")})
    assert "git" in said


def test_in_the_middle_of_a_merge(devchat: Devchat, repository: Repository) -> None:
    repository.git("checkout", "-q", "-b", "topic")
    repository.commit("mine")
    repository.git("checkout", "-q", "main")
    repository.write("cart.py", HEAD.replace("None", "1"))
    repository.commit("theirs")
    with pytest.raises(subprocess.CalledProcessError):
        repository.git("merge", "topic")
    assert "cart.py" in refused(devchat, repository.folder)
    assert "merge" in refused(devchat, repository.folder, "--staged")


def test_a_bare_repository(devchat: Devchat, repository: Repository, home: Path) -> None:
    repository.git("clone", "-q", "--bare", ".", str(home / "bare.git"))
    assert "work tree" in refused(devchat, home / "bare.git")


@pytest.mark.measured
def test_a_shallow_clone_without_a_merge_base(
    devchat: Devchat, repository: Repository, home: Path
) -> None:
    repository.commit("two")
    repository.git("checkout", "-q", "-b", "topic", "HEAD~1")
    repository.write("topic.py", "x = 1\n")
    repository.commit("three")
    clone = ("clone", "-q", "--depth=1", "--no-single-branch")
    repository.git(*clone, repository.folder.as_uri(), str(home / "shallow"))
    said = refused(devchat, home / "shallow", "origin/main...origin/topic")
    assert "shallow" in said or "fetch" in said


def test_a_repository_without_a_commit(devchat: Devchat, home: Path) -> None:
    repository = Repository(home / "new")
    repository.folder.mkdir()
    repository.git("init", "-q", "-b", "main")
    repository.write("cart.py", HEAD)
    repository.git("add", "-A")
    done = devchat("review", "--no-model", "--staged", cwd=repository.folder, stdin=None)
    assert done.returncode == 1 and "cart.py:3" in done.stdout


@pytest.mark.measured
def test_a_binary_file_is_left_out_with_its_reason(
    devchat: Devchat, repository: Repository
) -> None:
    shutil.copy(sys.executable, repository.folder / "tool")
    repository.git("add", "tool")
    done = devchat("review", "--no-model", "--staged", cwd=repository.folder, stdin=None)
    assert done.returncode == 0
    assert done.stdout.startswith("○ Nothing was reviewed: 1 file left out\n")
    assert "skipped    tool: binary" in done.stdout


def test_nothing_changed_is_no_error(devchat: Devchat, repository: Repository) -> None:
    repository.git("checkout", "-q", "cart.py")
    done = devchat("review", cwd=repository.folder, stdin=None)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("○ Nothing to review\n  nothing differs between ")
