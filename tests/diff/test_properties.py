"""Whatever two trees hold, git's diff of them is read; any text at all is read or refused."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devchat.diff import parse
from devchat.errors import InputError
from tests.diff.test_forms import HG, MAIL, SVN
from tests.diff.test_history import raw
from tests.diff.test_refusals import WHOLE
from tests.diff.trees import Blob, Repository, Tree, applied, content, git, text

PIECES = [
    b"", b"a", b"b", b" c", b"\td", b"e\r", b"\r", b"f\x0c", b"\x0b", b"\x1c", b"\xe2\x80\xa8",
    b"\xc2\x85", b"\xff", b"\xc3", b"\xe4\xb8\xad", b"-", b"+", b"-- g", b"++ g", b"-- a/f",
    b"++ b/f", b"\\", b"\\ No newline at end of file", b"@@ -1 +1 @@", b"@@@", b"diff --cc f",
    b"diff --git a/f b/f", b"~", b"[-x-]", b"{+x+}", b"\x1b[1mdiff --git", b"From 1", b"\0",
    b"GIT binary patch",
]  # fmt: skip
CONTENT = st.builds(
    lambda lines, end: b"\n".join(lines) + end,
    st.lists(st.sampled_from(PIECES), max_size=12),
    st.sampled_from([b"\n", b"", b"\r\n", b"\n\n"]),
)
NAME = st.text('ab/ \t\n"\\é\u2028\udcff中.-+~', min_size=1, max_size=8).filter(
    lambda name: all(part.strip(".") for part in name.split("/"))
)
BLOB = st.none() | st.builds(Blob, CONTENT, st.sampled_from(["100644", "100755", "120000"]))
OPTIONS = st.lists(
    st.sampled_from([
        "-U0", "-U1", "-U10", "--no-prefix", "--patience", "--histogram", "--minimal", "-M", "-C",
        "--find-copies-harder", "-B", "-R", "--full-index", "--binary", "--text", "-W", "--stat=40",
        "--inter-hunk-context=9", "--src-prefix=x/ --dst-prefix=y/", "--no-indent-heuristic",
        "--patch-with-raw", "--no-renames", "--abbrev=4",
    ]),
    max_size=4,
)  # fmt: skip
CONFIG = st.lists(
    st.sampled_from(["diff.suppressBlankEmpty=true", "core.quotePath=false", "diff.noprefix=true"])
)


@st.composite
def two_trees(draw: st.DrawFn) -> tuple[Tree, Tree]:
    """Draw two trees in which files are added, deleted, changed and moved."""
    base: dict[str, Blob | bytes] = {}
    head: dict[str, Blob | bytes] = {}
    for number, name in enumerate(draw(st.lists(NAME, max_size=4))):
        before, after, moved = draw(BLOB), draw(BLOB), draw(st.booleans())
        if before:
            base[f"{number}/{name}"] = before
        if moved and before:
            head[f"{number} {name}"] = Blob(before.data + draw(CONTENT), before.mode)
        elif after:
            head[f"{number}/{name}"] = after
    return base, head


@given(two_trees(), OPTIONS, CONFIG)
@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
def test_any_two_trees(
    repository: Repository, trees: tuple[Tree, Tree], options: list[str], config: list[str]
) -> None:
    words = " ".join(["-p", *options]).split()
    files = parse(repository.diff(*trees, *words, config=config)).files
    same = [word for word in words if word.startswith(("-M", "-C", "-B", "-R", "--find", "--no-r"))]
    listed = git(repository.folder, "diff", *same, "--raw", "-z", "base", "head")
    assert [(file.status, file.old_path, file.path) for file in files] == [
        row[:3] for row in raw(text(listed))
    ]
    base, head = reversed(trees) if "-R" in words else trees
    for file in files:
        old = content(base, file.old_path) if file.status != "added" else b""
        new = content(head, file.path) if file.status != "deleted" else b""
        assert file.binary == (b"\0" in old + new and old != new and "--text" not in words)
        assert file.binary or applied(file, old) == new


LINES = st.sampled_from([text(piece) for piece in PIECES]) | st.text(st.characters())
PARTS = st.sampled_from([*WHOLE.split("\n"), *MAIL.split("\n"), *SVN.split("\n"), *HG.split("\n")])


@given(st.lists(LINES | PARTS | st.builds("{}{}".format, PARTS, LINES), max_size=40).map("\n".join))
def test_any_text_is_read_or_refused(written: str) -> None:
    look(written)


@pytest.mark.no_cover
@given(st.sampled_from([WHOLE, MAIL, SVN, HG]), st.data())
@settings(max_examples=500)
def test_any_damage_is_read_or_refused(written: str, data: st.DataObject) -> None:
    for _ in range(data.draw(st.integers(1, 4))):
        first, last = sorted(data.draw(st.tuples(*2 * [st.integers(0, len(written))])))
        put = data.draw(st.sampled_from(["", "\n", written[first:last] * 2]) | LINES | PARTS)
        written = written[:first] + put + written[last:]
    look(written)


def look(written: str) -> None:
    """Parse, and hold what is read to what the values promise."""
    try:
        files = parse(written).files
    except InputError as error:
        assert error.hint
        return
    for file in files:
        for path in (file.path, file.old_path):
            assert path
            assert not path.startswith("/")
            assert "\0" not in path
            assert ".." not in path.split("/")
        assert file.path == file.old_path or file.status in ("renamed", "copied")
        assert file.status != "added" or all(hunk.new_start == 1 for hunk in file.hunks)
        for hunk in file.hunks:
            old = [line.old for line in hunk.lines if line.old is not None]
            new = [line.new for line in hunk.lines if line.new is not None]
            assert old == list(range(hunk.old_start, hunk.old_start + hunk.old_count))
            assert new == list(range(hunk.new_start, hunk.new_start + hunk.new_count))
            assert old or new
