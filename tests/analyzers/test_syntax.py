"""Files that no longer parse, in every language; and what only looks as if they didn't."""

from __future__ import annotations

import pytest

from devchat.analyzers.parse import NAMES
from devchat.changes import Diff, FileDiff, Hunk, Line
from devchat.languages.trees import GRAMMARS
from tests.analyzers.looking import Seen, analyzer, findings, seen
from tests.review.changes import Trees, one_file

# Analyzer, path, base (None: added), head, where it is found.
BROKEN: list[tuple[str, str, str | None, str, list[Seen]]] = [
    ("python-syntax", "a.py", "print(1)\n", "print(1\n", [("syntax", 1)]),
    ("python-syntax", "a.pyi", None, "def f(:\n    ...\n", [("syntax", 1)]),
    ("python-syntax", "a.py", "if 1:\n    a = 1\n", "if 1:\na = 1\n", [("syntax", 2)]),
    ("python-syntax", "a.py", None, "x = 1\0", []),
    ("json", "a.json", '{"a": 1}\n', '{"a": 1\n', [("syntax", 1)]),
    ("json", "a.json", '{"a": 1}\n', '{"a": 1,}\n', [("strict-syntax", 1)]),
    ("json", "package.json", None, '{"a": "b" "c"}\n', [("syntax", 1)]),
    ("toml", "a.toml", "a = 1\n", "a = 1\nb =\n", [("syntax", 2)]),
    ("toml", "a.toml", None, "a = [1,\n", [("syntax", 1)]),
    ("toml", "a.toml", "a = 1\n", "a = 1\na = 2\n", [("syntax", 2)]),
    ("yaml", "a.yaml", "a: 1\n", "a: [1\n", [("syntax", 1)]),
    ("yaml", "a.yml", None, "a: 1\n b: 2\n", [("syntax", 2)]),
    ("yaml", "a.yml", "a:\n  - b\n", "a:\n\t- b\n", [("syntax", 2)]),
    ("parse", "a.go", "package a\n", "package a\n\nfunc f( {\n}\n", [("syntax", 3)]),
    ("parse", "http/bad_request.go", None, "func (\n", [("syntax", 1)]),
    ("parse", "a.js", None, "function f() { return 1\n", [("syntax", 1)]),
    ("parse", "a.jsx", None, "const a = <p>;\n", [("syntax", 1)]),
    ("parse", "a.ts", "let a: number;\n", "let a: ;\n", [("syntax", 1)]),
    ("parse", "a.tsx", "let a: number;\n", "let a: ;\n", [("syntax", 1)]),
    ("parse", "a.java", "class A {}\n", "class A {\n", [("syntax", 1)]),
    ("parse", "a.rs", "fn f() {}\n", "fn f() -> {}\n", [("syntax", 1)]),
    ("parse", "a.c", "int f(void) { return 1; }\n", "int f(void) { return 1 }\n", [("syntax", 1)]),
    ("parse", "a.cpp", "int f() { return 1; }\n", "int f() { return 1;\n", [("syntax", 1)]),
    ("parse", "a.cs", "class A { int F() => 1; }\n", "class A { int F() => ; }\n", [("syntax", 1)]),
    ("parse", "a.rb", "def f\n  1\nend\n", "def f(\n  1\nend\n", [("syntax", 1)]),
    ("parse", "a.php", None, "<?php\nfunction f() { return 1\n", [("syntax", 1)]),
    ("parse", "a.sh", "f() {\n  a\n}\n", "f() {\n  a\n", [("syntax", 1)]),
    ("conflicts", "a.txt", "a\n", "<<<<<<< HEAD\na\n=======\nb\n>>>>>>> x\n",
     [("conflict-marker", 1)]),
    ("conflicts", "a.py", None, "<<<<<<< a\n||||||| b\n=======\n>>>>>>> c\n",
     [("conflict-marker", 1)]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "path", "base", "head", "expected"), BROKEN)
def test_what_breaks_is_found(
    name: str, path: str, base: str | None, head: str, expected: list[Seen]
) -> None:
    assert seen(name, base, head, path) == expected


def test_every_grammar_has_a_name_that_people_know() -> None:
    assert NAMES.keys() == GRAMMARS.keys()


SILENT: list[tuple[str, str, str | None, str]] = [
    # Broken before: the change is not to blame.
    ("python-syntax", "a.py", "print 'two'\n", "print 'two'\nprint 'three'\n"),
    ("json", "a.json", "{\n", "{{\n"),
    ("parse", "a.go", "package a\nfunc (\n", "package a\nfunc ((\n"),
    # What only a newer Python can read.
    ("python-syntax", "a.py", None, "type X = int\n"),
    ("python-syntax", "a.py", None, "def f[T](a: T) -> T:\n    return a\n"),
    ("python-syntax", "a.py", None, 'a = f"{b["c"]}"\n'),
    ("python-syntax", "a.py", None, "try:\n    a\nexcept A, B:\n    pass\n"),
    # Ends of lines that Python sees and git does not.
    ("python-syntax", "a.py", None, "a = 1\rb = (\n"),
    # JSON with comments, several documents, templates, nothing.
    ("json", "tsconfig.json", '{"a": 1}\n', '{"a": 1, // why\n}\n'),
    ("json", ".vscode/settings.json", None, '{\n  // why\n  "a": 1,\n}\n'),
    ("json", ".eslintrc.json", '{"a": 1}\n', '/* why */ {"a": 1}\n'),
    ("json", "new.json", None, '{"url": "http://a/*b", /* why */ "a": [1,],}\n'),
    ("json", "log.json", None, '{"a": 1}\n{"a": 2}\n'),
    ("json", "a.json", None, '{"a": {{ value }}}\n'),
    ("json", "a.json", None, "\n"),
    ("json", "a.json", None, '\ufeff{"a": NaN}\n'),
    ("json", "a.json", None, "[" * 5_000),
    ("json", "a.json", None, "1" * 5_000),
    ("toml", "a.toml", None, "a = {% if b %}\n"),
    ("toml", "a.toml", None, "[a]\nb = 2026-01-01T00:00:00Z\n"),
    ("yaml", "a.yml", None, "--- !custom\na: &b 1\nc: *b\n---\nd: ${{ e }}\n"),
    ("yaml", "a.yml", None, "a: {{ .Values.b }}\nc: {{ d\n"),
    ("yaml", "a.yml", None, 'a: "\u2028"\nb: [\n'),
    ("yaml", "a.yml", None, "a: \x01\n"),
    # What grammars misread, or a preprocessor may bring.
    ("parse", "a.c", None, "BEGIN(x) { END\n"),
    ("parse", "a.c", "int a;\n", "int a;\nDECLARE(x) {\n"),
    ("parse", "a.h", "int a;\n", "int a(;\n"),
    ("parse", "a.sh", None, "exec 3<>/dev/tcp/a/1\n"),
    ("parse", "a.sh", "a\n", "a\n(exec 3<>/dev/tcp/a/1) 2>/dev/null\n"),
    ("parse", "a.js", None, "{% for a in b %}\n"),
    ("parse", "a.zsh", "a\n", "a ((((\n"),
    ("parse", "a.ts", None, "let a: b | import('c').D[] | undefined = 1\n"),
    # Samples that are broken on purpose.
    ("json", "tests/fixtures/a.json", None, "{\n"),
    ("toml", "data/invalid/a.toml", None, "=\n"),
    ("parse", "tests/data/broken.go", None, "func (\n"),
    ("python-syntax", "app/test/bad_indent1.py", None, "x = (\n"),
    # Headings, examples and parts of a conflict.
    ("conflicts", "a.rst", None, "Title\n=======\n\nOther\n=======\n"),
    ("conflicts", "a.md", None, "```\n<<<<<<< HEAD\n=======\n>>>>>>> x\n```\n"),
    ("conflicts", "a.py", None, '"""\n    <<<<<<< HEAD\n    =======\n    >>>>>>> x\n"""\n'),
    ("conflicts", "a.txt", None, ">>>>>>> x\n=======\n<<<<<<< y\n"),
    ("conflicts", "a.txt", "<<<<<<< a\n=======\n>>>>>>> b\n", "c\n<<<<<<< a\n=======\n>>>>>>> b\n"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "path", "base", "head"), SILENT)
def test_what_is_right_or_uncertain_stays_silent(
    name: str, path: str, base: str | None, head: str
) -> None:
    assert seen(name, base, head, path) == []


LONG = "1,\n" * 40


def test_a_fault_outside_of_the_hunks_is_told_at_the_nearest_written_line() -> None:
    change = one_file(f"x = [\n{LONG}]\n", f"x = [\n{LONG}2,\n")
    [found] = findings("python-syntax", change, context=0)
    assert (found.side, found.line, found.quote) == ("RIGHT", 42, "2,")
    assert found.body.startswith("The parser gives up at line 1. ")


def test_a_fault_of_what_was_removed_is_told_beside_it() -> None:
    change = one_file(f"x = [\n{LONG}]\n", f"x = [\n{LONG}")
    [found] = findings("python-syntax", change)
    assert (found.side, found.line, found.quote) == ("RIGHT", 39, "1,")
    [found] = findings("python-syntax", change, context=0)
    assert (found.side, found.line, found.quote) == ("LEFT", 42, "]")


@pytest.mark.parametrize("name", ["python-syntax", "json", "toml", "yaml", "parse", "ruff"])
def test_names_that_look_like_options_or_paths_do_no_harm(name: str) -> None:
    odd = ("--version.py", "-.json", "a b\n.toml", "'; ls.yml", "$(a).go", "\u202e.py", "../x.py")
    lines = (Line("+", "ok = (", None, 1),)
    hunk = Hunk("@@ -0,0 +1 @@", 0, 0, 1, 1, lines)
    diff = Diff(tuple(FileDiff(path, path, "added", (hunk,)) for path in odd))
    found = list(analyzer(name).analyse(diff, Trees({}, {})))
    assert {one.path for one in found} <= set(odd)
    assert all(one.quote == "ok = (" for one in found)
