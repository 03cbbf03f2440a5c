"""What is written: within limits, harmless, and read back as it was."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.forge import PullRef
from bot.reviewing.faces import (
    LONGEST,
    conclude,
    ended,
    finished,
    fit,
    line_comment,
    read_marker,
    sticky_body,
    write_marker,
)
from bot.reviewing.placing import place_of
from bot.reviewing.records import (
    Fetched,
    Looked,
    fetched_record,
    looked_record,
    read_fetched,
    read_looked,
)
from bot.reviewing.values import Target
from devchat.changes import (
    AnalyzerReceipt,
    FileReceipt,
    Finding,
    HunkReceipt,
    Receipt,
    Review,
    Severity,
)
from devchat.diff import parse
from devchat.types import Usage

TARGET = Target(PullRef("octo/app", 7), "a" * 40, 11, 2)
FINDING = Finding(
    "a.py", "RIGHT", 2, 2, "error", "bug", "It fails", "Always.", "x", fingerprint="f0"
)
HOSTILE = "<!-- devchat:sticky --> @mona #1 ![](http://x.example/p.png) <img src=x> \u202e\x1b[31m"


def review(*states: str, findings: tuple[Finding, ...] = (), **fields: object) -> Review:
    """A review of hunks that ended so."""
    hunks = tuple(HunkReceipt("@@ -1 +1 @@", state, "why") for state in states)  # type: ignore[arg-type]
    receipt = Receipt((FileReceipt("a.py", hunks),), base="b", head="h")
    return replace(Review("", findings, receipt), **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("looked", "conclusion"),
    [
        (Looked(review("reviewed")), "success"),
        (Looked(review("reviewed", "skipped")), "success"),
        (Looked(review("skipped")), "neutral"),
        (Looked(review()), "neutral"),
        (Looked(review("failed"), partial=True), "neutral"),
        (Looked(review("reviewed", "failed"), partial=True), "neutral"),
        (Looked(review("reviewed", findings=(replace(FINDING, severity="note"),))), "success"),
        (Looked(review("reviewed", findings=(replace(FINDING, severity="warning"),))), "neutral"),
        (Looked(review("reviewed", findings=(FINDING,))), "failure"),
        (Looked(review("reviewed", overflow=(FINDING,))), "failure"),
        (Looked(review("failed", findings=(FINDING,)), partial=True), "failure"),
        (Looked(Review("", (), Receipt(())), trouble="no", partial=True), "neutral"),
    ],
)
def test_success_only_where_all_was_reviewed_and_nothing_bad_found(
    looked: Looked, conclusion: str
) -> None:
    assert conclude(looked) == conclusion


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(["error", "warning", "note"]), st.text(), st.integers(0, 60))
def test_no_body_is_longer_than_github_takes(severity: Severity, text: str, many: int) -> None:
    one = replace(FINDING, severity=severity, title=text, body=text * 200, suggestion=text * 99)
    whole = review("failed", findings=(one,) * many, overflow=(one,) * many, summary=text * 200)
    looked = Looked(whole, ("",) * many, text, True)
    assert len(finished(looked).summary) <= 65_535 and len(finished(looked).title) <= 255
    assert len(line_comment(one, "a.py").body) <= 65_536
    assert len(sticky_body(TARGET, replace(looked, trouble=""), whole.findings)) <= 65_536


def test_a_cut_inside_a_fence_closes_it() -> None:
    assert fit("```\n" + "x\n" * 50, 80).endswith("x\n```\n\n(cut: it is longer than GitHub takes)")
    assert fit("x" * 100, 80).endswith("(cut: it is longer than GitHub takes)")
    assert fit("x" * LONGEST) == "x" * LONGEST


def test_foreign_text_does_nothing() -> None:
    bad = replace(FINDING, title=HOSTILE, body=HOSTILE, category=HOSTILE, path=f"{HOSTILE}.py")
    looked = Looked(review("failed", findings=(bad,), summary=HOSTILE), ("",), HOSTILE, True)
    sticky = sticky_body(TARGET, replace(looked, trouble=""), [bad])
    comment = line_comment(bad, "a.py").body
    for text in (sticky.partition("\n")[2], comment.partition("\n")[2], finished(looked).summary):
        bare = re.sub(r"\\.", "", text)
        prose = "".join(part for place, part in enumerate(bare.split("`")) if place % 2 == 0)
        assert "<img" not in prose and " @mona" not in prose and "![" not in prose
        assert "\x1b" not in text and "\u202e" not in text
    assert "\x1b" not in str(finished(looked).annotations)
    assert "<" not in ended("failed", HOSTILE).summary.replace("\\<", "").replace("<U+", "")


def test_a_marker_is_read_back_only_at_the_beginning() -> None:
    text = write_marker(TARGET, [FINDING, replace(FINDING, fingerprint="ab")])
    marker = read_marker(f"{text}\nfound")
    assert marker is not None
    assert (marker.head, marker.attempt, marker.found) == ("a" * 40, 2, ("f0", "ab"))
    assert read_marker(f"> {text}") is None
    assert read_marker(write_marker(TARGET, [])) is not None


@pytest.mark.parametrize(
    ("finding", "path"),
    [
        (FINDING, "a.py"),
        (replace(FINDING, start_line=1, line=3), "a.py"),
        (replace(FINDING, start_line=3, line=11), ""),
        (replace(FINDING, line=5), ""),
        (replace(FINDING, start_line=None, line=None), ""),
        (replace(FINDING, path="other.py"), ""),
        (replace(FINDING, path="old.py", side="LEFT"), "a.py"),
        (replace(FINDING, path="old.py"), ""),
    ],
)
def test_a_comment_stands_in_one_hunk_at_the_name_of_the_head(finding: Finding, path: str) -> None:
    diff = parse(
        "diff --git a/old.py b/a.py\nrename from old.py\nrename to a.py\n--- a/old.py\n+++ b/a.py\n"
        "@@ -1,3 +1,3 @@\n a\n-b\n+x\n c\n@@ -10,2 +10,2 @@\n d\n-e\n+f\n"
    )
    assert place_of(diff, finding) == path


def test_records_are_read_back_as_they_were() -> None:
    receipt = Receipt(
        (FileReceipt("a.py", (HunkReceipt("@@", "failed", "why"),), "r"),),
        (AnalyzerReceipt("ruff", "ran", "1", ""),),
        "m", "here", "tiny", Usage(1, 2, 3), "b", "h", {"refuted": 2}, ("n",), 1.5,
    )  # fmt: skip
    looked = Looked(Review("s", (FINDING,), receipt, (FINDING,)), ("a.py",), "t", True)
    assert read_looked(looked_record(looked)) == looked
    fetched = Fetched("b", "h", "\udcff\0", (), "p", ("n",), "a")
    assert read_fetched(fetched_record(fetched)) == fetched
