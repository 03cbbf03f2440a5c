"""The files around a change: exactly what git has, and nothing from outside."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from devchat.changes import Side
from devchat.diff import parse
from devchat.source.blob import blob_id
from devchat.source.files import GitSource
from devchat.source.git import LARGEST
from devchat.source.read import read_change
from devchat.source.repository import open_repository
from devchat.source.worktree import read_file
from tests.source.repositories import Repo, make_repo

SIDES: tuple[Side, ...] = ("LEFT", "RIGHT")


def source_of(repo: Repo, **named: object) -> GitSource:
    source = read_change(repo.folder, **named).source  # type: ignore[arg-type]
    assert isinstance(source, GitSource)
    return source


@pytest.fixture
def states(repo: Repo) -> Repo:
    """A file that is "base" in the commit, "index" in the index and "tree" in the work tree."""
    repo.commit({"f": "base\n", "only-base": "x\n"})
    repo.write("f", "index\n")
    repo.git("rm", "--quiet", "only-base")
    repo.git("add", "f")
    repo.write("f", "tree\n")
    repo.write("untracked", "u\n")
    return repo


@pytest.mark.parametrize(
    ("named", "left", "right"),
    [
        ({}, b"base\n", b"tree\n"),
        ({"staged": True}, b"base\n", b"index\n"),
        ({"worktree": True}, b"index\n", b"tree\n"),
        ({"revisions": "HEAD^!"}, None, b"base\n"),
    ],
)
def test_each_side_is_read_where_it_is(
    states: Repo, named: dict[str, object], left: bytes | None, right: bytes | None
) -> None:
    source = source_of(states, **named)
    assert (source.read("LEFT", "f"), source.read("RIGHT", "f")) == (left, right)
    assert source.complete
    source.close()
    assert source.read("RIGHT", "f") == right


@pytest.mark.parametrize(
    ("named", "places"),
    [
        ({}, [("f", 1, "tree")]),
        ({"staged": True}, []),
        ({"revisions": "HEAD^!"}, []),
    ],
)
def test_a_word_is_found_at_head(
    states: Repo, named: dict[str, object], places: list[tuple[str, int, str]]
) -> None:
    hits = source_of(states, **named).search("tree")
    assert [(hit.path, hit.line, hit.text) for hit in hits] == places


def test_a_word_is_whole_and_taken_as_it_is(repo: Repo) -> None:
    text = "x = ab.c\nabc\na.c-d\n-e\n$v a'b\n变量 = 1\ncaf\xe9\n"
    repo.commit({"w:1:.py": text, "binary": b"abc\0"})
    source = source_of(repo, revisions="HEAD^!")
    for word, lines in {
        "ab.c": [1],
        "abc": [2],
        "b.c": [],
        "-e": [4],
        "$v": [5],
        "变量": [6],
        "": [],
        "  ": [],
        "a\nb": [],
        "x" * 300: [],
        "\ud800": [],
    }.items():
        assert [hit.line for hit in source.search(word)] == lines, word
    assert {hit.path for hit in source.search("abc")} == {"w:1:.py"}


def test_hits_are_bounded(repo: Repo) -> None:
    repo.commit({f"many{number}": "word\n" * 100 for number in range(5)})
    assert len(list(source_of(repo, revisions="HEAD^!").search("word"))) == 200


@pytest.mark.parametrize(
    "path",
    [
        "../outside",
        "/etc/passwd",
        "sub/../a.py",
        "./a.py",
        "sub//b.py",
        "a.py/",
        "",
        ".",
        ".git/config",
        "sub/.GIT/config",
        "a\0b",
        "\ud800",
        "link-out/passwd",
        "sub",
        "missing",
        "a.py/x",
        "pipe",
        "x" * 5000,
    ],
)
def test_nothing_is_read_from_outside(repo: Repo, path: str) -> None:
    (repo.folder.parent / "outside").write_text("secret")
    (repo.folder / "link-out").symlink_to("/etc")
    os.mkfifo(repo.folder / "pipe")
    repo.git("add", "link-out")
    for named in ({}, {"staged": True}, {"worktree": True}, {"revisions": "HEAD^!"}):
        source = source_of(repo, **named)
        assert [source.read(side, path) for side in SIDES] == [None, None]


def test_a_link_is_where_it_points_to(repo: Repo) -> None:
    (repo.folder / "link").symlink_to("/etc/passwd")
    repo.git("add", "link")
    for named in ({}, {"staged": True}):
        assert source_of(repo, **named).read("RIGHT", "link") == b"/etc/passwd"


def test_a_file_too_large_is_out_of_reach(repo: Repo) -> None:
    repo.commit({"large": b"x" * (LARGEST + 1), "largest": b"x" * LARGEST})
    repo.commit({"a.py": "changed\n"})
    for named in ({}, {"revisions": "HEAD^!"}):
        source = source_of(repo, **named)
        assert source.read("RIGHT", "large") is None
        assert len(source.read("RIGHT", "largest") or b"") == LARGEST
        assert source.read("RIGHT", "sub/b.py") == b"b = 1\n"


def test_names_with_newlines(repo: Repo) -> None:
    repo.commit({"new\nline.py": "1\n", "end\r": "2\n"})
    source = source_of(repo, revisions="HEAD^!")
    assert source.read("RIGHT", "new\nline.py") == b"1\n"
    assert source.read("RIGHT", "end\r") == b"2\n"
    assert source.read("RIGHT", "no\nline.py") is None
    for found in (source, source_of(repo)):
        assert [(hit.path, hit.line) for hit in found.search("1")] == [
            ("new\nline.py", 1),
            ("sub/b.py", 1),
        ]


@pytest.mark.parametrize("ending", ["LF", "CRLF"])
def test_line_ends_are_those_that_git_stores(repo: Repo, ending: str) -> None:
    stored = b"1\r\n2\r\n" if ending == "CRLF" else b"1\n2\n"
    repo.commit({"win.txt": stored})
    repo.git("config", "core.autocrlf", "true")
    repo.write("win.txt", b"1\r\n2\r\n3\r\n")
    change = read_change(repo.folder)
    content = change.source.read("RIGHT", "win.txt") or b""
    (file,) = parse(change.text).files
    new = [line.text for line in file.hunks[0].lines if line.new is not None]
    assert content.decode().split("\n")[:-1] == new


def test_a_sparse_checkout_reads_the_rest_from_the_index(repo: Repo) -> None:
    repo.git("sparse-checkout", "set", "--no-cone", "a.py")
    assert not (repo.folder / "sub/b.py").exists()
    source = source_of(repo)
    assert source.read("RIGHT", "sub/b.py") == b"b = 1\n"
    (repo.folder / "a.py").unlink()
    assert source_of(repo).read("RIGHT", "a.py") is None


def batches() -> list[int]:
    """Return the ids of our own `git cat-file` processes."""
    done = subprocess.run(
        ["ps", "-Aww", "-o", "pid=,ppid=,command="], capture_output=True, text=True, check=True
    )
    rows = [line.split(None, 2) for line in done.stdout.splitlines()]
    return [int(row[0]) for row in rows if row[1] == str(os.getpid()) and "cat-file" in row[2]]


def test_the_process_ends_with_the_source(repo: Repo) -> None:
    before = set(batches())
    source = source_of(repo)
    source.read("LEFT", "a.py")
    assert len(set(batches()) - before) == 1
    del source
    assert set(batches()) <= before


def test_a_process_that_was_killed_is_started_again(repo: Repo) -> None:
    before = set(batches())
    source = source_of(repo)
    source.read("LEFT", "a.py")
    (process,) = set(batches()) - before
    os.kill(process, signal.SIGKILL)
    source.read("LEFT", "a.py")
    assert source.read("LEFT", "a.py") == b"one\ntwo\nthree\n"


def test_a_name_with_a_zero_byte_names_nothing(repo: Repo) -> None:
    objects = open_repository(repo.folder).objects
    assert objects.read("HEAD\0") is None
    objects.close()


def test_the_work_tree_alone_guards_itself(repo: Repo) -> None:
    (repo.folder.parent / "outside").write_text("secret")
    assert read_file(repo.folder, "../outside") is None
    assert read_file(repo.folder / "missing", "a.py") is None
    assert read_file(repo.folder, "a.py") == b"one\ntwo\nthree\n"


NAMES = st.lists(
    st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1)
    .map(lambda text: text.encode()[:60].decode(errors="ignore"))
    .filter(lambda name: name not in ("", ".", "..") and name.lower() != ".git"),
    min_size=1,
    max_size=3,
).map("/".join)


@hypothesis_settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.dictionaries(NAMES, st.binary(max_size=200), max_size=4))
def test_any_file_is_read_as_git_stores_it(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, bytes]
) -> None:
    repo = make_repo(tmp_path_factory.mktemp("any"))
    for name, content in files.items():
        with suppress(FileExistsError, NotADirectoryError, IsADirectoryError):
            repo.write(name, content)
    repo.commit({})
    listed = repo.git("ls-tree", "-r", "-z", "HEAD").split("\0")[:-1]
    rows = [(row.split(" ")[2].split("\t")[0], row.partition("\t")[2]) for row in listed]
    for source in (
        source_of(repo),
        source_of(repo, staged=True),
        source_of(repo, revisions="HEAD^!"),
    ):
        read = [(blob_id(source.read("RIGHT", path) or b""), path) for _, path in rows]
        assert read == rows


def test_few_gits_are_started(repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git = shutil.which("git")
    program = tmp_path / "bin" / "git"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\necho "$@" >>"{tmp_path}/calls"\nexec {git} "$@"\n')
    program.chmod(0o755)
    repo.commit({f"many/{number}.py": f"{number}\n" for number in range(100)})
    repo.write("a.py", "changed\n")
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    source = source_of(repo)
    for number in range(100):
        assert source.read("LEFT", f"many/{number}.py") == f"{number}\n".encode()
        assert source.read("RIGHT", f"many/{number}.py") == f"{number}\n".encode()
    assert len((tmp_path / "calls").read_text().splitlines()) <= 7
