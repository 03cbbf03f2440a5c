"""What can't be read exactly is refused, with the line where it can be told, and a hint."""

from __future__ import annotations

import contextlib
import re
import subprocess
from pathlib import Path

import pytest

from devchat.diff import parse
from devchat.errors import InputError
from tests.diff.trees import Repository, applied, git, text

HEAD = "diff --git a/f b/f\nindex 1111111..2222222 100644\n--- a/f\n+++ b/f\n"
WHOLE = f"{HEAD}@@ -1,3 +1,3 @@\n a\n-b\n+c\n d\n"
CR = "\r"
MAIL = f"From {'1' * 40} Mon Sep 17 00:00:00 2001\nSubject: x\n"

# what it is, the text, what is said of it, a word of the hint
REFUSED = [
    ("prose", "Hello.\n", "there is no diff in what", "git diff"),
    ("bytes", "\0\udcff\x1b[2J", "there is no diff in what", "git diff"),
    ("statistics", " f | 2 +-\n 1 file changed\n", "there is no diff in what", "git diff"),
    ("a log without -p", "commit 1\n\n    diff --git a/f b/f\n", "there is no diff", "show"),
    ("a context diff", "*** f\n--- f\n***************\n*** 1 ****\n! a\n", "a context diff", "-u"),
    ("UTF-16", text(WHOLE.encode("utf-16")), "the diff is UTF-16", "--output"),
    ("a hunk alone", "@@ -1 +1 @@\n-a\n+b\n", "line 1 of the diff is in a hunk that belongs to no",
     "again"),
    ("a hunk with a broken header", WHOLE + "@@ -9 @@\n-a\n", "line 10 of the diff", "again"),
    ("cut off in a hunk", WHOLE[:-3], "the diff breaks off after line 8, inside a hunk", "again"),
    ("cut off after its header", HEAD, "after line 4 of the diff a hunk should", "again"),
    ("cut off after the names", "--- a/f\n+++ b/f\n", "after line 2 of the diff", "again"),
    ("cut off between the names", HEAD.replace("+++ b/f\n", ""), "after line 3 of", "again"),
    ("a hunk one line too short", WHOLE.replace("1,3 @@", "1,4 @@"), "breaks off after line 9",
     "again"),
    ("a hunk one line too long", WHOLE + "+e\n", "line 10 of the diff is in a hunk that is not as",
     "again"),
    ("another file in its hunk", WHOLE[:-3] + WHOLE, "line 9 of the diff is in a hunk", "again"),
    ("a hunk that ends on one side only", f"{HEAD}@@ -1 +1,2 @@\n-a\n-b\n+c\n+d\n",
     "line 9 of the diff is in a hunk", "again"),
    ("nothing to end without a newline", f"{HEAD}@@ -1 +1 @@\n\\ No newline\n-a\n+b\n",
     "line 6 of the diff", "again"),
    ("twice no newline", f"{HEAD}@@ -1 +1 @@\n-a\n\\ No newline\n\\ No newline\n+b\n",
     "line 8 of the diff", "again"),
    ("hunks that overlap", WHOLE + WHOLE[len(HEAD):], "line 10 of the diff is in the header", ""),
    ("hunks out of order", f"{HEAD}@@ -9 +9 @@\n-a\n+b\n@@ -3 +12 @@\n-a\n+b\n",
     "line 8 of the diff is in the header of a hunk that does not come after", "again"),
    ("a mail that lost its header", f"{MAIL}---\n@@ -1 +1 @@\n-a\n+b\n", "belongs to no", "again"),
    ("a new file that was something",
     "diff --git a/f b/f\nnew file mode 100644\n@@ -1 +1 @@\n-a\n+b\n",
     "line 3 of the diff is in a hunk that can't be of a file that is added", "again"),
    ("a new file from its middle", "--- /dev/null\n+++ b/f\n@@ -0,0 +5 @@\n+a\n", "is added", ""),
    ("a deleted file that is left", "--- a/f\n+++ /dev/null\n@@ -1,2 +1 @@\n-a\n b\n",
     "line 3 of the diff is in a hunk that can't be of a file that is deleted", "again"),
    ("line 0", f"{HEAD}@@ -0,1 +1 @@\n-a\n+b\n", "line 5 of the diff is in a hunk's header", ""),
    ("a hunk of no lines", f"{HEAD}@@ -0,0 +0,0 @@\n", "line 5 of the diff", "again"),
    ("a number without end", f"{HEAD}@@ -{'9' * 5_000} +1 @@\n-a\n+b\n", "after line 4", "again"),
    ("a word diff", f"{HEAD}@@ -1,2 +1,2 @@\na [-b-]{{+c+}}\nd\n", "a word diff", "--word-diff"),
    ("an indented word diff", f"{HEAD}@@ -1 +1 @@\n  a [-b-]\n", "a word diff", "--word-diff"),
    ("a word diff for programs", f"{HEAD}@@ -1 +1 @@\n a\n-b\n+c\n~\n", "word diff", "--word"),
    ("a merge", "diff --cc f\nindex 1,2..3\n", "a combined diff", "MERGE^1"),
    ("a hunk of a merge", "--- a/f\n+++ b/f\n@@@ -1 -1 +1 @@@\n", "a combined diff", "MERGE^1"),
    ("an unmerged file", "* Unmerged path f\n", "files that are not resolved", "git add"),
    ("colours", f"\x1b[1m{HEAD}", "the diff is in colours", "--no-color"),
    ("colours in a log", "\x1b[33mcommit 1\x1b[m\n", "the diff is in colours", "--no-color"),
    ("a mail in base64", f"{MAIL}Content-Transfer-Encoding: base64\n\nZGlmZg==\n",
     "encoded as base64", "git am"),
    ("a mail, quoted", f"{MAIL}Content-transfer-encoding: Quoted-Printable\n\n{WHOLE}",
     "encoded as quoted-printable", "git am"),
    ("upwards", HEAD.replace("/f", "/../f") + "@@ -1 +1 @@\n-a\n+b\n", "`../f` can't be", "folder"),
    ("upwards from within", "diff --git a/d/../../f b/d/../../f\nold mode 100644\n",
     "`d/../../f` can't be", "folder"),
    ("upwards by a rename", "diff --git a/f b/f\nrename from f\nrename to ../f\n", "`../f`", ".."),
    ("upwards in quotes", 'diff --git "a/\\056./f" "b/\\056./f"\nold mode 100644\n', "`../f`", ""),
    ("absolute", "diff --git a//etc/passwd b//etc/passwd\nold mode 100644\n", "`/etc/passwd`", ""),
    ("NUL", "--- a/f\0\n+++ b/f\0\n@@ -1 +1 @@\n-a\n+b\n", "can't be the name", ""),
    ("NUL in quotes", '--- "a/f\\000"\n+++ "b/f\\000"\n@@ -1 +1 @@\n-a\n+b\n', "can't be", ""),
    ("no name", "diff --git a/ b/\nold mode 100644\n", "can't be the name", ""),
    ("binary upwards", "Binary files a/../../f and b/../../f differ\n", "`../../f`", ""),
    ("submodule upwards", "Submodule ../m 1111111..2222222:\n", "`../m`", ""),
    ("names that can't be parted", "diff --git x y z\nold mode 100644\n", "can't be told apart",
     "--default-prefix"),
    ("names without end", f"diff --git {'a ' * 9_999}\nold mode 100644\n", "told apart", ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("written", "message", "hint"), [one[1:] for one in REFUSED], ids=[one[0] for one in REFUSED]
)
def test_a_text_is_refused(written: str, message: str, hint: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)) as caught:
        parse(written)
    assert hint in caught.value.hint
    assert caught.value.hint
    assert caught.value.message.isprintable()


def test_a_diff_is_whole_or_it_is_refused() -> None:
    lines = WHOLE.split("\n")
    for count in range(5, 9):
        with pytest.raises(InputError, match=f"after line {count}, inside a hunk"):
            parse("\n".join(lines[:count]))
    assert len(parse("\n".join(lines[:9])).files) == 1


@pytest.mark.no_cover
def test_too_long_a_diff_is_refused_and_less_is_read() -> None:
    lines = 999_990
    most = f"{HEAD}@@ -0,0 +1,{lines} @@\n" + "+\n" * lines
    assert len(parse(most).files[0].hunks[0].lines) == lines
    long = f"{HEAD}@@ -1 +1 @@\n-{'a' * 13_000_000}\n+{'b' * 13_000_000}\n"
    assert [len(line.text) for line in parse(long).files[0].hunks[0].lines] == [13_000_000] * 2
    for more in (most + "\n" * 99, long + "x" * 999_999):
        with pytest.raises(InputError, match="longer than 25 MB or 1,000,000 lines"):
            parse(more)


N = 100_000
HOSTILE = {
    "mails without bodies": f"From {'1' * 40} x\n" * (N // 50),
    "carriage returns": "".join(f"diff --git a/f b/f{CR * n}\n" for n in range(1, 400))
    + "\r\n" * N,
    "a submodule": "Submodule" + " aaaa..bbbb (" * N + "\n",
    "binary": "Binary files " + " and " * N + "\n",
    "spaces": ("diff --git " + "a " * 4_900 + "\nold mode 100644\n") * 50,
    "a quote": '--- "' + "\\a" * N + "\n+++ b\n@@ -1 +1 @@\n-a\n+b\n",
    "escapes": 'diff --git "a/' + "\\303" * N + '" "b/x"\nold mode 100644\n',
    "folders": f"--- {'a/' * N}x\n+++ {'b/' * N}x\n@@ -1 +1 @@\n-a\n+b\n",
    "tabs": "--- a" + "\t" * N + "\n+++ a\n@@ -0,0 +1 @@\n+b\n",
    "hunks of context": HEAD + "".join(f"@@ -{n} +{n} @@\n a\n" for n in range(1, N // 4)),
    "marks of words": f"{HEAD}@@ -1 +1 @@\n {'[-{+' * N}\n",
    "markers": f"{HEAD}@@ -1,9 +1,9 @@\n a\n" + "\\ x\n" * N,
    "dashes": "--- a\n+++ b\n" * N,
}


@pytest.mark.parametrize("written", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_text_costs_no_more_than_its_length(written: str) -> None:
    # Were it quadratic, this would take hours.
    with contextlib.suppress(InputError):
        assert len(parse(written).files) < N


@pytest.mark.parametrize("option", ["--word-diff", "--word-diff=porcelain", "--color=always"])
def test_what_git_prints_for_eyes_is_refused(repository: Repository, option: str) -> None:
    base = {"f": b"one word\n  and more words\n" * 3}
    head = {"f": b"one word\n  and more lines\n" * 3}
    with pytest.raises(InputError, match="word diff|colours"):
        parse(repository.diff(base, head, option))


def test_a_merge_is_refused_before_and_after_it_is_resolved(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    repository.write({"f": b"a\n"}, {"f": b"b\n"})
    person = ("-c", "user.name=A", "-c", "user.email=a@example.com")
    git(tmp_path, "checkout", "-q", "-b", "other", "base")
    (tmp_path / "f").write_bytes(b"c\n")
    git(tmp_path, *person, "commit", "-qam", "c")
    with pytest.raises(subprocess.CalledProcessError):
        git(tmp_path, *person, "merge", "-q", "head")
    with pytest.raises(InputError, match="combined"):
        parse(text(git(tmp_path, "diff")))
    with pytest.raises(InputError, match="not resolved"):
        parse(text(git(tmp_path, "diff", "--cached")))
    (tmp_path / "f").write_bytes(b"d\n")
    git(tmp_path, *person, "commit", "-qam", "m")
    with pytest.raises(InputError, match="combined"):
        parse(text(git(tmp_path, "show")))
    (file,) = parse(text(git(tmp_path, "show", "-m", "--first-parent"))).files
    assert applied(file, b"c\n") == b"d\n"
