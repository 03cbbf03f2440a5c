"""The files around a patch: nothing is taken for what it may not be."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from devchat.diff import parse
from devchat.policy import Policy
from devchat.policy.read import read_policy
from devchat.source.change import Change
from devchat.source.read import patch_change
from tests.source.repositories import Repo, make_repo


def change_of(text: str, folder: Path) -> Change:
    return patch_change(text, parse(text), folder)


@pytest.fixture
def changed(repo: Repo) -> Repo:
    """A commit, then uncommitted: one file changed, one added, one deleted, one renamed."""
    repo.commit({"old.py": "gone = 1\n", "from.py": "same\n" * 20, "rest.py": "rest\n"})
    repo.write("a.py", "one\n2\nthree\n")
    repo.write("new.py", "fresh = 1")
    repo.git("rm", "--quiet", "old.py")
    repo.git("mv", "from.py", "to.py")
    repo.git("add", "--intent-to-add", "new.py")
    return repo


READS = {
    "a.py": (b"one\ntwo\nthree\n", b"one\n2\nthree\n"),
    "new.py": (None, b"fresh = 1"),
    "old.py": (b"gone = 1\n", None),
    "from.py": (None, None),  # the patch does not tell what is in it
    "to.py": (None, None),
    "rest.py": (b"rest\n", b"rest\n"),
    "missing.py": (None, None),
    "../a.py": (None, None),
}


@pytest.mark.parametrize("options", [(), ("--full-index",), ("--abbrev=4",), ("--binary",)])
def test_a_patch_that_is_in_the_work_tree(changed: Repo, options: tuple[str, ...]) -> None:
    change = change_of(changed.git("diff", "-M", *options, "HEAD"), changed.folder)
    source = change.source
    assert {
        path: (source.read("LEFT", path), source.read("RIGHT", path)) for path in READS
    } == READS
    assert (change.notes, source.complete, source.head) == ((), True, "the work tree")
    assert [hit.path for hit in source.search("rest")] == ["rest.py"]


def test_a_patch_that_the_work_tree_has_moved_on_from(changed: Repo) -> None:
    text = changed.git("diff", "-M", "--full-index", "HEAD")
    changed.write("a.py", "something else\n")
    change = change_of(text, changed.folder)
    assert change.source.read("LEFT", "a.py") == b"one\ntwo\nthree\n"
    assert change.source.read("RIGHT", "a.py") is None
    assert change.source.read("RIGHT", "new.py") == b"fresh = 1"
    assert change.source.read("RIGHT", "rest.py") is None
    assert (list(change.source.search("rest")), change.source.complete) == ([], False)
    note = "judged by the patch alone, for what is here is something else: `a.py`"
    assert change.notes == (note,)


def test_what_git_has_stored_is_found_by_its_id(changed: Repo) -> None:
    text = changed.git("diff", "--full-index", "HEAD")
    changed.git("add", "a.py")
    changed.write("a.py", "something else\n")
    change = change_of(text, changed.folder)
    assert change.source.read("RIGHT", "a.py") == b"one\n2\nthree\n"
    assert (change.notes, change.source.complete) == ((), False)


def test_a_file_that_should_be_gone(changed: Repo) -> None:
    text = changed.git("diff", "HEAD")
    changed.write("old.py", "back\n")
    assert not change_of(text, changed.folder).source.complete


def test_crlf_in_the_work_tree(repo: Repo) -> None:
    repo.git("config", "core.autocrlf", "true")
    repo.write("a.py", "one\r\n2\r\nthree\r\n")
    change = change_of(repo.git("diff"), repo.folder)
    assert change.source.read("RIGHT", "a.py") == b"one\n2\nthree\n"
    assert change.source.complete


def test_outside_a_repository_only_whole_files_are_known(changed: Repo, tmp_path: Path) -> None:
    text = changed.git("diff", "-M", "HEAD")
    change = change_of(text, tmp_path)
    assert change.source.read("RIGHT", "new.py") == b"fresh = 1"
    for path in ("a.py", "old.py", "from.py", "to.py", "rest.py"):
        assert change.source.read("LEFT", path) is change.source.read("RIGHT", path) is None
    assert (change.notes, change.source.complete) == ((), False)
    assert list(change.source.search("rest")) == []
    change.source.close()  # type: ignore[attr-defined]


def test_a_patch_does_not_bring_the_policy_that_it_is_judged_by(repo: Repo) -> None:
    """It says that it deletes one, which was never there."""
    text = "diff --git a/.devchat.toml b/.devchat.toml\ndeleted file mode 100644\n"
    text += "--- a/.devchat.toml\n+++ /dev/null\n@@ -1 +0,0 @@\n-ignore = ['*']\n"
    for folder in (repo.folder, repo.folder.parent):
        assert read_policy(change_of(text, folder).source).policy == Policy()


def test_without_git_too(changed: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    text = changed.git("diff", "HEAD")
    monkeypatch.setenv("PATH", "")
    change = change_of(text, changed.folder)
    assert change.source.read("RIGHT", "new.py") == b"fresh = 1"
    assert change.source.read("RIGHT", "a.py") is None


def test_a_plain_diff_has_no_ids_to_go_by(changed: Repo) -> None:
    text = "--- a/a.py\n+++ b/a.py\n@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n"
    change = change_of(text, changed.folder)
    assert change.source.read("RIGHT", "a.py") is None
    assert change.notes[0].startswith("judged by the patch alone")


def test_an_invented_id_opens_nothing(changed: Repo) -> None:
    tree = changed.git("rev-parse", "HEAD^{tree}").strip()
    for blob in (tree, "HEAD", "abcd", "0" * 40, "../x"):
        text = f"diff --git a/a.py b/a.py\nindex {blob}..{blob} 100644\n"
        text += "--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-a\n+b\n"
        source = change_of(text, changed.folder).source
        assert source.read("LEFT", "a.py") is source.read("RIGHT", "a.py") is None


def test_an_id_of_something_else_opens_nothing(repo: Repo) -> None:
    repo.commit({"secret": "key\n"})
    blob = repo.git("rev-parse", "HEAD:secret").strip()
    text = f"diff --git a/a.py b/a.py\nindex {blob}..{blob} 100644\n"
    text += "--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-a\n+b\n"
    source = change_of(text, repo.folder).source
    assert source.read("LEFT", "a.py") is source.read("RIGHT", "a.py") is None


TREES = st.dictionaries(
    st.sampled_from(["a.py", "b.txt", "d/c.js", "d/e"]),
    st.lists(st.sampled_from([b"x\n", b"y\n", b"z\r\n", b"\n", b"\xff\n", b"w"]), max_size=8).map(
        b"".join
    ),
    max_size=4,
)


@hypothesis_settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(TREES, TREES, TREES, st.sampled_from(["-U0", "-U3", "-M", "--full-index", "--abbrev=4"]))
def test_what_is_read_is_what_git_has_there(
    tmp_path_factory: pytest.TempPathFactory,
    base: dict[str, bytes],
    head: dict[str, bytes],
    later: dict[str, bytes],
    option: str,
) -> None:
    repo = make_repo(tmp_path_factory.mktemp("any"))
    for files in (base, head):
        for path in (*base, *head):
            (repo.folder / path).unlink(missing_ok=True)
        repo.commit(files)
    text = repo.git("diff", option, "HEAD~1", "HEAD")
    repo.git("reset", "--quiet", "--hard", "HEAD~1")
    for path, content in (head | later).items():
        repo.write(path, content)
    source = change_of(text, repo.folder).source
    for path in (path for path in base.keys() | head.keys() if base.get(path) != head.get(path)):
        assert source.read("LEFT", path) in (None, base.get(path))
        assert source.read("RIGHT", path) in (None, head.get(path))
    if text and not later and not base.keys() - head.keys():
        read = {path: source.read("RIGHT", path) for path in head}
        assert read == head or "similarity index 100%" in text


def test_a_series_goes_from_the_first_to_the_last(repo: Repo) -> None:
    repo.commit({"a.py": "1\n", "n.py": "n\n"}, "one")
    repo.commit({"a.py": "2\n", "n.py": "nn\n"}, "two")
    text = repo.git("format-patch", "--stdout", "HEAD~2")
    source = change_of(text, repo.folder).source
    assert (source.read("LEFT", "a.py"), source.read("RIGHT", "a.py")) == (
        b"one\ntwo\nthree\n",
        b"2\n",
    )
    assert (source.read("LEFT", "n.py"), source.read("RIGHT", "n.py")) == (None, b"nn\n")


def test_a_submodule_and_a_link(repo: Repo, tmp_path: Path) -> None:
    other = make_repo(tmp_path / "other")
    other.commit({"x.py": "x\n"})
    repo.git("-c", "protocol.file.allow=always", "submodule", "add", str(other.folder), "mod")
    (repo.folder / "link").symlink_to("a.py")
    repo.git("add", "link")
    source = change_of(repo.git("diff", "--cached"), repo.folder).source
    assert source.read("RIGHT", "link") == b"a.py"
    assert source.complete


def test_a_bare_repository_has_only_objects(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a.py": "2\n"})
    text = repo.git("diff", "HEAD~1", "HEAD")
    repo.git("clone", "--quiet", "--bare", ".", str(tmp_path / "bare"))
    source = change_of(text, tmp_path / "bare").source
    assert source.read("RIGHT", "a.py") == b"2\n"
    assert not source.complete


def test_a_repository_that_can_not_be_used_is_said(changed: Repo) -> None:
    text = changed.git("diff", "HEAD")
    changed.git("config", "filter.a=b.clean", "x")
    change = change_of(text, changed.folder)
    assert change.notes[0].startswith("the repository here is not used: this repository's")
    assert change.source.read("RIGHT", "new.py") == b"fresh = 1"
