"""A diff beyond what GitHub hands out: patches of the files, then git, then an honest part."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from pathlib import Path

import pytest

from bot.forge import Origin
from bot.reviewing.cloning import Limits, cloned
from devchat.errors import InputError
from tests.bot.office import BROKEN, Office
from tests.fakes.github import Pull

MANY = {f"d/{number:03}.txt": f"{number}\n" for number in range(301)}
BINARY = b"\x00\x01" * 10


def test_406_and_the_files_have_their_patches(office: Office) -> None:
    pull = office.open(MANY | {"a.json": BROKEN})
    office.work()
    (check,) = office.repository.checks
    assert check.conclusion == "failure"
    assert [row["path"] for row in pull.reviews[0].comments] == ["a.json"]
    assert office.hub.asked("GET /octo/app.git") == []


def test_406_and_git_fetches_what_has_no_patch(office: Office) -> None:
    office.hub.commit(office.repository, {"moved.txt": "one\ntwo\nthree\n"})
    pull = office.open(
        MANY | {"a.json": BROKEN, "b.bin": BINARY, "moved.txt": None, "to.txt": "one\ntwo\nthree\n"}
    )
    office.hub.commit(office.repository, {"later.txt": "not of this pull\n"})
    office.work()
    (check,) = office.repository.checks
    assert "b.bin: binary" in (check.summary or "") and "later.txt" not in (check.summary or "")
    assert [row["path"] for row in pull.reviews[0].comments] == ["a.json"]
    assert pull.comments == []
    assert office.hub.asked("POST /octo/app.git/git-upload-pack") != []
    assert list((office.desk.data / "fetched").iterdir()) == []


def test_406_and_no_git_is_an_honest_part(office: Office) -> None:
    office.hub.fail(r"\.git/", "refuse", times=9, status=500)
    pull = office.open(MANY | {"b.bin": BINARY})
    office.work()
    (check,) = office.repository.checks
    assert check.conclusion == "neutral"
    assert "b.bin: GitHub gives no patch for it" in (check.summary or "")
    assert "out of reach" in (check.summary or "")
    assert "b.bin" in pull.comments[0].body


@pytest.fixture
def origin(office: Office) -> Origin:
    """A repository to fetch from, and a token for it."""
    pulls = office.app.pulls(11, "octo/app")
    return pulls.origin("octo/app")


@pytest.fixture
def pull(office: Office) -> Pull:
    """A pull with 3 MB that can't be compressed."""
    return office.hub.open_pull(office.repository, {"big.bin": os.urandom(3 << 20)})


def commits(pull: Pull) -> tuple[str, str]:
    """Where a pull begins and ends."""
    return pull.base, pull.head


def test_only_two_commits_are_fetched_and_nothing_is_left(
    pull: Pull, origin: Origin, home: Path
) -> None:
    pull.repository.git.set("refs/tags/v1", pull.base)
    with cloned(origin, commits(pull), home / "fetched") as bare:
        packs = list((bare / "objects").rglob("*.pack"))
        assert packs and not list(bare.rglob("refs/tags/*")) and not (bare / "hooks").exists()
        assert stat.S_IMODE(bare.stat().st_mode) == 0o700
    assert not bare.exists()


@pytest.mark.parametrize(
    ("limits", "reason"),
    [(Limits(1 << 20), "larger than 1 MB"), (Limits(seconds=0.0), "longer than 0 s")],
)
def test_a_fetch_ends_at_its_limits(
    pull: Pull, origin: Origin, home: Path, limits: Limits, reason: str
) -> None:
    with pytest.raises(InputError, match=reason), cloned(origin, commits(pull), home, limits):
        pass
    assert list(home.glob("pull-*")) == []


def test_a_fetch_that_hangs_is_ended(
    office: Office, pull: Pull, origin: Origin, home: Path
) -> None:
    office.hub.fail("upload-pack", "hang")
    with (
        pytest.raises(InputError, match="longer than 1 s"),
        cloned(origin, commits(pull), home, Limits(seconds=1.0)),
    ):
        pass


@pytest.mark.parametrize(
    "address",
    ["file:///etc", "ssh://git@github.com/octo/app", "http://github.com/octo/app", "ext::sh -c id"],
)
def test_only_https_is_fetched(address: str, home: Path) -> None:
    with (
        pytest.raises(InputError, match="not https"),
        cloned(Origin(address, "t"), ("a", "b"), home),
    ):
        pass


def test_what_a_killed_worker_left_is_swept_away(pull: Pull, origin: Origin, home: Path) -> None:
    old, fresh = home / "pull-old", home / "pull-fresh"
    old.mkdir()
    fresh.mkdir()
    os.utime(old, (0, 0))
    with cloned(origin, commits(pull), home):
        assert not old.exists() and fresh.exists()


def test_the_token_is_never_among_git_s_arguments(
    pull: Pull, origin: Origin, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A git that writes down how it is called, and what it is told, then is the real one.
    real, log, program = shutil.which("git"), home / "calls", home / "bin" / "git"
    program.parent.mkdir()
    program.write_text(
        f"#!{sys.executable}\nimport os, sys\n"
        f"with open({str(log)!r}, 'a') as file:\n"
        "    names = sorted(name for name in os.environ if name.startswith(('GIT_', 'HOME')))\n"
        "    print(sys.argv, names, file=file)\n"
        f"os.execv({real!r}, sys.argv)\n"
    )
    program.chmod(0o700)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("GIT_SSH_COMMAND", "sh -c id")
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    with cloned(origin, commits(pull), home / "fetched"):
        calls = log.read_text()
    assert "'fetch'" in calls and origin.token not in calls and "Basic" not in calls
    assert "GIT_CONFIG_VALUE_0" in calls and "GIT_SSH" not in calls and "'GIT_DIR'" not in calls
    assert origin.token not in repr(origin)


def test_without_git_it_is_told_to_install_it(
    origin: Origin, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(home))
    with pytest.raises(InputError, match="git is not installed"), cloned(origin, ("a", "b"), home):
        pass


def test_a_folder_that_can_t_be_written_leaves_the_change_out_of_reach(
    origin: Origin, home: Path
) -> None:
    (home / "fetched").write_text("no folder")
    with (
        pytest.raises(InputError, match="could not be fetched: file exists"),
        cloned(origin, ("a", "b"), home / "fetched"),
    ):
        pass


def test_3000_and_more_files_are_all_accounted_for(office: Office) -> None:
    office.hub.commit(office.repository, {".devchat.toml": 'ignore = ["d/"]\n'})
    many = {f"d/{number:04}.txt": "x\n" for number in range(3_000)}
    pull = office.open(many | {"z.json": BROKEN})
    office.work()
    (check,) = office.repository.checks
    assert "3,000 hunks" in (check.summary or "")
    assert [row["path"] for row in pull.reviews[0].comments] == ["z.json"]
    assert office.hub.asked("POST /octo/app.git/git-upload-pack") != []
