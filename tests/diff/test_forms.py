"""What surrounds a diff (mails, logs) is passed over, and the forms of other tools are read."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from devchat.changes import FileDiff, Line
from devchat.diff import counts, parse
from tests.diff.trees import Repository, applied, git, text

HUNK = "@@ -1,2 +1,2 @@\n-a\n+b\n c\n"
THEN = "Thu Jan  1 00:00:00 1970"
NOW = "2026-11-21 10:00:00.000000000 +0000"
MAIL = f"""From {"1" * 40} Mon Sep 17 00:00:00 2001
From: A <a@example.com>
Date: Sat, 21 Nov 2026 10:00:00 +0000
Subject: [PATCH 1/2] Say what is new

@@ -1 +1 @@ is what a hunk begins with, @@@ one of a merge,
diff --cc one of those, and
* Unmerged path is said of no file here.
Binary files too differ
Submodule m 1111..2222:
---
 f | 2 +-
 1 file changed, 1 insertion(+), 1 deletion(-)

diff --git a/f b/f
index 1111111..2222222 100644
--- a/f
+++ b/f
{HUNK}-- \n2.39.5

"""
SVN = f"""Index: d/f
===================================================================
--- d/f\t(revision 3)
+++ d/f\t(working copy)
{HUNK}Index: new
===================================================================
--- new\t(nonexistent)
+++ new\t(working copy)
@@ -0,0 +1 @@
+a
\\ No newline at end of file

Property changes on: new
___________________________________________________________________
Added: svn:eol-style
## -0,0 +1 ##
+native
\\ No newline at end of property
"""
HG = f"""diff -r 0123456789ab f
--- a/f\t{THEN} +0000
+++ b/f\tSat Nov 21 10:00:00 2026 +0000
{HUNK}diff -r 0123456789ab gone
--- a/gone\tSat Nov 21 10:00:00 2026 +0000
+++ /dev/null\t{THEN} +0000
@@ -1 +0,0 @@
-a
"""
HG_GIT = """diff --git a/f b/g
rename from f
rename to g
diff --git a/p.png b/p.png
Binary file p.png has changed
"""
GERMAN = "--- f\n+++ f\n@@ -1 +1 @@\n-a\n\\ Kein Zeilenumbruch am Dateiende.\n+b\n"
NO_INDEX = f"diff --git a/old b/new\nindex 1111111..2222222 100644\n--- a/old\n+++ b/new\n{HUNK}"

FORMS = [
    ("an empty text", "", ""),
    ("blank lines", "\n\n", ""),
    ("files whose time alone changed", "diff --git a/f b/f\ndiff --git a/g b/g\n", ""),
    ("a mail", MAIL, "modified f +1 -1"),
    ("a series", MAIL + MAIL.replace("/f", "/g"), "modified f +1 -1, modified g +1 -1"),
    ("a mail with an old header", MAIL.partition("\n")[2], "modified f +1 -1"),
    ("a mail in parts", "Content-Type: multipart/mixed\n\n--x\nContent-Transfer-Encoding: 8bit\n\n"
     + NO_INDEX + "\n--x--\n", "renamed old > new +1 -1"),
    ("svn", SVN, "modified d/f +1 -1, added new +1 -0"),
    ("hg", HG, "modified f +1 -1, deleted gone +0 -1"),
    ("hg with git's headers", HG_GIT, "renamed f > g +0 -0, modified p.png binary +0 -0"),
    ("plain, with prefixes", f"--- a/d/f\n+++ b/d/f\n{HUNK}", "modified d/f +1 -1"),
    ("plain, two folders", f"--- old/d/f\t{NOW}\n+++ new-1.2/d/f\t{NOW}\n{HUNK}",
     "modified d/f +1 -1"),
    ("plain, a backup", f"--- d/f.orig\t{NOW}\n+++ d/f\t{NOW}\n{HUNK}", "modified d/f +1 -1"),
    ("plain, two files", f"--- f\t{NOW}\n+++ g\t{NOW}\n{HUNK}", "renamed f > g +1 -1"),
    ("plain, from outside", f"--- /tmp/f\n+++ ./../g\n{HUNK}", "renamed tmp/f > g +1 -1"),
    ("plain, quoted", f'--- "a/\\303\\244 "\t{NOW}\n+++ "b/\\303\\244 "\t{NOW}\n{HUNK}',
     "modified ä  +1 -1"),
    ("plain, added", f"--- f\t{THEN}\n+++ f\t{NOW}\n@@ -0,0 +1 @@\n+a\n", "added f +1 -0"),
    ("plain, added, west of Greenwich", "--- f\t1969-12-31 19:00:00.000000000 -0500\n"
     f"+++ f\t{NOW}\n@@ -0,0 +1 @@\n+a\n", "added f +1 -0"),
    ("plain, filled", f"--- f\t{NOW}\n+++ f\t{NOW}\n@@ -0,0 +1 @@\n+a\n", "modified f +1 -0"),
    ("plain, deleted", f"--- f\t{NOW}\n+++ f\t{THEN}\n@@ -1 +0,0 @@\n-a\n", "deleted f +0 -1"),
    ("plain, from nothing", "--- /dev/null\n+++ b/d/f\n@@ -0,0 +1 @@\n+a\n", "added d/f +1 -0"),
    ("plain, to nothing", "--- d/f\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n", "deleted d/f +0 -1"),
    ("binary, from `diff -r`", "Only in old: x\nBinary files old/a b and new/a b differ\n",
     "modified a b binary +0 -0"),
    ("a binary file, added", "Binary files /dev/null and b/x differ\n", "added x binary +0 -0"),
    ("two binary files", "Binary files x and y differ\n", "renamed x > y binary +0 -0"),
    ("another language", GERMAN, "modified f +1 -1"),
    ("two files that git compared", NO_INDEX, "renamed old > new +1 -1"),
    ("two binary files that git compared", 'diff --git a/x y "b/\\303\\244"\nindex 11111..22222\n'
     'Binary files a/x y and "b/\\303\\244" differ\n', "renamed x y > ä binary +0 -0"),
    ("added, mode not said", "diff --git a/f b/f\n--- /dev/null\n+++ b/f\n@@ -0,0 +1 @@\n+a\n",
     "added f +1 -0"),
    ("deleted, mode not said", "diff --git a/f b/f\n--- a/f\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n",
     "deleted f +0 -1"),
    ("blank context lines that lost their space", "--- f\n+++ f\n@@ -1,3 +1,3 @@\n-a\n+b\n\n\n",
     "modified f +1 -1"),
    ("CRLF on every line", NO_INDEX.replace("\n", "\r\n"), "renamed old > new +1 -1"),
    ("CRLF on every line, plain", GERMAN.replace("\n", "\r\n"), "modified f +1 -1"),
    ("a byte order mark", "\ufeff" + NO_INDEX, "renamed old > new +1 -1"),
    ("no final newline", NO_INDEX[:-1], "renamed old > new +1 -1"),
    ("prose around it", f"See here:\n--- well\n{NO_INDEX}\nThat is all.\n",
     "renamed old > new +1 -1"),
    ("submodules", "Submodule m 1111111...0000000 (submodule deleted)\n"
     "Submodule n contains untracked content\nSubmodule n 1111111..2222222:\n  > Message\n",
     "deleted m +0 -0, modified n +0 -0"),
    ("a hunk of context alone", "--- f\n+++ f\n@@ -1 +1 @@\n a\n", "modified f +0 -0"),
    ("names alone", "diff --git a/f b/f\n@@ -1 +1 @@\n-a\n+b\n", "modified f +1 -1"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("written", "expected"), [form[1:] for form in FORMS], ids=[form[0] for form in FORMS]
)
def test_a_diff_is_found_and_read(written: str, expected: str) -> None:
    assert ", ".join(map(said, parse(written).files)) == expected


def said(file: FileDiff) -> str:
    names = [file.old_path, file.path] if file.old_path != file.path else [file.path]
    added, removed = counts(file)
    binary = " binary" * file.binary
    return f"{file.status} {' > '.join(names)}{binary} +{added} -{removed}"


def test_hunks_keep_their_header_and_number_their_lines() -> None:
    (file,) = parse("--- f\n+++ f\n@@ -3,2 +3,3 @@ x\n a\n-b\n+c\n+d\n@@ -9 +10,0 @@\n-e\n").files
    assert [hunk.header for hunk in file.hunks] == ["@@ -3,2 +3,3 @@ x", "@@ -9 +10,0 @@"]
    assert [hunk.lines for hunk in file.hunks] == [
        (
            Line(" ", "a", 3, 3),
            Line("-", "b", 4, None),
            Line("+", "c", None, 4),
            Line("+", "d", None, 5),
        ),
        (Line("-", "e", 9, None),),
    ]


def test_mails_logs_and_bundles_of_commits_are_read(repository: Repository) -> None:
    base, head = {"f": b"a\n-- \nb"}, {"f": b"a\n-- \nc", "g": b""}
    printed = repository.diff(base, head)
    for command in (
        "format-patch --stdout base..head",
        "format-patch --stdout --attach base..head",
        "format-patch --stdout --inline --cover-letter --base=base base..head",
        "log -p --stat base..head",
        "log -p --pretty=email base..head",
        "log -p --oneline base..head",
        "show --pretty=fuller --notes head",
        "diff-tree -p head",
        "diff-tree --root --pretty --patch-with-raw head",
        "whatchanged -p base..head",
    ):
        assert parse(text(git(repository.folder, *command.split()))) == parse(printed), command


def test_two_folders_are_compared_as_diff_does(tmp_path: Path) -> None:
    trees = {"old": {"d/f": b"a\nb", "gone": b"x\n", "bin": b"\0"}}
    trees["new"] = {"d/f": b"a\nc\x0c\r\n", "come": b"", "some": b"y", "bin": b"\0\1"}
    for side, files in trees.items():
        for name, data in files.items():
            (tmp_path / side / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / side / name).write_bytes(data)
    command = ["env", "LC_ALL=C", "diff", "-ruN", "old", "new"]
    done = subprocess.run(command, cwd=tmp_path, stdout=subprocess.PIPE, check=False)
    found = {file.path: file for file in parse(text(done.stdout)).files}
    assert sorted(map(said, found.values())) == [
        "added some +1 -0",
        "deleted gone +0 -1",
        "modified bin binary +0 -0",
        "modified d/f +1 -1",
    ]
    for name in ("d/f", "gone", "some"):
        assert applied(found[name], trees["old"].get(name, b"")) == trees["new"].get(name, b"")
