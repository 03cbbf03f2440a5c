"""Every sample is taken for what it is, by its name or by what stands in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from devchat.errors import UsageError
from devchat.explain.kinds import KINDS, kind_named
from devchat.explain.recognise import file_of, recognise

SAMPLES = Path(__file__).parent / "samples"

# sample -> kind; where the kind hangs on the name, the name is given as well
KIND_OF = {
    "python.txt": "python", "python-script.txt": "python", "javascript.txt": "javascript",
    "typescript.txt": "typescript", "go.txt": "go", "rust.txt": "rust", "java.txt": "java",
    "c.txt": "c", "cpp.txt": "cpp", "csharp.txt": "csharp", "ruby.txt": "ruby", "php.txt": "php",
    "bash.txt": "bash", "query.sql.txt": "sql", "page.html.txt": "html",
    "git.diff.txt": "diff", "plain.diff.txt": "diff", "hunk.diff.txt": "diff",
    "python-traceback.txt": "python-traceback", "python-chained.txt": "python-traceback",
    "python-group.txt": "python-traceback", "python-syntax.txt": "python-traceback",
    "node-traceback.txt": "node-traceback",
    "java-traceback.txt": "java-traceback", "go-panic.txt": "go-panic",
    "rust-panic.txt": "rust-panic", "rust-panic-old.txt": "rust-panic", "pytest.txt": "pytest",
    "gcc.txt": "compiler", "clang.txt": "compiler", "javac.txt": "compiler",
    "tsc.txt": "compiler", "gobuild.txt": "compiler", "rustc.txt": "rustc",
    "mypy.txt": "linter", "ruff-short.txt": "linter", "ruff-full.txt": "linter",
    "eslint.txt": "linter", "app.log": "log", "syslog.txt": "log", "access.txt": "log",
    "jsonlines.txt": "log", "data.json.txt": "json", "settings.toml.txt": "toml",
    "workflow.yaml.txt": "yaml", "notes.txt": "prose", "chinese.txt": "prose",
    "table.csv.txt": "csv", "table.tsv.txt": "csv", "table-semicolons.txt": "csv",
    "events.jsonl.txt": "jsonl", "go-test.txt": "go-test", "tsc-pretty.txt": "compiler",
    "npm.txt": "log", "nginx-error.txt": "log", "journal.txt": "log",
    "not-found.txt": "error", "git-fatal.txt": "error", "git-status.txt": "prose",
    "git-log.txt": "commits", "git-oneline.txt": "commits", "pytest-short.txt": "pytest",
    "gcc-drawn.txt": "compiler", "cargo.txt": "rustc",
}  # fmt: skip
BY_NAME = {
    "python-broken.txt": ("shop/cart.py:1-6", "python"),
    "kotlin.kt": ("src/kotlin.kt", "kotlin"),
    "Dockerfile": ("Dockerfile", "dockerfile"),
    "broken.json": ("broken.json", "json"),
    "broken.toml": ("broken.toml", "toml"),
    "setup.cfg": ("setup.cfg", "ini"),
    "guide.md": ("docs/guide.md", "prose"),
    "table.csv.txt": ("prices.csv", "csv"),
    "events.jsonl.txt": ("events.ndjson", "jsonl"),
}


def read(name: str) -> str:
    return (SAMPLES / name).read_text()


def test_every_sample_is_in_the_table() -> None:
    assert {path.name for path in SAMPLES.iterdir()} == {*KIND_OF, *BY_NAME}
    assert len({*KIND_OF, *BY_NAME}) >= 40


def test_every_kind_that_is_told_by_content_has_a_sample() -> None:
    by_name_alone = {"swift", "scala", "lua", "perl", "haskell", "css", "makefile", "source"}
    named = {kind for _, kind in BY_NAME.values()}
    assert {*KIND_OF.values(), *named} == KINDS.keys() - by_name_alone


@pytest.mark.parametrize(("sample", "kind"), KIND_OF.items())
def test_a_piped_text_is_known_by_its_content(sample: str, kind: str) -> None:
    assert recognise("stdin", read(sample)).name == kind


@pytest.mark.parametrize(("sample", "kind"), KIND_OF.items())
def test_windows_line_ends_change_nothing(sample: str, kind: str) -> None:
    assert recognise("stdin", read(sample).replace("\n", "\r\n")).name == kind


@pytest.mark.parametrize(("sample", "named"), BY_NAME.items())
def test_a_file_is_known_by_its_name(sample: str, named: tuple[str, str]) -> None:
    name, kind = named
    assert recognise(name, read(sample)).name == kind


def test_an_address_may_have_a_question() -> None:
    assert recognise("https://example.com/a/main.rs?raw=1", "x").name == "rust"


def test_a_traceback_at_the_end_of_a_long_output_is_found() -> None:
    chatter = "".join(f"working on {number}\n" for number in range(5_000))
    assert recognise("stdin", chatter + read("python-traceback.txt")).name == "python-traceback"


def test_a_log_with_a_traceback_in_it_is_a_log() -> None:
    assert recognise("stdin", read("app.log") + read("python-syntax.txt")).name == "log"


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_has_a_name_for_the_command_line(name: str) -> None:
    assert kind_named(name.upper()).name == name
    assert KINDS[name].title


@pytest.mark.parametrize(
    ("wrong", "near"),
    [("pythn", "`python`"), ("traceback", "`node-traceback`"), ("xyz", "there are python")],
)
def test_an_unknown_kind_has_near_matches(wrong: str, near: str) -> None:
    with pytest.raises(UsageError) as raised:
        kind_named(wrong)
    assert near in raised.value.hint


def test_the_name_of_some_lines_is_split() -> None:
    assert file_of("src/a.py:10-40") == ("src/a.py", 10)
    assert file_of("odd:0") == ("odd:0", 1)


NOT_TABLES = [
    "Roses are red, violets are blue,\nsugar is sweet, so are you,\nand I, too, am happy,\n",
    "Roses are red, violets are blue\nSugar is sweet, and so are you\nAnd so, am I\n",
    "add(a, b)\nsub(c, d)\nmul(e, f)\n",
    "x, y = 1, 2\nz, w = 3, 4\na, b = 5, 6\n",
    "name,name\n1,2\n3,4\n",
    "a,b\n1,2\n3\n",
    "a,b\n1,2\n",
]


@pytest.mark.parametrize("text", NOT_TABLES)
def test_commas_alone_make_no_table(text: str) -> None:
    assert recognise("stdin", text).name != "csv"


@given(st.text(), st.text())
@example("stdin", '"\n,"\n,\n')
@example("stdin", "a,b\n" + '"' * 200_000)
@example("a.py:0", "{" * 100_000)
@example("stdin", "x" * 1_000_000)
@example("stdin", "[" * 50_000)
@example("stdin", "a:" * 500_000)
@example("stdin", "(" * 20_000)
@example("stdin", "-" * 20_000 + "1")
@example("stdin", "a = " + "9" * 10_000)
@example("stdin", "x = " + "[" * 3_000)
def test_anything_is_recognised_as_something(name: str, text: str) -> None:
    assert recognise(name, text).name in KINDS
