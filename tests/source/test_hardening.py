"""Nothing that a repository brings is run, fetched or written by looking at it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from devchat.diff import parse
from devchat.errors import InputError
from devchat.source.git import FIXED, Answer, explain, find_git
from devchat.source.read import read_change
from tests.source.repositories import Repo, make_repo

PATIENCE = 60.0
"""A guard against waiting for ever, not a measure."""


@pytest.fixture
def trap(tmp_path: Path) -> Path:
    """A program that leaves a file behind when it is run."""
    program = tmp_path / "trap.sh"
    program.write_text(f'#!/bin/sh\ntouch "{tmp_path}/ran.$1"\ncat\n')
    program.chmod(0o755)
    return program


def look_everywhere(repo: Repo) -> None:
    forms: tuple[dict[str, object], ...] = (
        {},
        {"staged": True},
        {"worktree": True},
        {"revisions": "HEAD^!"},
    )
    for named in forms:
        source = read_change(repo.folder, **named).source  # type: ignore[arg-type]
        source.read("LEFT", "a.py")
        source.read("RIGHT", "a.py")
        list(source.search("one"))


def test_no_program_of_the_repository_runs(repo: Repo, trap: Path, tmp_path: Path) -> None:
    repo.commit({".gitattributes": "* filter=x.Y diff=d\n", "a.py": "one\r\n"})
    for key, verb in {
        "filter.x.Y.clean": "clean",
        "filter.x.Y.smudge": "smudge",
        "filter.x.Y.process": "process",
        "diff.d.textconv": "textconv",
        "diff.d.command": "command",
        "diff.external": "command",
        "core.fsmonitor": "fsmonitor",
        "core.pager": "pager",
        "pager.diff": "pager",
        "core.sshCommand": "ssh",
    }.items():
        repo.git("config", key, f"{trap} {verb}")
    repo.git("config", "filter.x.Y.required", "true")
    hooks = repo.folder / "hooks"
    hooks.mkdir()
    for hook in ("post-index-change", "fsmonitor-watchman", "reference-transaction"):
        (hooks / hook).write_text(f'#!/bin/sh\nexec "{trap}" hook\n')
        (hooks / hook).chmod(0o755)
    repo.git("config", "core.hooksPath", str(hooks))
    repo.write("a.py", "two\r\n")
    look_everywhere(repo)
    assert sorted(tmp_path.glob("ran.*")) == []


def test_the_trap_works(repo: Repo, trap: Path, tmp_path: Path) -> None:
    repo.git("config", "core.fsmonitor", f"{trap} fsmonitor")
    repo.git("status")
    assert [path.name for path in tmp_path.glob("ran.*")] == ["ran.fsmonitor"]


def test_a_filter_of_the_user_is_used(
    repo: Repo, trap: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = tmp_path / "gitconfig"
    settings.write_text(f'[filter "x"]\n\tclean = {trap} clean\n')
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    repo.write(".gitattributes", "*.py filter=x\n")
    repo.write("a.py", "changed\n")
    assert "+changed" in read_change(repo.folder).text
    assert [path.name for path in tmp_path.glob("ran.*")] == ["ran.clean"]


def test_a_filter_that_can_not_be_switched_off_is_refused(repo: Repo) -> None:
    repo.git("config", "filter.x=y.clean", "touch /tmp/never")
    with pytest.raises(InputError, match=r"name a filter `x=y`, which could not be"):
        read_change(repo.folder)


def test_nothing_is_fetched(repo: Repo, trap: Path, tmp_path: Path) -> None:
    repo.commit({"a.py": "second\n"})
    repo.git("config", "uploadpack.allowFilter", "true")
    clone = Repo(tmp_path / "partial")
    repo.git("clone", "--quiet", "--filter=blob:none", f"file://{repo.folder}", str(clone.folder))
    clone.git("config", "remote.origin.url", f"ext::{trap} ext")
    clone.git("config", "protocol.ext.allow", "always")
    change = read_change(clone.folder, staged=True)
    assert not change.source.complete
    assert change.source.read("LEFT", "a.py") == b"second\n"
    with pytest.raises(InputError, match="objects that this partial clone left out are needed"):
        read_change(clone.folder, revisions="HEAD^!")
    assert sorted(tmp_path.glob("ran.*")) == []


def test_nothing_is_written(repo: Repo) -> None:
    repo.write("a.py", "changed\n")
    # Touched a while ago: git would like to note that nothing came of it.
    os.utime(repo.folder / "sub/b.py", (1_000_000_000, 1_000_000_000))

    def files() -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in repo.folder.rglob("*") if path.is_file()}

    before = files()
    look_everywhere(repo)
    assert files() == before


def test_variables_of_a_hook_are_followed(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = tmp_path / "index"
    index.write_bytes((repo.folder / ".git/index").read_bytes())
    monkeypatch.chdir(repo.folder)
    monkeypatch.setenv("GIT_INDEX_FILE", "../index")
    monkeypatch.setenv("GIT_DIR", ".git")
    repo.write("only-here.py", "x = 1\n")
    repo.git("add", "only-here.py")
    assert "only-here.py" in read_change(Path(), staged=True).text
    monkeypatch.delenv("GIT_INDEX_FILE")
    assert read_change(Path(), staged=True).text == ""


def test_variables_that_change_what_git_prints_are_not(
    repo: Repo, trap: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.write("a.py", "changed\n")
    plain = read_change(repo.folder).text
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", f"{trap} command")
    monkeypatch.setenv("GIT_DIFF_OPTS", "--unified=0")
    monkeypatch.setenv("GIT_TRACE", "2")
    monkeypatch.setenv("GIT_PAGER", f"{trap} pager")
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    assert read_change(repo.folder).text == plain
    assert sorted(tmp_path.glob("ran.*")) == []


def test_a_repository_of_somebody_else(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    stranger = find_git(repo.folder)
    answer = Answer(
        128, b"", "fatal: detected dubious ownership in repository at '/srv/x'\nTo add ...\n"
    )
    error = explain("diff", answer)
    assert error.message == "the repository `/srv/x` belongs to somebody else"
    assert error.hint == "if you trust it: `git config --global --add safe.directory /srv/x`"
    assert "GIT_TEST_ASSUME_DIFFERENT_OWNER" not in stranger.environ


def test_a_command_that_takes_too_long_is_ended(repo: Repo, tmp_path: Path) -> None:
    program = tmp_path / "git"
    program.write_text("#!/bin/sh\nsleep 100 & sleep 100\n")
    program.chmod(0o755)
    slow = find_git(repo.folder)
    answer = type(slow)(str(program), repo.folder, slow.environ).run("diff", seconds=0.2)
    assert answer.cut == "time"
    assert explain("diff", answer).message == "`git diff` took more than 120 seconds"


def test_what_is_said_of_a_failure_can_not_harm_a_terminal() -> None:
    error = explain("diff", Answer(128, b"", "hint: x\nfatal: bad \x1b[31mname\n"))
    assert error.message == "`git diff` failed: bad ␛[31mname"
    assert explain("diff", Answer(3, b"", "")).message == "`git diff` failed: exit code 3"


def test_the_environment_has_what_is_fixed(tmp_path: Path) -> None:
    make_repo(tmp_path)
    assert FIXED.items() <= find_git(tmp_path).environ.items()


def test_an_interrupt_ends_what_was_started(repo: Repo, tmp_path: Path) -> None:
    program = tmp_path / "bin" / "git"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nsleep 300 &\necho $! >"{tmp_path}/pid"\nwait\n')
    program.chmod(0o755)
    code = "from pathlib import Path; from devchat.source.read import read_change as r; r(Path())"
    environ = os.environ | {
        "PATH": f"{program.parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=repo.folder, env=environ, stderr=subprocess.PIPE
    )
    with process:
        while not (pid := (tmp_path / "pid")).exists() or not pid.read_text().endswith("\n"):
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        assert b"KeyboardInterrupt" in process.stderr.read()
    # It was killed; on a busy machine it takes a moment to die of that.
    end = time.monotonic() + PATIENCE
    while state_of(pid.read_text().strip()) not in (b"", b"Z"):
        assert time.monotonic() < end
        time.sleep(0.02)


def state_of(pid: str) -> bytes:
    """Give the letter of a process's state, none where there is no such process."""
    shown = subprocess.run(["ps", "-p", pid, "-o", "stat="], capture_output=True, check=False)
    return shown.stdout.strip()[:1]


def test_a_change_does_not_hide_itself_by_calling_its_files_binary(repo: Repo) -> None:
    repo.commit({"blob": b"\0one", "data.svg": "a\n", "sub/.gitattributes": "*.svg -diff\n"})
    for attribute in ("-diff", "binary", "diff=other"):
        repo.git("config", "diff.other.binary", "true")
        repo.write("a.py", "one\n2\n")
        repo.write("blob", b"\0two")
        repo.write(".gitattributes", f"* {attribute}\n")
        repo.git("add", ".gitattributes")
        change = read_change(repo.folder)
        diff = parse(change.text)
        assert [(one.path, one.binary) for one in diff.files] == [
            (".gitattributes", False),
            ("a.py", False),
            ("blob", True),
        ]


def test_what_was_called_binary_before_is_left_alone(repo: Repo) -> None:
    repo.commit({".gitattributes": "*.py -diff\n"})
    repo.write("a.py", "one\n2\n")
    (file,) = parse(read_change(repo.folder).text).files
    assert file.binary
