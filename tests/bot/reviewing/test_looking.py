"""Looking at a change through the forge: what is read, what is out of reach, what ends it."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest

from bot.forge import FilePatch, PullRef
from bot.reviewing.fetching import fetch
from bot.reviewing.looking import Scene, look
from bot.reviewing.materials import read_patches
from bot.reviewing.sources import MOST_READS, ForgeSource
from devchat.diff import parse
from tests.bot.office import BROKEN, Office
from tests.fakes.github import Pull
from tests.review.changes import answer

REF = PullRef("octo/app", 1)
FILES = {"a.py": "one = 1\n", "b.py": "two = 2\n", "gone.py": "three = 3\n"}
CHANGED = {"a.py": "one = 11\n", "new.py": "four = 4\n", "gone.py": None}


@pytest.fixture
def pull(office: Office) -> Pull:
    """A pull that adds, changes and deletes, whose base branch has gone on since."""
    office.hub.commit(office.repository, FILES)
    pull = office.hub.open_pull(office.repository, CHANGED)
    office.hub.commit(office.repository, {"a.py": "one = 'since'\n"})
    return pull


def scene_of(office: Office) -> Scene:
    """The pull as it was fetched."""
    pulls = office.app.pulls(11, "octo/app")
    return Scene(pulls, REF, fetch(pulls, pulls.pull(REF), office.ledger), office.desk)


@pytest.mark.parametrize(
    ("side", "path", "data"),
    [
        ("LEFT", "a.py", b"one = 1\n"),
        ("RIGHT", "a.py", b"one = 11\n"),
        ("RIGHT", "b.py", b"two = 2\n"),
        ("LEFT", "new.py", None),
        ("RIGHT", "new.py", b"four = 4\n"),
        ("LEFT", "gone.py", b"three = 3\n"),
        ("RIGHT", "gone.py", None),
        ("RIGHT", "none.py", None),
        ("RIGHT", "../secret", None),
    ],
)
def test_files_are_read_where_the_diff_begins_and_ends(
    office: Office, pull: Pull, side: Literal["LEFT", "RIGHT"], path: str, data: bytes | None
) -> None:
    with scene_of(office).opened() as material:
        before = len(office.hub.requests)
        assert material.source.read(side, path) == data
        assert material.source.read(side, path) == data
        assert len(office.hub.requests) <= before + 2  # a token may be needed, the file once
        assert list(material.source.search("one")) == [] and not material.source.complete
    assert office.repository.pulls[1] is pull


def test_so_many_files_are_asked_of_github_and_no_more(office: Office, pull: Pull) -> None:
    pulls = office.app.pulls(11, "octo/app")
    source = ForgeSource(pulls, "octo/app", pull.base, pull.head, parse(""))
    for number in range(MOST_READS + 5):
        assert source.read("RIGHT", f"{number}.txt") is None
    assert len(office.hub.asked("GET /repos/octo/app/contents")) == MOST_READS


def test_a_502_while_files_are_read_makes_the_job_wait(office: Office, pull: Pull) -> None:
    def fail(step: str) -> None:
        if step == "review" and not office.queue.waits:
            office.hub.fail("GET .*/contents/.*a[.]py", "refuse")

    office.queue.meanwhile = fail
    office.tell(pull, "opened")
    office.work()
    assert len(office.queue.waits) == 1
    assert [one.conclusion for one in office.repository.checks] == ["success"]


def test_a_review_that_nobody_waits_for_is_given_up(office: Office, pull: Pull) -> None:
    office.script((answer(summary="word " * 60), "Fine."), "large", 40.0)
    assert look(scene_of(office), lambda: False) is None
    assert pull.reviews == []


def test_analyzers_that_can_write_nothing_make_no_green_check(
    office: Office, pull: Pull, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(home / "gone"))
    office.tell(pull, "opened")
    office.work()
    (check,) = office.repository.checks
    assert check.conclusion == "neutral"
    assert "its scratch folder can't be written" in (check.summary or "")


def test_a_diff_that_can_t_be_read_is_trouble(office: Office, pull: Pull) -> None:
    scene = scene_of(office)
    looked = look(replace(scene, fetched=replace(scene.fetched, text="no diff")), lambda: True)
    assert looked is not None and "no diff" in looked.trouble and looked.partial
    assert pull.comments == []


def test_patches_that_are_none_are_missing() -> None:
    files = (
        FilePatch("a.json", "b.json", "renamed", f"@@ -1 +1 @@\n-x\n+{BROKEN}"),
        FilePatch("c", "c", "modified", None),
        FilePatch("d", "d", "changed", "@@ nonsense"),
        FilePatch("e", "e", "modified", ""),
    )
    diff, missing = read_patches(files)
    assert [(one.path, one.old_path, one.status) for one in diff.files] == [
        ("a.json", "b.json", "renamed")
    ]
    assert [one.path for one in missing] == ["c", "d", "e"]
