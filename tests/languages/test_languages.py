"""Names of files to languages, and where a text breaks its language's syntax."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devchat import languages
from devchat.languages.syntax import syntax_errors
from devchat.languages.trees import GRAMMARS, open_parser, tree_errors

NAMES = [
    ("a.py", "python"), ("src/x/a.PYI", "python"), ("a.ts", "typescript"), ("a.tsx", "tsx"),
    ("a.mts", "typescript"), ("a.jsx", "jsx"), ("a.mjs", "javascript"), ("a.h", "c"),
    ("a.hpp", "cpp"), ("a.cs", "csharp"), ("deploy.sh", "bash"), ("Dockerfile", "dockerfile"),
    ("x/Makefile", "makefile"), ("a.yml", "yaml"), ("LICENSE", ""), ("", ""), ("a.", ""),
    ("a.toml", "toml"), (".json", "json"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "language"), NAMES)
def test_a_name_tells_the_language(path: str, language: str) -> None:
    assert languages.of(path) == language


GOOD = {
    "bash": 'f() { echo "$1"; }\nf a | grep -q b && exit 1\n',
    "c": "int main(void) { return 0; }\n",
    "cpp": "template <class T> T f(T a) { return a; }\n",
    "csharp": "class A { int F() => 1; }\n",
    "go": "package a\n\nfunc f() (int, error) { return 1, nil }\n",
    "java": "class A { int f() { return 1; } }\n",
    "javascript": "const f = async (a) => { await a?.b; };\n",
    "jsx": "const f = () => <p>{1}</p>;\n",
    "php": "<?php\nfunction f(int $a): int { return $a; }\n",
    "python": "def f(a):\n    return a\n",
    "ruby": "def f(a)\n  a&.b\nend\n",
    "rust": "fn f(a: &str) -> usize { a.len() }\n",
    "tsx": "const f = (a: string) => <p>{a}</p>;\n",
    "typescript": "const f = <T>(a: T): T => <T>a;\n",
}
# What is cut or put in, and the line that is then at fault.
BROKEN = {
    "bash": ("f a |", "f a | |", 2),
    "c": ("return 0;", "return 0 }", 1),
    "cpp": (") {", ") {{(", 1),
    "csharp": ("=> 1;", "=> ;", 1),
    "go": ("return 1, nil", "return 1,, nil", 3),
    "java": ("return 1;", "return 1", 1),
    "javascript": ("await a", "await a)", 1),
    "jsx": ("</p>", "", 1),
    "php": ("return $a;", "return $a", 2),
    "python": ("(a):", "(a:", 1),
    "ruby": ("end\n", "\n", 1),
    "rust": ("-> usize", "-> -> usize", 1),
    "tsx": ("</p>", "</q", 1),
    "typescript": ("=> <T>a", "=> ) a", 1),
}


def test_every_grammar_is_tried() -> None:
    assert set(GOOD) == set(BROKEN) == {*GRAMMARS, "python"}


@pytest.mark.parametrize("language", GOOD)
def test_what_is_right_has_no_errors(language: str) -> None:
    assert syntax_errors(language, GOOD[language]) == ()


@pytest.mark.parametrize("language", BROKEN)
def test_what_is_wrong_is_found_in_its_line(language: str) -> None:
    old, new, line = BROKEN[language]
    errors = syntax_errors(language, GOOD[language].replace(old, new))
    assert errors
    assert errors[0][0] == line


@pytest.mark.parametrize("language", ["", "prose", "sql", "yaml"])
def test_without_a_grammar_nothing_is_said(language: str) -> None:
    assert syntax_errors(language, "((") is None
    assert open_parser(language) is None


@pytest.mark.parametrize(
    "text", ["x = 1\0", "\ud800 = 1", "x = " + "(" * 1000, "x = " + "-" * 100_000 + "1"]
)
def test_hostile_python_is_judged_or_not_but_never_raises(text: str) -> None:
    assert syntax_errors("python", text) != ()


def test_a_byte_order_mark_and_odd_escapes_are_no_errors() -> None:
    assert syntax_errors("python", '\ufeffx = "\\d"\n') == ()


@given(st.sampled_from(sorted(GRAMMARS)), st.text(max_size=80))
def test_any_text_can_be_asked_about(language: str, text: str) -> None:
    errors = syntax_errors(language, text)
    assert errors is not None
    assert all(1 <= line <= text.count("\n") + 1 and column >= 1 for line, column in errors)


def test_a_broken_text_has_a_bounded_number_of_errors() -> None:
    errors = syntax_errors("go", "package a\n" + "var = }\n" * 5_000)
    assert errors is not None
    assert len(errors) <= 100


def test_a_text_that_would_take_minutes_is_given_up() -> None:
    assert tree_errors("cpp", "int main() {\n" + "a<b<" * 400_000 + "\n}\n") is None
    assert tree_errors("cpp", "int a;\n" * 20_000) == ()
