"""Every name that a file can have is read as git has it, under every kind of prefix and quoting."""

from __future__ import annotations

import pytest

from devchat.diff import parse
from tests.diff.test_history import raw
from tests.diff.trees import Blob, Repository, Tree, git, text

NAMES = [
    "f", "f.orig", "c d", " c", "c ", "a b/a b", "x b/x", " b/x b/x", "b/b", "a/b/a", "w/i/w",
    "1/2", "tab\t", "\n", "line\nbreak", "CR\r", 'quote"', '"', "\\", "back\\slash", "\\303\\244",
    "ä", "中文 名", "🎉", "\udcff", "\udcc3\udcc3", "\x01", "\x7f", "\x1b[31m", "\u2028",
    "--- f", "+++ f", "dev/null", "-", "~", "a => b", "{a => b}", "x and y", "differ", "$(x)", "*",
    "\xa0", "e\u0301",
]  # fmt: skip
LINES = b"".join(b"%d\n" % number for number in range(9))


def everything(names: list[str]) -> tuple[Tree, Tree]:
    """Return a base and a head in which each name is changed in every way that there is."""
    base: dict[str, Blob | bytes] = {}
    head: dict[str, Blob | bytes] = {}
    for number, name in enumerate(names):
        whole = b"%d\n" % number + LINES
        base |= {f"m/{name}": b"1\n", f"b/{name}": b"1\0", f"d/{name}": b"1\n", f"x/{name}": b"1\n"}
        head |= {f"m/{name}": b"2\n", f"b/{name}": b"2\0", f"a/{name}": b"2\n", f"e/{name}": b""}
        base |= {f"r/{name}": whole, f"s/{name}": whole * 2}
        head |= {f"x/{name}": Blob(b"1\n", "100755"), f"{name} r": whole, f"s/{name} s": whole * 2}
    return base, head


# options, settings
FORMS = [
    ("", ""),
    ("--binary --full-index", ""),
    ("-U0", "core.quotePath=false"),
    ("-R", ""),
    ("--no-prefix", ""),
    ("", "diff.noprefix=true"),
    ("--cached", "diff.mnemonicPrefix=true"),
    ("--cached -R", "diff.mnemonicPrefix=true"),
    ("--src-prefix=old/ --dst-prefix=new/", ""),
    ("--src-prefix=before/ --dst-prefix=after/", ""),
    ("--src-prefix=src:// --dst-prefix=dst://", ""),
    ("--src-prefix=x/y/ --dst-prefix=z/", ""),
    ("--src-prefix= --dst-prefix=b/", ""),
    ("--src-prefix=a/ --dst-prefix=", ""),
]


@pytest.mark.parametrize(("options", "config"), FORMS, ids=lambda form: form or "-")
def test_names_are_those_that_git_has(repository: Repository, options: str, config: str) -> None:
    repository.write(*everything(NAMES))
    git(repository.folder, "read-tree", "head")
    sides = ["base"] if "--cached" in options else ["base", "head"]
    settings = ["-c", config] if config else []
    command = [*settings, "diff", *options.split(), *sides]
    expected = [row[:3] for row in raw(text(git(repository.folder, *command, "--raw", "-z")))]
    files = parse(text(git(repository.folder, *command))).files
    assert len(files) == 8 * len(NAMES)
    assert [(file.status, file.old_path, file.path) for file in files] == expected
