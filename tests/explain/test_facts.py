"""The facts that code finds in every kind of text are right, and hostile texts yield none."""

from __future__ import annotations

import os
from pathlib import Path
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from devchat.explain.diffstat import DiffStat, FileStat
from devchat.explain.facts import Examined, Facts, facts_text, gather
from devchat.explain.kinds import KINDS, kind_named
from devchat.explain.logs import LogDigest, fold
from devchat.explain.messages import Messages
from devchat.explain.outline import Outline
from devchat.explain.place import Place
from devchat.explain.prose import Measure
from devchat.explain.shape import Shape
from devchat.explain.trace import Trace
from tests.explain.test_recognise import read

NOWHERE = Place(Path("/nonexistent"), Path("/nonexistent"))


def facts(sample: str, kind: str, place: Place = NOWHERE, name: str = "stdin") -> Facts:
    return gather(name, kind_named(kind), read(sample), place).facts


OUTLINES = {
    "python": [
        ("class", "Cart", 5, 16, 0),
        ("method", "__init__(self, items=())", 8, 9, 1),
        ("method", "add(self, name, price, count=1)", 11, 13, 1),
        ("method", "total(self)", 15, 16, 1),
        ("function", "load(path: Path)", 19, 20, 0),
    ],
    "javascript": [
        ("function", "readConfig(path)", 3, 5, 0),
        ("class", "Server", 7, 14, 0),
        ("method", "constructor(port)", 8, 10, 1),
        ("method", "listen()", 11, 13, 1),
        ("function", "start", 16, 16, 0),
    ],
    "typescript": [
        ("interface", "User", 3, 6, 0),
        ("type", "Handler", 8, 8, 0),
        ("function", "findUser(id: number)", 10, 13, 0),
    ],
    "go": [
        ("type", "Stack", 7, 9, 0),
        ("method", "Push(item int)", 11, 13, 0),
        ("function", "main()", 15, 19, 0),
    ],
    "rust": [
        ("struct", "Counter", 4, 6, 0),
        ("impl", "Counter", 8, 16, 0),
        ("function", "new()", 9, 11, 1),
        ("function", "add(&mut self, word: &str)", 13, 15, 1),
        ("function", "main()", 18, 21, 0),
    ],
    "java": [
        ("class", "Cart", 5, 16, 0),
        ("constructor", "Cart(List<Item> items)", 8, 10, 1),
        ("method", "toString()", 12, 15, 1),
    ],
    "c": [
        ("struct", "node", 6, 9, 0),
        ("function", "push(struct node *head, int value)", 11, 16, 0),
        ("function", "main(void)", 18, 22, 0),
    ],
    "cpp": [
        ("namespace", "shop", 4, 15, 0),
        ("class", "Cart", 6, 13, 1),
        ("function", "add(int price)", 8, 8, 2),
        ("function", "main()", 17, 21, 0),
    ],
    "csharp": [
        ("namespace", "Shop", 4, 17, 0),
        ("class", "Cart", 6, 16, 1),
        ("method", "Total()", 10, 15, 2),
    ],
    "ruby": [
        ("module", "Shop", 3, 15, 0),
        ("class", "Cart", 4, 14, 1),
        ("method", "initialize(items = [])", 7, 9, 2),
        ("method", "total", 11, 13, 2),
    ],
    "php": [
        ("namespace", "Shop", 2, 2, 0),
        ("class", "Cart", 4, 12, 0),
        ("method", "add(int $price)", 8, 11, 1),
        ("function", "total(array $prices)", 14, 18, 0),
    ],
    "bash": [("function", "backup", 3, 6, 0)],
}


@pytest.mark.parametrize(("kind", "expected"), OUTLINES.items())
def test_an_outline_names_every_definition(
    kind: str, expected: list[tuple[str, str, int, int, int]]
) -> None:
    found = facts(f"{kind}.txt", kind)
    assert isinstance(found, Outline)
    assert [(s.kind, s.name, s.line, s.end, s.depth) for s in found.symbols] == expected
    assert found.parsed_by == ("ast" if kind == "python" else "tree-sitter")
    assert found.note == ""


def test_python_tells_imports_and_first_lines_of_docstrings() -> None:
    found = facts("python.txt", "python")
    assert isinstance(found, Outline)
    assert found.imports == ("json", "pathlib")
    assert found.symbols[0].about == "What a customer means to buy."
    assert found.text()[:3] == (
        "20 lines of Python",
        "imports: json, pathlib",
        "class Cart (lines 5-16): What a customer means to buy.",
    )
    assert [one.name for one in found.within(12, 16).symbols][-1] == "total(self)"


def test_some_lines_of_a_file_keep_their_numbers() -> None:
    text = "    def total(self):\n        return 1\n"
    found = gather("cart.py:15-16", kind_named("python"), text, NOWHERE).facts
    assert isinstance(found, Outline)
    assert [(s.name, s.line, s.end) for s in found.symbols] == [("total(self)", 15, 16)]


def test_what_does_not_parse_is_outlined_by_its_margin() -> None:
    found = facts("python-broken.txt", "python")
    assert isinstance(found, Outline)
    assert found.parsed_by == "margin"
    assert found.note.startswith("it does not parse as Python (line 1: expected ':'")
    assert [(s.name, s.line, s.end) for s in found.symbols] == [
        ("def greet(name)", 1, 4),
        ("def leave():", 5, 6),
    ]


def test_a_language_without_a_parser_says_so() -> None:
    found = facts("kotlin.kt", "kotlin")
    assert isinstance(found, Outline)
    assert found.note.startswith("no parser for Kotlin")
    assert [s.name for s in found.symbols][-1] == "fun main() {"


def test_a_source_too_long_to_parse_says_so() -> None:
    found = gather("a.go", kind_named("go"), "// x\n" * 300_000, NOWHERE).facts
    assert isinstance(found, Outline)
    assert found.note.startswith("too long") and found.lines == 300_000


def test_a_source_too_tangled_to_parse_says_so() -> None:
    garbage = "".join(Random(1).choices("abcdef(){}[]<>|&;:\"'\n #%/\\=+-*", k=1_000_000))
    found = gather("a.ts", kind_named("typescript"), f"class A\n  b\n{garbage}", NOWHERE).facts
    assert isinstance(found, Outline)
    assert found.note == "too tangled to be parsed: what begins at the margin is listed"
    assert found.symbols[0].name == "class A"


def test_an_endless_outline_is_cut_with_a_count() -> None:
    text = "".join(f"def f{number}(): pass\n" for number in range(100))
    lines = gather("a.py", kind_named("python"), text, NOWHERE).lines()
    assert len(lines) == 62 and lines[-1] == "... and 40 more definitions"
    many = "".join(f"void f{number}(void) {{}}\n" for number in range(2_500))
    found = gather("a.c", kind_named("c"), many, NOWHERE).facts
    assert isinstance(found, Outline) and len(found.symbols) == 2_000


def test_the_stat_of_a_diff_counts_lines_as_its_hunks_do() -> None:
    assert facts("git.diff.txt", "diff") == DiffStat(
        (
            FileStat("shop/cart.py", "changed", 2, 1, ("def average(prices):",)),
            FileStat("shop/new.py", "renamed from shop/old.py", 0, 0),
            FileStat("logo.png", "added, binary", 0, 0),
            FileStat("gone.txt", "deleted", 0, 2),
        )
    )
    assert facts("plain.diff.txt", "diff") == DiffStat(
        (FileStat("hello.c", "changed", 1, 1), FileStat("other.c", "changed", 2, 0))
    )
    assert facts("hunk.diff.txt", "diff") == DiffStat(
        (FileStat("(no name)", "changed", 1, 1, ("func main() {",)),)
    )


def test_a_missing_newline_is_no_line() -> None:
    text = "--- a\n+++ a\n@@ -1 +1 @@\n-one\n\\ No newline at end of file\n+two\n"
    found = gather("stdin", kind_named("diff"), text, NOWHERE).facts
    assert found == DiffStat((FileStat("a", "changed", 1, 1),))


def test_a_diff_that_can_not_be_read_is_counted_so_far_and_said() -> None:
    whole = "--- a/f\n+++ b/f\n@@ -1 +1 @@\n-one\n+two\n"
    merge = gather("stdin", kind_named("diff"), "diff --cc f\n@@@ -1 -1 +1 @@@\n", NOWHERE)
    assert merge.lines() == [
        "not counted: a combined diff compares a merge with all its parents at once"
    ]
    cut = gather("stdin", kind_named("diff"), whole + whole[:-5], NOWHERE)
    assert cut.lines() == [
        "1 file changed, 1 line added, 1 removed",
        "f: changed, +1 -1",
        "not counted: the diff breaks off after line 9, inside a hunk",
    ]
    empty = gather("f.diff", kind_named("diff"), "", NOWHERE)
    assert (empty.facts, empty.lines()) == (DiffStat(()), [])


def test_a_large_diff_is_cut_with_a_count() -> None:
    text = "".join(f"diff --git a/{n} b/{n}\nnew file mode 100644\n" for n in range(40))
    lines = gather("stdin", kind_named("diff"), text, NOWHERE).lines()
    assert lines[0] == "40 files changed, 0 lines added, 0 removed"
    assert lines[-1] == "... and 10 more files"


@pytest.fixture
def shop(home: Path) -> Place:
    """A repository with the files that the samples speak of, seen from a folder inside it."""
    (home / "repo" / ".git").mkdir(parents=True)
    (home / "repo" / ".git" / "config").write_text("secret = 1\n")
    (home / "secret.py").write_text("secret = 1\n")
    root = home / "repo"
    for name in ("shop/cart.py", "shop/store.py", "src/index.js", "src/main.rs", "main.c"):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text("".join(f"line {number}\n" for number in range(1, 41)))
    java = root / "src/main/java/com/example/shop"
    java.mkdir(parents=True)
    (java / "Store.java").write_text("x\n" * 40)
    (root / "tests").mkdir()
    (root / "tests" / "test_cart.py").write_text("y\n" * 9)
    return Place.around(root)


# sample, kind, errors, frames, the place of the origin, and of those with source
TRACES = [
    ("python-traceback.txt", "python-traceback", ("ZeroDivisionError: division by zero",), 2,
     "shop/cart.py:7", ["shop/cart.py:7"]),
    ("python-chained.txt", "python-traceback",
     ("KeyError: 'cart'", "shop.errors.StoreError: no such key: cart"), 3, "shop/store.py:5",
     ["shop/store.py:3", "shop/store.py:5"]),
    ("python-syntax.txt", "python-traceback", ("SyntaxError: expected ':'",), 2,
     "shop/bad.py:3", []),
    ("node-traceback.txt", "node-traceback",
     ("TypeError: Cannot read properties of undefined (reading 'toString')",), 4,
     "src/index.js:3", ["src/index.js:3"]),
    ("java-traceback.txt", "java-traceback",
     ("java.lang.IllegalStateException: cart is closed", "java.io.IOException: stream closed"), 4,
     "com/example/shop/Store.java:31", ["com/example/shop/Store.java:31"]),
    ("go-panic.txt", "go-panic", ("runtime error: index out of range [5] with length 3",), 2,
     "/home/ann/shop/main.go:11", []),
    ("rust-panic.txt", "rust-panic", ("index out of bounds: the len is 3 but the index is 5",), 3,
     "src/main.rs:4", ["src/main.rs:4", "./src/main.rs:4"]),
    ("rust-panic-old.txt", "rust-panic", ("called `Option::unwrap()` on a `None` value",), 1,
     "src/lib.rs:22", []),
]  # fmt: skip


@pytest.mark.parametrize(
    ("sample", "kind", "errors", "count", "origin", "own"),
    TRACES,
    ids=lambda value: str(value)[:20],
)
def test_a_traceback_yields_its_errors_frames_and_origin(
    shop: Place,
    sample: str,
    kind: str,
    errors: tuple[str, ...],
    count: int,
    origin: str,
    own: list[str],
) -> None:
    found = facts(sample, kind, shop)
    assert isinstance(found, Trace) and found.origin
    assert found.errors == errors
    assert len(found.frames) == count
    assert f"{found.origin.path}:{found.origin.line}" == origin
    assert [f"{one.path}:{one.line}" for one in found.frames if one.source] == own


def test_a_frame_shows_its_line_among_its_neighbours(shop: Place) -> None:
    found = facts("python-traceback.txt", "python-traceback", shop)
    assert isinstance(found, Trace) and found.origin
    assert found.origin.function == "total"
    assert found.origin.source == ("6| line 6", "7> line 7", "8| line 8")
    assert found.text()[:3] == (
        "error: ZeroDivisionError: division by zero",
        "2 frames, 1 with source in this repository",
        "it arose at: shop/cart.py:7 in total",
    )


def test_every_exception_of_a_group_is_named() -> None:
    found = facts("python-group.txt", "python-traceback")
    assert isinstance(found, Trace)
    assert found.errors == (
        "ExceptionGroup: two failures (2 sub-exceptions)",
        "ValueError: bad price",
        "KeyError: 'tea'",
    )
    assert len(found.frames) == 3


def test_go_names_the_function_above_its_place() -> None:
    found = facts("go-panic.txt", "go-panic")
    assert isinstance(found, Trace)
    assert [one.function for one in found.frames] == ["main.pick", "main.main"]


def test_source_is_read_for_a_few_frames_only(shop: Place) -> None:
    frames = "".join(f'  File "shop/cart.py", line {n}, in f\n' for n in range(1, 31))
    text = f"Traceback (most recent call last):\n{frames}RecursionError: too deep\n"
    found = gather("stdin", kind_named("python-traceback"), text, shop).facts
    assert isinstance(found, Trace)
    assert len(found.frames) == 30 and sum(1 for one in found.frames if one.source) == 6
    assert found.frames[-1].source


FORBIDDEN = [
    "../secret.py", "../../etc/passwd", "/etc/passwd", ".git/config", "shop/../../secret.py",
    "link.py", "folder.py", "pipe.py", "huge.py", "gbk.py", "no-extension", ".env.py",
    "node_modules/x.js", "shop/cart.py\0", "x" * 5_000 + ".py", "loop.py",
]  # fmt: skip


@pytest.mark.parametrize("path", FORBIDDEN, ids=lambda path: path[:24])
def test_nothing_but_ordinary_source_of_this_repository_is_read(shop: Place, path: str) -> None:
    root = shop.root
    (root / "link.py").symlink_to(root.parent / "secret.py")
    (root / "loop.py").symlink_to(root / "loop.py")
    (root / "folder.py").mkdir()
    os.mkfifo(root / "pipe.py")
    (root / "huge.py").write_text("x\n" * (1 << 20))
    (root / "gbk.py").write_bytes("中文\n".encode("gb18030"))
    (root / "no-extension").write_text("secret\n")
    (root / ".env.py").write_text("secret\n")
    (root / "node_modules").mkdir()
    (root / "node_modules" / "x.js").write_text("secret\n")
    assert shop.source_lines(path, 1) == ()
    assert Place.around(root / "shop").source_lines(path, 1) == ()


def test_paths_are_taken_from_the_folder_and_from_the_repository(shop: Place) -> None:
    inside = Place.around(shop.root / "shop")
    assert inside.root == shop.root
    assert inside.source_lines("cart.py", 1) == ("1> line 1", "2| line 2")
    assert inside.source_lines("shop/cart.py", 40, around=0) == ("40> line 40",)
    assert inside.source_lines(str(shop.root / "main.c"), 2, around=0) == ("2> line 2",)
    assert inside.source_lines("cart.py", 41) == inside.source_lines("cart.py", 0) == ()


def test_without_a_repository_the_folder_is_the_border(shop: Place, home: Path) -> None:
    (home / "lone").mkdir()
    lone = Place.around(home / "lone")
    assert lone.root == (home / "lone").resolve()
    assert lone.source_lines("../secret.py", 1) == ()


# sample, kind, and of each message: path, line, severity, code
MESSAGES = [
    ("gcc.txt", "compiler", [("main.c", 5, "error", ""), ("main.c", 5, "note", ""),
                             ("main.c", 3, "warning", "-Wunused-variable")]),
    ("clang.txt", "compiler", [("src/cart.cpp", 12, "error", "")]),
    ("javac.txt", "compiler", [("Cart.java", 5, "error", ""), ("Cart.java", 9, "error", "")]),
    ("tsc.txt", "compiler", [("src/user.ts", 3, "error", "TS2322"),
                             ("src/user.ts", 9, "error", "TS2304")]),
    ("gobuild.txt", "compiler", [("main.go", 5, "error", ""), ("main.go", 9, "error", "")]),
    ("rustc.txt", "rustc", [("src/main.rs", 4, "error", "E0308"),
                            ("src/main.rs", 5, "warning", "")]),
    ("mypy.txt", "linter", [("shop/cart.py", 3, "error", "return-value"),
                            ("shop/cart.py", 9, "note", ""),
                            ("shop/store.py", 12, "error", "name-defined")]),
    ("ruff-short.txt", "linter", [("shop/cart.py", 1, "error", "F401"),
                                  ("shop/cart.py", 9, "error", "E501")]),
    ("ruff-full.txt", "linter", [("shop/cart.py", 1, "error", "F401")]),
    ("eslint.txt", "linter", [("/app/src/server.js", 3, "error", "no-unused-vars"),
                              ("/app/src/server.js", 12, "warning", "no-console")]),
    ("pytest.txt", "pytest", [("tests/test_cart.py", 8, "failed", "AssertionError")]),
    ("pytest-short.txt", "pytest", [("tests/test_cart.py", 3, "error", ""),
                                    ("shop/cart.py", 5, "failed", ""),
                                    ("tests/test_other.py", 0, "failed", "")]),
    ("go-test.txt", "go-test", [("cart_test.go", 12, "failed", "")]),
    ("tsc-pretty.txt", "compiler", [("src/user.ts", 3, "error", "TS2322")]),
    ("gcc-drawn.txt", "compiler", [
        ("err.c", 3, "error", ""), ("err.c", 4, "warning", "-Wint-conversion"),
        ("err.c", 4, "warning", "-Wformat="), ("err.c", 4, "error", ""),
        ("err.c", 4, "warning", "-Wunused-variable"), ("err.c", 3, "warning", "-Wreturn-type"),
    ]),
    ("cargo.txt", "rustc", [("src/main.rs", 4, "error", "E0382")]),
]  # fmt: skip


@pytest.mark.parametrize(("sample", "kind", "expected"), MESSAGES)
def test_messages_are_read_with_their_places(
    sample: str, kind: str, expected: list[tuple[str, int, str, str]]
) -> None:
    found = facts(sample, kind)
    assert isinstance(found, Messages)
    assert [(one.path, one.line, one.severity, one.code) for one in found.messages] == expected


def test_messages_are_counted_and_shown_with_their_source(shop: Place) -> None:
    lines = gather("stdin", kind_named("compiler"), read("gcc.txt"), shop).lines()
    assert lines[0] == "1 error, 1 warning, 1 note in 1 file"
    assert lines[1] == "codes: -Wunused-variable 1x"
    assert lines[2] == "main.c:5: error: 'x' undeclared (first use in this function)"
    assert lines[4] == "    5> line 5"


def test_a_failed_test_comes_with_its_reason_and_the_summary(shop: Place) -> None:
    found = facts("pytest.txt", "pytest", shop)
    assert isinstance(found, Messages)
    assert found.summary == "1 failed, 2 passed in 0.12s"
    assert found.messages[0].text == "test_total - assert 3 == 4"
    assert found.messages[0].source == ("7| y", "8> y", "9| y")
    assert found.text()[0] == "1 failed in 1 file"


def test_a_failed_test_is_named_once_at_its_innermost_place() -> None:
    found = facts("pytest-short.txt", "pytest")
    assert isinstance(found, Messages)
    assert [one.text for one in found.messages] == [
        "test_fix - RuntimeError: no database",
        "TestCart.test_div[0] - ZeroDivisionError: division by zero",
        "test_far - assert 1 == 2",
    ]
    assert found.text()[:2] == (
        "1 error, 2 failed in 3 files",
        "summary: 2 failed, 2 passed, 1 error in 0.62s",
    )
    found = facts("go-test.txt", "go-test")
    assert isinstance(found, Messages)
    assert found.messages[0].text == "TestTotal/empty_cart - Total() = 3, want 4"
    assert found.summary == "FAIL example.com/shop 0.003s"


def test_a_log_yields_its_repetitions_and_its_odd_line() -> None:
    found = facts("app.log", "log")
    assert isinstance(found, LogDigest)
    assert found.lines == 7
    assert found.levels == (("info", 5), ("warning", 1), ("error", 1))
    (often,) = found.repeated
    assert (often.count, often.first, often.last) == (4, 2, 7)
    assert often.shape == "# INFO shop.web: GET /cart/# # in # ms"
    assert found.first_error and found.first_error.number == 6
    assert found.odd and (found.odd.number, found.odd.text[-7:]) == (4, "1204 ms")


@pytest.mark.parametrize(
    ("sample", "repeated", "odd", "error"),
    [
        ("syslog.txt", [(2, 2)], 4, 2),
        ("access.txt", [(2, 1)], 3, None),
        ("jsonlines.txt", [(2, 2)], 4, 4),
        ("nginx-error.txt", [], 0, 1),
        ("journal.txt", [], 0, 4),
        ("npm.txt", [], 0, 1),
        ("not-found.txt", [], 0, 1),
        ("git-fatal.txt", [], 0, 1),
    ],
)
def test_other_logs(
    sample: str, repeated: list[tuple[int, int]], odd: int, error: int | None
) -> None:
    found = facts(sample, "error" if repeated == [] else "log")
    assert isinstance(found, LogDigest)
    assert [(one.count, one.first) for one in found.repeated] == repeated
    assert (found.odd.number if found.odd else 0) == odd
    assert (found.first_error.number if found.first_error else None) == error


def test_a_log_without_repetition_has_no_odd_line() -> None:
    found = gather("stdin", kind_named("log"), "INFO a\n\nINFO b\n", NOWHERE).facts
    assert isinstance(found, LogDigest)
    assert (found.repeated, found.odd, found.first_error) == ((), None, None)


def test_folding_hides_what_changes() -> None:
    assert fold("2026-11-21T10:00:01.5Z job 8f14e45fceea167a took 12.5 s at 0xdeadBEEF") == (
        "# job # took # s at #"
    )
    assert fold("id 123e4567-e89b-12d3-a456-426614174000 added") == "id # added"
    assert fold("feedback defaced") == "feedback defaced"


def test_the_shape_of_data() -> None:
    found = facts("data.json.txt", "json")
    assert isinstance(found, Shape)
    assert found.text() == (
        "1 line of JSON: object of 4 keys",
        "name: text 'shop'",
        "version: number 3",
        "tags: list of 2 (text)",
        "owner: object of 2 keys",
        "owner.name: text 'Ann'",
        "owner.active: boolean True",
    )
    found = facts("settings.toml.txt", "toml")
    assert isinstance(found, Shape)
    assert [one.path for one in found.entries] == ["title", "server", "server.port", "server.hosts"]


def test_json_on_each_line_is_described_by_the_first() -> None:
    found = facts("events.jsonl.txt", "jsonl")
    assert isinstance(found, Shape)
    assert found.text() == (
        "2 lines of JSON: object on each; the first holds",
        "user: text 'ann'",
        "items: list of 2 (number)",
    )
    broken = gather("stdin", kind_named("jsonl"), '{"a": 1}\n\n{"a": }\n', NOWHERE)
    assert broken.lines()[1].startswith("it does not parse: line 3: Expecting value")


def test_the_columns_of_a_table() -> None:
    found = facts("table.csv.txt", "csv")
    assert found.text() == (
        "3 rows below the names of 3 columns, parted by commas",
        "name: text, such as tea",
        "price (EUR): numbers, such as 3.50",
        "note: text, 1 empty, such as green, loose",
    )
    assert facts("table.tsv.txt", "csv").text()[0].endswith("2 columns, parted by tabs")
    assert facts("table-semicolons.txt", "csv").text()[1] == "id: numbers, such as 1"
    uneven = gather("stdin", kind_named("csv"), "a,b,c\n1,2,\n3\n", NOWHERE).lines()
    assert uneven[1:3] == [
        "row 3 has another number of cells than the first", "a: numbers, such as 1",
    ]  # fmt: skip
    assert uneven[-1] == "c: nothing, 1 empty, such as none"
    empty = gather("stdin", kind_named("csv"), "", NOWHERE).lines()
    assert empty == ["0 rows below the names of 0 columns, parted by commas"]


def test_commits_are_counted_with_their_authors_and_subjects() -> None:
    assert facts("git-log.txt", "commits").text() == (
        "2 commits",
        "by Ann Lee (1), Bob Ray (1)",
        "from Fri Nov 20 18:30:00 2026 +0000 to Sat Nov 21 10:00:00 2026 +0000",
        "3f1c2a9b8 Round the total to cents",
        "8a7b6c5d4 Merge branch 'taxes'",
    )
    assert facts("git-oneline.txt", "commits").text() == (
        "3 commits",
        "3f1c2a9 Round the total to cents",
        "8a7b6c5 Merge branch 'taxes'",
        "1111111 Begin",
    )
    one = read("git-log.txt").partition("\ncommit ")[0]
    lines = gather("stdin", kind_named("commits"), one, NOWHERE).lines()
    assert lines[:3] == ["1 commit", "by Ann Lee (1)", "of Sat Nov 21 10:00:00 2026 +0000"]


def test_lists_and_nulls_are_described() -> None:
    text = '{"all": [{"id": null}, {"id": 2}], "none": []}'
    found = gather("stdin", kind_named("json"), text, NOWHERE).facts
    assert isinstance(found, Shape)
    assert found.text()[1:] == (
        "all: list of 2 (object)",
        "all[0].id: null None",
        "none: list of 0",
    )


def test_data_told_by_its_lines() -> None:
    found = facts("workflow.yaml.txt", "yaml")
    assert isinstance(found, Shape)
    assert [(one.path, one.what, one.line) for one in found.entries] == [
        ("name", "tests", 1), ("on", "[push]", 2), ("jobs", "", 3), ("  test", "", 4),
    ]  # fmt: skip
    found = facts("setup.cfg", "ini")
    assert isinstance(found, Shape)
    assert [one.text() for one in found.entries] == [
        "[metadata] (line 1)", "  name (line 2)", "  version (line 3)",
    ]  # fmt: skip


@pytest.mark.parametrize(("sample", "kind"), [("broken.json", "json"), ("broken.toml", "toml")])
def test_data_that_does_not_parse_says_where(sample: str, kind: str) -> None:
    found = facts(sample, kind)
    assert isinstance(found, Shape)
    assert "line" in found.fault and found.entries == ()
    assert found.text()[1].startswith("it does not parse: ")


@pytest.mark.parametrize(("kind", "length"), [("json", 3 << 20), ("toml", 1 << 19)])
def test_huge_data_is_not_parsed(kind: str, length: int) -> None:
    found = gather("stdin", kind_named(kind), " " * length, NOWHERE).facts
    assert isinstance(found, Shape) and found.fault == "too large to be parsed"


def test_prose_is_measured() -> None:
    found = facts("guide.md", "prose")
    assert isinstance(found, Measure)
    assert [(one.level, one.text, one.line) for one in found.headings] == [
        (1, "Guide", 1),
        (2, "Use", 5),
    ]
    assert found.text() == ("9 lines, 8 words", "Guide (line 1)", "  Use (line 5)")
    chinese = facts("chinese.txt", "prose")
    assert isinstance(chinese, Measure)
    assert (chinese.lines, chinese.words) == (2, 24)


def test_facts_of_several_inputs_share_the_lines_there_are() -> None:
    both = [
        Examined("a.py", kind_named("python"), facts("python.txt", "python")),
        Examined("b.md", kind_named("prose"), facts("guide.md", "prose")),
    ]
    assert facts_text(both, 6).split("\n") == [
        "a.py is Python source.",
        "20 lines of Python",
        "imports: json, pathlib",
        "class Cart (lines 5-16): What a customer means to buy.",
        "... 4 more facts",
        "",
        "b.md is prose.",
        "9 lines, 8 words",
        "Guide (line 1)",
        "  Use (line 5)",
    ]


def test_facts_are_visible_text() -> None:
    one = gather("stdin", kind_named("prose"), "# a\x1b[31m\u202eb\n", NOWHERE)
    assert one.lines()[1] == "a␛[31m<U+202E>b (line 1)"


KIND = st.sampled_from(sorted(KINDS.values(), key=lambda kind: kind.name))


@given(KIND, st.text())
@example(KINDS["python"], "-" * 20_000 + "1")
@example(KINDS["python"], "(" * 20_000)
@example(KINDS["python"], "x" * 1_000_000)
@example(KINDS["c"], "{" * 100_000)
@example(KINDS["javascript"], "(" * 100_000)
@example(KINDS["json"], "[" * 100_000)
@example(KINDS["jsonl"], "[" * 100_000)
@example(KINDS["csv"], 'a,b\n"' + "x" * 200_000)
@example(KINDS["csv"], ",\n\r\n\0")
@example(KINDS["pytest"], "_" * 500_000)
@example(KINDS["commits"], "commit abcdef1\n" * 1_000)
@example(KINDS["toml"], "a = " + "[" * 5_000)
@example(KINDS["log"], "0" * 1_000_000)
@example(KINDS["log"], "a-" * 500_000)
@example(KINDS["rust-panic"], "thread 'x' panicked at src/a.rs:1:1:")
@example(KINDS["rust-panic"], "thread 'x' panicked at nowhere")
@example(KINDS["go-panic"], "\t/a/b.go:1 +0x1")
@example(KINDS["node-traceback"], "    at (" + "(" * 1_000_000)
@example(KINDS["compiler"], "a:" * 500_000)
@example(KINDS["diff"], "@@ -1 +1,999999999 @@\n" + "+\n" * 1_000)
@example(KINDS["diff"], 'diff --git "a/x" "b/x"' + "\x85" * 10_000)
def test_no_text_breaks_the_facts(kind: object, text: str) -> None:
    one = gather("stdin", kind_named(kind.name), text, NOWHERE)  # type: ignore[attr-defined]
    assert all("\n" not in line and "\x1b" not in line for line in one.lines())
    assert one.as_json()["facts"] is not None


def test_what_can_be_read_but_not_written_again_is_left_out() -> None:
    chain = " + ".join(["'a'"] * 600)
    code = f"def f(x={chain}):\n    pass\n\n\nclass C({chain}):\n    pass\n"
    lines = "\n".join(gather("a.py", kind_named("python"), code, NOWHERE).lines())
    assert "f(…)" in lines and "C(…)" in lines
    digits = gather("a.toml", kind_named("toml"), f"a = 0x{'f' * 4000}\n", NOWHERE).lines()
    assert any("of very many digits" in line for line in digits)
