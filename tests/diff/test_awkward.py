"""Awkward changes as git itself prints them: names, modes and blobs agree, and hunks apply."""

from __future__ import annotations

from hashlib import sha1

import pytest

from devchat.changes import FileDiff
from devchat.diff import parse
from tests.diff.trees import Blob, Repository, Tree, applied, content

LINK, SCRIPT, MODULE = "120000", "100755", "160000"
ONE = b"".join(b"%d\n" % number for number in range(1, 41))
TWO = ONE.replace(b"\n20\n", b"\ntwenty\n")
FAR = TWO.replace(b"\n2\n", b"\ntwo\n").replace(b"\n39\n", b"")
SWAPPED = b"".join(b"%d\n" % number for number in range(40, 0, -1))
OTHERS = b"".join(b"x%d\n" % number for number in range(99))
PICTURE, OTHER = b"\x89PNG\r\n\0" + bytes(range(256)), b"\x89PNG\r\n\0" + bytes(900)
COMMIT, LATER = b"1" * 40, b"2" * 40
UTF16 = "wide\n".encode("utf-16")

# what it is, the files of base and head, what is said of them, git's options
CONTENTS: list[tuple[str, Tree, Tree, str, str]] = [
    ("no final newline at base", {"f": b"a\nb"}, {"f": b"a\nb\n"}, "modified f", ""),
    ("no final newline at head", {"f": b"a\nb\n"}, {"f": b"a\nb"}, "modified f", ""),
    ("no final newline at both", {"f": b"a\nb"}, {"f": b"a\nc"}, "modified f", ""),
    ("no final newline in context", {"f": b"a\nb\nc"}, {"f": b"x\nb\nc"}, "modified f", ""),
    ("one line, no newline", {"f": b"a"}, {"f": b"b"}, "modified f", ""),
    ("a newline becomes all there is", {"f": b"a"}, {"f": b"\n"}, "modified f", ""),
    ("a line that reads like the marker", {"f": b"a\n"},
     {"f": b"a\n\\ No newline at end of file\n\\\n"}, "modified f", ""),
    ("the marker taken away, no newline", {"f": b"\\ No newline at end of file"}, {"f": b"\n"},
     "modified f", ""),
    ("CRLF", {"f": b"a\r\nb\r\n"}, {"f": b"a\r\nc\r\n"}, "modified f", ""),
    ("CRLF becomes LF", {"f": b"a\r\nb\r\n"}, {"f": b"a\nb\n"}, "modified f", ""),
    ("CRLF under a heading", {"f": b"def f():\r\n" + ONE}, {"f": b"def f():\r\n" + TWO},
     "modified f", ""),
    ("CR alone", {"f": b"a\rb\rc\n"}, {"f": b"a\rB\rc\n\r\n\r"}, "modified f", ""),
    ("form feed, vertical tab, file separators", {"f": b"a\x0cb\n\x0b\n"},
     {"f": b"a\x0cc\n\x0b\n\x1c\x1d\x1e\n"}, "modified f", ""),
    ("line and paragraph separators, next line", {"f": "a\u2028b\nc\x85\n".encode()},
     {"f": "a\u2028b\u2029\nd\x85e\n".encode()}, "modified f", ""),
    ("bytes that are no UTF-8", {"f": b"\xff\xfe a\nb\xe4\n"}, {"f": b"\xff\xfe a\nb\xf6\n"},
     "modified f", ""),
    ("half of a character on each side", {"f": b"\xc3\n\xa4\n"}, {"f": b"\xa4\n\xc3\n"},
     "modified f", ""),
    ("lines that read like a diff", {"f": b"-- a\n++ b\n"},
     {"f": b"-- a\n++ c\n-- x\n@@ -1 +1 @@\ndiff --git a/f b/f\n"}, "modified f", ""),
    ("taken away, they read like headers", {"f": b"-- a/f\n-- b\n"}, {"f": b"++ b/f\n"},
     "modified f", ""),
    ("a diff within a diff", {"f.patch": b"--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n"},
     {"f.patch": b"--- a/x\n+++ b/x\n@@ -1,2 +1 @@\n-a\n-c\n+b\n"}, "modified f.patch", ""),
    ("a signature", {"f": b"- \n"}, {"f": b"- \n-- \n2.39\n"}, "modified f", ""),
    ("marks of a word diff", {"f": b"[-a-]\n"}, {"f": b"{+b+}\n~\n"}, "modified f", ""),
    ("colours", {"f": b"\x1b[1mdiff --git\n"}, {"f": b"\x1b[31m-a\x1b[m\n"}, "modified f", ""),
    ("marks of a merge", {"f": b"a\n"}, {"f": b"<<<<<<< x\na\n=======\n>>>>>>> y\n@@@ -1\n"},
     "modified f", ""),
    ("blank lines only", {"f": b"\n\n\n"}, {"f": b"\n\n\n\n \n\t\n"}, "modified f", ""),
    ("a long line", {"f": b"x" * 300_000 + b"\n"}, {"f": b"y" * 300_000}, "modified f", ""),
    ("added", {}, {"f": b"a\nb\n"}, "added f", ""),
    ("deleted", {"f": b"a\nb\n"}, {}, "deleted f", ""),
    ("empty added", {}, {"f": b""}, "added f", ""),
    ("empty deleted", {"f": b""}, {}, "deleted f", ""),
    ("emptied", {"f": b"a\n"}, {"f": b""}, "modified f", ""),
    ("filled", {"f": b""}, {"f": b"a"}, "modified f", ""),
    ("deleted, not shown", {"f": ONE}, {}, "deleted f", "-D"),
    ("three hunks", {"f": ONE}, {"f": FAR}, "modified f", ""),
    ("no context", {"f": ONE}, {"f": FAR}, "modified f", "-U0"),
    ("much context", {"f": ONE}, {"f": FAR}, "modified f", "-U1000"),
    ("hunks joined", {"f": ONE}, {"f": FAR}, "modified f", "-U1 --inter-hunk-context=50"),
    ("whole functions", {"f": b"def f():\n " + ONE.replace(b"\n", b"\n ")},
     {"f": b"def f():\n " + TWO.replace(b"\n", b"\n ")}, "modified f", "-W"),
    ("no context, at the ends", {"f": b"b\n"}, {"f": b"a\nb\nc"}, "modified f", "-U0"),
    ("no context, taken away", {"f": b"a\nb\nc\n"}, {"f": b"b\n"}, "modified f", "-U0"),
    ("rewritten", {"f": ONE}, {"f": SWAPPED * 2}, "modified f", "-B1%/1%"),
    ("patience", {"f": ONE}, {"f": SWAPPED}, "modified f", "--patience"),
    ("backwards", {"f": TWO, "g": b"a\n"}, {"f": ONE}, "modified f, deleted g", ""),
    ("renamed", {"f": ONE}, {"g": ONE}, "renamed f > g", ""),
    ("renamed into a folder, changed", {"f": ONE}, {"d/f": TWO}, "renamed f > d/f", ""),
    ("two swapped", {"f": ONE * 9, "g": OTHERS * 9}, {"g": ONE * 9, "f": OTHERS * 9},
     "renamed g > f, renamed f > g", "-B -M"),
    ("copied", {"f": ONE}, {"f": TWO, "g": ONE}, "modified f, copied f > g", "-C"),
    ("copied from what stays", {"f": ONE}, {"f": ONE, "g": TWO}, "copied f > g",
     "--find-copies-harder"),
    ("renamed, not looked for", {"f": ONE}, {"g": ONE}, "deleted f, added g", "--no-renames"),
    ("mode alone", {"f": b"a\n"}, {"f": Blob(b"a\n", SCRIPT)}, "modified f", ""),
    ("mode and lines", {"f": b"a\n"}, {"f": Blob(b"b\n", SCRIPT)}, "modified f", ""),
    ("renamed with a mode", {"f": ONE}, {"g": Blob(ONE, SCRIPT)}, "renamed f > g", ""),
    ("mode of an empty file", {"f": b""}, {"f": Blob(b"", SCRIPT)}, "modified f", ""),
    ("added script", {}, {"f": Blob(b"#!\n", SCRIPT)}, "added f", ""),
    ("link that leads elsewhere", {"f": Blob(b"a", LINK)}, {"f": Blob(b"b", LINK)},
     "modified f", ""),
    ("file becomes link", {"f": b"a\n"}, {"f": Blob(b"a", LINK)}, "deleted f, added f", ""),
    ("file becomes folder", {"f": b"a\n"}, {"f/g": b"b\n"}, "deleted f, added f/g", ""),
    ("binary", {"f": PICTURE}, {"f": OTHER}, "modified f", ""),
    ("binary added", {}, {"f": PICTURE}, "added f", ""),
    ("binary deleted", {"f": PICTURE}, {}, "deleted f", ""),
    ("binary renamed", {"f": PICTURE * 9}, {"g": PICTURE * 9 + b"x"}, "renamed f > g", ""),
    ("binary patch, delta", {"f": PICTURE * 9}, {"f": PICTURE * 9 + b"x", "g": b"a"},
     "modified f, added g", "--binary"),
    ("binary patch, literal", {"g": b"a"}, {"f": PICTURE, "g": b"b"}, "added f, modified g",
     "--binary"),
    ("binary as text", {"f": b"a\0b\nc\n"}, {"f": b"a\0b\nd\0"}, "modified f", "--text"),
    ("UTF-16", {"f": UTF16}, {"f": UTF16 * 2}, "modified f", ""),
    ("submodule", {"m": Blob(COMMIT, MODULE)}, {"m": Blob(LATER, MODULE)}, "modified m", ""),
    ("submodule added", {}, {"m": Blob(COMMIT, MODULE)}, "added m", ""),
    ("submodule, log", {"m": Blob(COMMIT, MODULE), "z": b"a"}, {"m": Blob(LATER, MODULE)},
     "modified m, deleted z", "--submodule=log"),
    ("submodule, its own diff", {"m": Blob(COMMIT, MODULE)}, {"z": b"a"},
     "deleted m, added z", "--submodule=diff"),
    ("submodule added, log", {}, {"d/m n": Blob(COMMIT, MODULE)}, "added d/m n",
     "--submodule=log"),
    ("statistics first", {"f": ONE}, {"f": TWO}, "modified f", "--stat --summary --raw -p"),
    ("whitespace errors", {"f": b"a\n"}, {"f": b"a \n\tb\n"}, "modified f",
     "--ws-error-highlight=all"),
    ("moved lines", {"f": ONE}, {"f": ONE[20:] + ONE[:20]}, "modified f", "--color-moved=no"),
    ("nothing", {"f": ONE}, {"f": ONE}, "", ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("base", "head", "expected", "options"),
    [case[1:] for case in CONTENTS],
    ids=[case[0] for case in CONTENTS],
)
def test_a_diff_says_what_git_says(
    repository: Repository, base: Tree, head: Tree, expected: str, options: str
) -> None:
    files = parse(repository.diff(base, head, *options.split())).files
    assert ", ".join(map(said, files)) == expected
    for file in files:
        check(file, base, head)
        shown = not file.binary and options != "-D" and not options.startswith("--submodule")
        assert not shown or applied(file, old(file, base)) == new(file, head)


def said(file: FileDiff) -> str:
    names = [file.old_path, file.path] if file.old_path != file.path else [file.path]
    return f"{file.status} {' > '.join(names)}"


def old(file: FileDiff, base: Tree) -> bytes:
    return b"" if file.status == "added" else content(base, file.old_path)


def new(file: FileDiff, head: Tree) -> bytes:
    return b"" if file.status == "deleted" else content(head, file.path)


def check(file: FileDiff, base: Tree, head: Tree) -> None:
    """Compare modes and blobs, where they are said, with the trees."""
    before, after = base.get(file.old_path), head.get(file.path)
    assert not file.old_mode or file.old_mode == mode(before)
    assert not file.new_mode or file.new_mode == mode(after)
    assert not file.old_blob or blob(file.status != "added", before).startswith(file.old_blob)
    assert not file.new_blob or blob(file.status != "deleted", after).startswith(file.new_blob)


def mode(entry: Blob | bytes | None) -> str:
    return entry.mode if isinstance(entry, Blob) else "100644"


def blob(there: bool, entry: Blob | bytes | None) -> str:
    """Return the id that git gives to a file's content, zeros where it is not there."""
    if not there or entry is None:
        return "0" * 40
    data = entry.data if isinstance(entry, Blob) else entry
    if mode(entry) == MODULE:
        return data.decode()
    return sha1(b"blob %d\0%s" % (len(data), data)).hexdigest()
