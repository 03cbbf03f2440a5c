"""Both sides of a change from one of them, and what can't be judged."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devchat.analyzers import ANALYZERS, open_analyzers
from devchat.analyzers.pairs import LARGEST, pairs, remember, unjudged
from devchat.changes import Diff, Side
from devchat.diff import parse
from tests.analyzers.looking import analyzer
from tests.review.changes import Patch, Trees, one_file

TEXTS = st.lists(st.sampled_from(["a", "b", "", "c\r", "é"]), max_size=12).map(
    lambda lines: "".join(f"{line}\n" for line in lines)
)


class Only(Trees):
    """A change of which one side can be read."""

    side: Side = "LEFT"

    def read(self, side: Side, path: str) -> bytes | None:
        return super().read(side, path) if side == self.side else None


@given(TEXTS, TEXTS, st.sampled_from(("LEFT", "RIGHT")), st.integers(0, 3))
def test_either_side_gives_the_other(base: str, head: str, side: Side, context: int) -> None:
    change = Only({"a": base}, {"a": head})
    change.side = side
    diff = change.diff(context)
    got = pairs(diff, change)
    assert unjudged(diff, change) == ()
    if base != head:
        [pair] = got
        assert (pair.base, pair.head) == (base, head)
        lines = head.split("\n")
        written = [line.text for hunk in pair.file.hunks for line in hunk.lines if line.kind == "+"]
        assert sorted(lines[number - 1] for number in pair.written) == sorted(written)


ROWS = ("中" * 500_000) + "\n"
UNJUDGED = [
    (Patch({"a": "1\n"}, {"a": "2\n"}), "its content is out of reach"),
    (one_file("1\n", "2\n" + "x" * LARGEST, "a"), "it is larger than 1 MB"),
    (one_file("1\n", "\udcff\n", "a"), "it is not UTF-8"),
    (one_file("1\n", "2\0\n", "a"), "it has a NUL in it, as no text has"),
    # Characters of three bytes: fewer than the limit, but not of bytes.
    *[
        (
            one_file(ROWS + "x" * pad + "1\n", ROWS + "x" * pad + "2\n", "a"),
            "it is larger than 1 MB",
        )
        for pad in range(3)
    ],
]


@pytest.mark.parametrize(("change", "reason"), UNJUDGED)
def test_what_is_out_of_reach_is_named(change: Trees, reason: str) -> None:
    assert unjudged(change.diff(), change) == (("a", reason),)
    assert pairs(change.diff(), change) == ()


def test_content_that_is_not_what_the_diff_says_is_not_judged() -> None:
    change = one_file("1\n2\n3\n", "1\n2\n4\n", "a")
    other = one_file("1\n2\n3\n", "something\nelse\n", "a")
    assert unjudged(change.diff(), other) == (("a", "its content is not what the diff says"),)


def test_a_series_that_changes_a_file_twice_is_not_judged() -> None:
    change = one_file("1\n", "2\n", "a")
    twice = Diff(change.diff().files * 2)
    assert {reason for _, reason in unjudged(twice, change)} == {"it is changed more than once"}


NEW = "new file mode {}\n--- /dev/null\n+++ b/a\n@@ -0,0 +1 @@\n+{}\n"
NO_TEXT = [
    "diff --git a/a b/a\n" + NEW.format("120000", "/etc/passwd"),
    "diff --git a/a b/a\n" + NEW.format("160000", "Subproject"),
    "diff --git a/a b/b\nsimilarity index 100%\nrename from a\nrename to b\n",
    "diff --git a/a b/a\ndeleted file mode 100644\n--- a/a\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n",
    "diff --git a/a b/a\nBinary files a/a and b/a differ\n",
]


@pytest.mark.parametrize("text", NO_TEXT)
def test_links_binaries_and_what_is_gone_are_passed_over(text: str) -> None:
    change = Trees({"a": "x\n"}, {"a": "secret\n"})
    diff = parse(text)
    assert (pairs(diff, change), unjudged(diff, change)) == ((), ())
    assert [one for name in ANALYZERS for one in analyzer(name).analyse(diff, change)] == []


def test_a_source_is_asked_once() -> None:
    asked = []

    class Asked(Trees):
        def read(self, side: Side, path: str) -> bytes | None:
            asked.append((side, path))
            return super().read(side, path)

    change = Asked({"a": "1\n"}, {"a": "2 word\n"})
    source = remember(change)
    assert [source.read("RIGHT", "a") for _ in range(3)] == [b"2 word\n"] * 3
    assert [source.read("LEFT", "b") for _ in range(2)] == [None, None]
    assert asked == [("RIGHT", "a"), ("LEFT", "b")]
    assert (source.base, source.head, source.complete) == ("base", "head", True)
    assert [hit.line for hit in source.search("word")] == [1]


def test_the_registry_opens_each_under_its_name() -> None:
    assert [one.name for one in open_analyzers()] == list(ANALYZERS)
    assert all(one.absent == "" for one in open_analyzers())


def test_without_files_an_analyzer_sees_new_files_only() -> None:
    change = Patch({"a.py": "a = 1\n"}, {"a.py": "a = (\n", "b.py": "b = (\n"})
    found = list(analyzer("python-syntax").analyse(change.diff(), change))
    assert [(one.path, one.line) for one in found] == [("b.py", 1)]
