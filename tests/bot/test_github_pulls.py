"""Reading pulls of a GitHub of our own: the pull, its diff, its files, and a fetch by git."""

from __future__ import annotations

import base64
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from bot.errors import GoneError, TooLargeError
from bot.forge import FilePatch, PullRef
from bot.github import open_app
from bot.github.pulls import GitHubPulls
from devchat.diff import parse
from tests.fakes.github import GitHub
from tests.fakes.github.git import Files

REF = PullRef("octo/app", 1)


def reader(hub: GitHub, before: Files, after: Files, **fields: Any) -> GitHubPulls:
    """Make octo/app with a pull, and open it for reading."""
    repository = hub.repository("octo/app", before)
    hub.open_pull(repository, after, **fields)
    return open_app(hub.app_id, hub.private_key, hub.url).pulls(11, "octo/app")


def test_a_pull_as_it_is(hub: GitHub) -> None:
    pulls = reader(hub, {"a": "1\n"}, {"a": "2\n"}, title="Té \u202e", body="Why")
    made = hub.state.repositories["octo/app"].pulls[1]
    made.labels.append("devchat:skip")
    pull = pulls.pull(REF)
    assert (pull.ref, pull.title, pull.body) == (REF, "Té \u202e", "Why")
    assert (pull.head, pull.base, pull.default_branch) == (made.head, made.base, "main")
    assert (pull.state, pull.draft, pull.labels) == ("open", False, ("devchat:skip",))
    made.state, made.draft, made.body = "closed", True, ""
    pull = pulls.pull(REF)
    assert (pull.state, pull.draft, pull.body) == ("closed", True, "")


@pytest.mark.parametrize("fork", ["ann/app", ""])
def test_a_pull_from_a_fork(hub: GitHub, fork: str) -> None:
    pull = reader(hub, {"a": "1\n"}, {"a": "2\n"}, fork=fork).pull(REF)
    assert pull.head == hub.state.repositories["octo/app"].pulls[1].head


def test_a_pull_that_is_not_there(hub: GitHub) -> None:
    with pytest.raises(GoneError):
        reader(hub, {"a": "1\n"}, {"a": "2\n"}).pull(PullRef("octo/app", 2))


def test_the_diff_keeps_every_byte(hub: GitHub) -> None:
    raw = b"caf\xe9 \xff\r\nnext\x0cpage\xe2\x80\xa8\n"
    diff = reader(hub, {"a.txt": "1\n"}, {"a.txt": raw}).diff(REF)
    lines = parse(diff).files[0].hunks[0].lines
    assert [line.text for line in lines if line.kind == "+"] == [
        "caf\udce9 \udcff\r",
        "next\x0cpage\u2028",
    ]
    assert raw in b"\n".join(
        line.encode("utf-8", "surrogateescape")[1:] for line in diff.split("\n")
    )


def test_the_diff_is_from_where_both_parted(hub: GitHub) -> None:
    pulls = reader(hub, {"a": "1\n"}, {"b": "2\n"})
    parted = pulls.pull(REF).base
    hub.commit(hub.state.repositories["octo/app"], {"c": "3\n"})
    pull = pulls.pull(REF)
    assert pull.base != parted
    assert pulls.merge_base("octo/app", pull.base, pull.head) == parted
    assert [file.path for file in parse(pulls.diff(REF)).files] == ["b"]


@pytest.mark.parametrize(
    ("after", "said"),
    [
        ({f"f{number}": "x\n" for number in range(301)}, "files (300)"),
        ({"long": "x\n" * 20_001}, "lines (20000)"),
        ({"wide": "x" * 1_000_000 + "\n"}, "bytes"),
    ],
)
def test_a_diff_that_github_does_not_hand_out(hub: GitHub, after: Files, said: str) -> None:
    with pytest.raises(TooLargeError) as caught:
        reader(hub, {"a": "1\n"}, after).diff(REF)
    assert said in caught.value.message
    assert "too_large" in caught.value.message


def test_a_diff_that_takes_github_too_long(hub: GitHub) -> None:
    pulls = reader(hub, {"a": "1\n"}, {"a": "2\n"})
    hub.fail(
        "GET .*/pulls/1$", "refuse", status=422, message="this diff is taking too long to generate."
    )
    with pytest.raises(TooLargeError):
        pulls.diff(REF)


def test_files_with_their_patches(hub: GitHub) -> None:
    body = "".join(f"line {number}\n" for number in range(20))
    before: Files = {"old.py": body, "gone": "1\n", "kept": "1\n", "picture": b"\0\1"}
    after: Files = {
        "old.py": None,
        "new.py": body + "more\n",
        "gone": None,
        "kept": "2",
        "picture": b"\0\2",
        "ümläut \udcff": "new\n",
    }
    found = {one.path: one for one in reader(hub, before, after).files(REF)}
    head = hub.state.repositories["octo/app"].pulls[1].head
    assert {one.head for one in found.values()} == {head}
    assert found["new.py"].old_path == "old.py"
    assert found["new.py"].status == "renamed"
    assert found["gone"] == FilePatch("gone", "gone", "removed", "@@ -1 +0,0 @@\n-1", head)
    expected = "@@ -1 +1 @@\n-1\n+2\n\\ No newline at end of file"
    assert found["kept"] == FilePatch("kept", "kept", "modified", expected, head)
    assert found["picture"].patch is None
    assert found["ümläut \ufffd"].status == "added"


def test_files_are_listed_up_to_three_thousand(hub: GitHub) -> None:
    pulls = reader(hub, {"a": "1\n"}, {f"d/{number:04}": "x\n" for number in range(3_050)})
    found = list(pulls.files(REF))
    assert [one.path for one in found] == [f"d/{number:04}" for number in range(3_000)]
    assert len(hub.asked("GET /repos/octo/app/pulls/1/files")) == 30


def test_files_of_patches_too_large(hub: GitHub) -> None:
    files = list(reader(hub, {"a": "1\n"}, {"wide": "x" * 1_000_001}).files(REF))
    assert [(one.path, one.patch) for one in files] == [("wide", None)]


@pytest.mark.parametrize(
    "path", ["a.py", "folder/b c#?;%20.py", "ü.md", "raw\udcff", ".devchat.toml", "long", 'q"\\.x']
)
def test_content_as_it_was_committed(hub: GitHub, path: str) -> None:
    size = (1 << 20) + 1 if path == "long" else 9
    content = b"\xff\0\r\n" + b"x" * size
    pulls = reader(hub, {path: content}, {"other": "1\n"})
    hub.commit(hub.state.repositories["octo/app"], {path: "later\n"})
    base = pulls.pull(REF).head + "~1"
    base = hub.state.repositories["octo/app"].git.resolve(base)
    assert pulls.content("octo/app", path, base) == content
    assert pulls.content("octo/app", path, "main") == b"later\n"


def test_content_that_is_no_file_or_out_of_reach(hub: GitHub) -> None:
    before: Files = {"a": "1\n", "folder/b": "1\n", "huge": b"x" * ((10 << 20) + 1)}
    pulls = reader(hub, before, {"a": "2\n"})
    paths = ["", "nope", "../a", "folder", "folder/", "/a", "folder/../a", ".", "huge"]
    assert {pulls.content("octo/app", path, "main") for path in paths} == {None}
    assert pulls.content("octo/app", "a", "no-such-branch") is None


def test_git_fetches_exactly_two_commits_with_the_token(hub: GitHub, tmp_path: Path) -> None:
    pulls = reader(hub, {"a": "1\n"}, {"a": "2\n"})
    pull = pulls.pull(REF)
    origin = pulls.origin("octo/app")
    login = base64.b64encode(f"x-access-token:{origin.token}".encode()).decode()
    subprocess.run(["git", "init", "--quiet", "--bare", str(tmp_path)], check=True)
    fetch = ["git", "-C", str(tmp_path), "-c", "protocol.version=2", "fetch", "--quiet"]
    fetch += ["--no-tags", "--depth=1", origin.address, pull.base, pull.head]
    environ = {"PATH": os.environ["PATH"], "GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_COUNT": "1"}
    environ |= {"GIT_CONFIG_KEY_0": "http.extraHeader", "GIT_CONFIG_GLOBAL": "/dev/null"}
    header = f"Authorization: Basic {login}"
    done = subprocess.run(fetch, env=environ | {"GIT_CONFIG_VALUE_0": header}, check=True)
    assert done.returncode == 0
    shown = subprocess.run(
        ["git", "-C", str(tmp_path), "diff", pull.base, pull.head], capture_output=True, check=True
    )
    assert shown.stdout.decode() == pulls.diff(REF)
    hub.expire_tokens()
    refused = subprocess.run(
        fetch, env=environ | {"GIT_CONFIG_VALUE_0": header}, capture_output=True, check=False
    )
    assert refused.returncode == 128
