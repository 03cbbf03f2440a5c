"""Which change is read, by what the user names and where the repository stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from devchat.source.read import read_change
from tests.source.repositories import Repo, lines, make_repo, paths, refusal


@pytest.fixture
def branch(repo: Repo) -> Repo:
    """A branch `topic` with a commit, something staged and something not; `main` went on."""
    repo.git("checkout", "--quiet", "-b", "topic")
    repo.commit({"a.py": "one\n2\nthree\n"}, "on topic")
    repo.git("checkout", "--quiet", "main")
    repo.commit({"sub/b.py": "b = 2\n"}, "on main")
    repo.git("checkout", "--quiet", "topic")
    repo.write("staged.py", "s = 1\n")
    repo.git("add", "staged.py")
    repo.write("a.py", "one\n2\n3\n")
    return repo


def test_with_nothing_named_the_branch_and_uncommitted_work(branch: Repo) -> None:
    change = read_change(branch.folder)
    assert lines(change) == ["-two", "-three", "+2", "+3", "+s = 1"]
    assert change.source.base.startswith("merge base with main (")
    assert change.source.head == "the work tree"
    assert change.notes == ()


@pytest.mark.parametrize(
    ("named", "expected", "base", "head"),
    [
        ({"staged": True}, ["+s = 1"], "HEAD", "what is staged"),
        ({"worktree": True}, ["-three", "+3"], "what is staged", "the work tree"),
        ({"revisions": "HEAD"}, ["-three", "+3", "+s = 1"], "HEAD", "the work tree"),
        ({"revisions": "main..topic"}, ["-two", "+2", "-b = 2", "+b = 1"], "main", "topic"),
        ({"revisions": "main...topic"}, ["-two", "+2"], "merge base with main", "topic"),
        ({"revisions": "main..."}, ["-two", "+2"], "merge base with main", "HEAD"),
        ({"revisions": "HEAD~1.."}, ["-two", "+2"], "HEAD~1", "HEAD"),
        ({"revisions": "..main"}, ["-2", "+two", "-b = 1", "+b = 2"], "HEAD", "main"),
        ({"revisions": "main^!"}, ["-b = 1", "+b = 2"], "main^", "main"),
        ({"revisions": "main~1^!"}, ["+one", "+two", "+three", "+b = 1"], "the empty", "main~1"),
        ({"revisions": "HEAD^{/first}^!"}, ["+one", "+two", "+three", "+b = 1"], "the", "HEAD^{"),
    ],
)
def test_what_is_named_is_compared(
    branch: Repo, named: dict[str, object], expected: list[str], base: str, head: str
) -> None:
    change = read_change(branch.folder, **named)  # type: ignore[arg-type]
    assert lines(change) == expected
    assert change.source.base.startswith(base)
    assert change.source.head.startswith(head)


def test_a_commit_that_is_named_by_its_id_is_told_by_a_short_one(branch: Repo) -> None:
    ids = branch.git("rev-parse", "main", "topic").split()
    change = read_change(branch.folder, revisions="..".join(ids))
    assert [change.source.base, change.source.head] == [one[:10] for one in ids]


def test_from_a_folder_below_all_is_read(branch: Repo) -> None:
    assert paths(read_change(branch.folder / "sub")) == ["a.py", "staged.py"]


def test_untracked_files_are_named_and_stay_untracked(branch: Repo) -> None:
    branch.write(".gitignore", "*.log\n")
    for path in ("new.py", "more/x.py", "more/y.py", "zz.py", "x.log"):
        branch.write(path, "x = 1\n")
    index = (branch.folder / ".git/index").read_bytes()
    change = read_change(branch.folder)
    assert change.notes == ("untracked, so not in it: `.gitignore`, `more/`, `new.py` and 1 more",)
    assert (branch.folder / ".git/index").read_bytes() == index
    assert read_change(branch.folder, staged=True).notes == ()
    branch.git("add", "--intent-to-add", "new.py")
    assert "new.py" in paths(read_change(branch.folder))


def test_nothing_to_review_is_said(repo: Repo) -> None:
    change = read_change(repo.folder)
    assert change.text == ""
    (note,) = change.notes
    assert note.startswith("nothing differs between main (")
    assert note.endswith(") and the work tree")


def test_on_the_default_branch_what_was_not_pushed(repo: Repo, tmp_path: Path) -> None:
    repo.git("clone", "--quiet", "--bare", ".", str(tmp_path / "remote"))
    repo.git("remote", "add", "origin", str(tmp_path / "remote"))
    repo.git("fetch", "--quiet", "origin")
    repo.commit({"a.py": "one\n"}, "not pushed")
    change = read_change(repo.folder)
    assert (lines(change), change.source.base[:11]) == (["-two", "-three"], "origin/main")


@pytest.mark.parametrize(
    ("remote", "branch", "settings", "expected"),
    [
        ("origin", "trunk", ("remote", "set-head", "origin", "trunk"), "origin/trunk"),
        ("up", "trunk", ("remote", "set-head", "up", "trunk"), "up/trunk"),
        ("origin", "trunk", ("config", "init.defaultBranch", "trunk"), "origin/trunk"),
        ("origin", "master", ("status",), "origin/master"),
        ("origin", "trunk", ("status",), "main"),
    ],
)
def test_how_the_default_branch_is_found(
    repo: Repo, tmp_path: Path, remote: str, branch: str, settings: tuple[str, ...], expected: str
) -> None:
    repo.git("clone", "--quiet", "--bare", ".", str(tmp_path / "remote"))
    repo.git("-C", str(tmp_path / "remote"), "branch", "--move", "main", branch)
    repo.git("remote", "add", remote, str(tmp_path / "remote"))
    repo.git("fetch", "--quiet", remote)
    repo.git(*settings)
    assert read_change(repo.folder).source.base.startswith(f"{expected} (")


def test_two_remotes_without_an_origin_leave_the_local_branch(repo: Repo) -> None:
    repo.git("remote", "add", "one", "/nowhere")
    repo.git("remote", "add", "two", "/nowhere")
    assert read_change(repo.folder).source.base.startswith("main (")


def test_no_default_branch_leaves_uncommitted_work(repo: Repo) -> None:
    repo.git("branch", "--move", "main", "odd")
    repo.write("a.py", "one\n")
    change = read_change(repo.folder)
    assert lines(change) == ["-two", "-three"]
    assert "no default branch was found" in change.notes[0]


def test_a_detached_head(branch: Repo) -> None:
    branch.git("checkout", "--quiet", "--detach")
    assert lines(read_change(branch.folder)) == ["-two", "-three", "+2", "+3", "+s = 1"]


def test_before_the_first_commit_everything_is_new(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "new")
    repo.write("a.py", "a = 1\n")
    repo.git("add", "a.py")
    for change in (read_change(repo.folder), read_change(repo.folder, staged=True)):
        assert lines(change) == ["+a = 1"]
        assert change.source.base == "the empty tree (4b825dc642)"
        assert change.source.read("LEFT", "a.py") is None
    assert "nothing is committed yet" in refusal(repo, revisions="HEAD~1")


def test_a_linked_work_tree(branch: Repo, tmp_path: Path) -> None:
    branch.git("worktree", "add", "--quiet", str(tmp_path / "linked"), "main")
    (tmp_path / "linked" / "a.py").write_text("linked\n")
    change = read_change(tmp_path / "linked")
    assert lines(change) == ["-one", "-two", "-three", "+linked"]
    assert change.source.read("RIGHT", "a.py") == b"linked\n"


def test_sha256(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "sha256", "--object-format=sha256")
    first = read_change(repo.folder, staged=True)
    assert first.source.base == "the empty tree (6ef19b4122)"
    repo.commit({"a.py": "a = 1\n"})
    repo.write("a.py", "a = 2\n")
    change = read_change(repo.folder)
    assert lines(change) == ["-a = 1", "+a = 2"]
    assert change.source.read("LEFT", "a.py") == b"a = 1\n"


def test_a_submodule_is_one_line_and_its_files_are_not_ours(repo: Repo, tmp_path: Path) -> None:
    other = make_repo(tmp_path / "other")
    other.commit({"x.py": "x = 1\n"})
    allowed = ("-c", "protocol.file.allow=always")
    repo.git(*allowed, "submodule", "--quiet", "add", str(other.folder), "mod")
    repo.git("config", "diff.submodule", "log")
    repo.commit({})
    change = read_change(repo.folder, revisions="HEAD~1..")
    assert paths(change) == [".gitmodules", "mod"]
    assert change.source.read("RIGHT", "mod") is None
    assert change.source.read("RIGHT", "mod/x.py") is None


def test_a_merge_under_way(branch: Repo) -> None:
    branch.git("checkout", "--quiet", "--force", "topic")
    branch.git("merge", "--quiet", "--no-commit", "--no-ff", "main")
    note = "a merge is under way: what it brings is part of this change"
    assert note in read_change(branch.folder).notes


def test_odd_names_and_bytes_come_through(repo: Repo) -> None:
    names = {"sp ace.py": b"1\n", "caf\udce9.py": b"\xff\n", "中文.py": b"2\n", 'q"\t.py': b"3\n"}
    repo.commit(dict(names))
    change = read_change(repo.folder, revisions="HEAD^!")
    assert paths(change) == sorted(names)
    for name, content in names.items():
        assert change.source.read("RIGHT", name) == content


def test_settings_do_not_change_the_form(branch: Repo) -> None:
    plain = read_change(branch.folder).text
    for key, value in {
        "diff.noprefix": "true",
        "diff.mnemonicPrefix": "true",
        "diff.context": "0",
        "diff.interHunkContext": "9",
        "diff.renames": "false",
        "diff.relative": "true",
        "diff.suppressBlankEmpty": "true",
        "diff.algorithm": "patience",
        "diff.wsErrorHighlight": "all",
        "color.diff": "always",
        "color.ui": "always",
        "core.quotePath": "false",
    }.items():
        branch.git("config", key, value)
    branch.git("config", "diff.orderFile", str(branch.folder / "order"))
    (branch.folder / ".git/info/exclude").write_text("order\n")
    branch.write("order", "staged.py\na.py\n")
    assert read_change(branch.folder / "sub").text == plain
