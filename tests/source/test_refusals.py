"""What can't be read is refused: clearly, in one line, with what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from devchat.source.read import read_change
from tests.source.repositories import Repo, lines, refusal


@pytest.mark.parametrize("named", [{}, {"staged": True}, {"worktree": True}, {"revisions": "HEAD"}])
def test_conflicts_are_refused(repo: Repo, named: dict[str, object]) -> None:
    repo.git("checkout", "--quiet", "-b", "topic")
    repo.commit({"a.py": "1\n", "sub/b.py": "1\n"})
    repo.git("checkout", "--quiet", "main")
    repo.commit({"a.py": "2\n", "sub/b.py": "2\n"})
    repo.git("merge", "topic", code=1)
    said = refusal(repo, **named)
    assert said.startswith("`a.py`, `sub/b.py`: a merge left conflicts here | resolve them")
    assert lines(read_change(repo.folder, revisions="main~1..main"))


def test_a_shallow_clone(repo: Repo, tmp_path: Path) -> None:
    repo.git("checkout", "--quiet", "-b", "topic")
    repo.commit({"a.py": "1\n"})
    repo.git("checkout", "--quiet", "main")
    repo.commit({"a.py": "2\n"})
    clone = tmp_path / "clone"
    repo.git(
        "clone", "--quiet", "--depth=1", "--no-single-branch", f"file://{repo.folder}", str(clone)
    )
    Repo(clone).git("checkout", "--quiet", "topic")
    said = refusal(clone)
    assert said.startswith("origin/main and HEAD have no commit in common | this clone is shallow")
    assert "`git fetch --deepen=1`" in refusal(clone, revisions="HEAD^!")
    assert lines(read_change(clone, revisions="origin/main..")) == ["-2", "+1"]


def test_histories_that_have_nothing_in_common(repo: Repo) -> None:
    repo.git("checkout", "--quiet", "--orphan", "other")
    repo.commit({"c.py": "c\n"})
    said = refusal(repo)
    assert said.startswith("main and HEAD have no commit in common | compare them as they are")


def test_a_bare_repository(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a.py": "1\n"})
    bare = tmp_path / "bare"
    repo.git("clone", "--quiet", "--bare", ".", str(bare))
    for place in (bare, repo.folder / ".git"):
        for named in ({}, {"staged": True}, {"worktree": True}, {"revisions": "HEAD"}):
            said = refusal(place, **named)
            assert said.endswith("name two revisions: `devchat review main..topic`")
        change = read_change(place, revisions="HEAD~1..HEAD")
        assert lines(change) == ["-one", "-two", "-three", "+1"]
        assert change.source.read("RIGHT", "a.py") == b"1\n"
        assert [hit.path for hit in change.source.search("b")] == ["sub/b.py"]


@pytest.mark.parametrize(
    ("revisions", "said"),
    [
        ("mian", "there is no revision `mian` | did you mean `main`?"),
        ("mian..HEAD", "there is no revision `mian` | did you mean `main`?"),
        ("qqqqqq", "there is no revision `qqqqqq` | `git branch -a` lists branches"),
        ("sub", "there is no revision `sub` | to review only what is in it: `devchat review --pa"),
        ("HEAD:a.py", "there is no revision `HEAD:a.py` | `git branch -a` lists branches"),
        ("--output=x", "`--output=x` is no revision | name a branch or a commit"),
        ("..-x", "`-x` is no revision | name a branch or a commit"),
        ("a\nb", "`a b` is no revision | name a branch or a commit"),
        ("a\0b", "`a␀b` is no revision | name a branch or a commit"),
        ("\x1b[31m", "`␛[31m` is no revision | name a branch or a commit"),
        ("\udcff", "there is no revision `<U+DCFF>` | `git branch -a` lists branches"),
        ("", "there is no revision `` | `git branch -a` lists branches"),
        ("x" * 5_000, "there is no revision `" + "x" * 199 + "…` | `git branch -a` lists branches"),
    ],
)
def test_a_revision_that_is_none(repo: Repo, revisions: str, said: str) -> None:
    assert refusal(repo, revisions=revisions).startswith(said)


def test_what_contradicts_itself(repo: Repo) -> None:
    assert "can't be combined" in refusal(repo, staged=True, worktree=True)
    assert "can't be combined" in refusal(repo, revisions="HEAD", staged=True)


def test_no_repository(tmp_path: Path) -> None:
    said = refusal(tmp_path)
    assert said.startswith("this folder is in no git repository | name a patch file, or pipe one")


@pytest.mark.parametrize("path", ["", "relative/bin"])
def test_no_git(repo: Repo, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.setenv("PATH", path)
    assert refusal(repo) == "git is not installed | install it, or name a patch file"


def test_a_change_too_large(repo: Repo) -> None:
    repo.write("a.py", "x" * 99 + "\n")
    repo.write("a.py", ("x" * 99 + "\n") * 280_000)
    said = refusal(repo)
    assert said.startswith("the change is larger than 25 MB | review a part of it: `git diff ")


def test_a_git_that_can_not_be_run(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "bin" / "git"
    program.parent.mkdir()
    program.write_bytes(b"\x7fELF")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    said = "git can't be run: exec format error | `git --version` should print 2.26 or more"
    assert refusal(repo) == said


def test_no_room_for_what_git_says(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.write("a.py", "x\n")
    monkeypatch.setattr("tempfile.tempdir", str(repo.folder / "none"))
    said = refusal(repo)
    assert said.startswith("git can't be run: no such file or directory | it needs a little room")


def test_a_git_from_long_ago(repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "bin" / "git"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\nprintf 'false\\ntrue\\nfalse\\n--show-object-format\\n/x\\n'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    said = "this git does not know the form of this repository | `git --version` should print 2.26"
    assert refusal(repo).startswith(said)


def test_damage_is_said(repo: Repo) -> None:
    (repo.folder / ".git/index").write_bytes(b"DIRC garbage")
    said = refusal(repo)
    assert said.startswith("`git ")
    assert " failed: " in said


@pytest.mark.parametrize("named", [{}, {"staged": True}])
def test_a_lost_commit_is_not_taken_for_a_new_repository(
    repo: Repo, named: dict[str, object]
) -> None:
    head = repo.git("rev-parse", "HEAD").strip()
    (repo.folder / ".git/objects" / head[:2] / head[2:]).unlink()
    assert refusal(repo, **named) == (
        "the last commit can't be read | `git fsck` says what is damaged"
    )
