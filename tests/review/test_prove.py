"""A suggestion is shown as proven only where it was applied and the file still parsed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from devchat.changes import Finding, Review
from tests.review.changes import Checker, Patch, Trees, Unbound, answer, one_file, run, said

BASE = "def f(items):\n    total = sum(items)\n    return total\n"
HEAD = "def f(items):\n    total = sum(items)\n    mean = total / len(items)\n    return mean\n"
MEAN = "    mean = total / len(items)"
GO = "package a\n\nfunc f(n int) int {\n\treturn n\n}\n"
GO_HEAD = "package a\n\nfunc f(n int) int {\n\treturn n + 1\n}\n"
TEXT, TEXT_HEAD = "one\ntwo\n", "one\n  two three\n"


def suggested(trees: Trees, quote: str, suggestion: str, last_quote: str | None = None) -> Review:
    path = next(path for path in trees.at_head if trees.at_head[path] != trees.at_base.get(path))
    finding = said(quote, path=path, suggestion=suggestion, last_quote=last_quote)
    return run(trees, Unbound([answer(finding)]))


PROVEN = [
    (BASE, HEAD, "a.py", MEAN, "    mean = total / max(1, len(items))"),
    (BASE, HEAD, "a.py", MEAN, "    mean = total / max(1, len(items))\n"),
    (BASE, HEAD, "a.py", MEAN, "    n = len(items)\n    mean = total / n if n else 0"),
    (BASE, HEAD, "a.py", "    return mean", "    return mean if items else None"),
    (BASE, f"{HEAD}    print(mean)\n", "a.py", "    print(mean)", ""),
    (GO, GO_HEAD, "a.go", "\treturn n + 1", "\treturn n + 2"),
    (BASE.replace("\n", "\r\n"), HEAD.replace("\n", "\r\n"), "a.py", MEAN, "    mean = 0"),
    # A dedent is how a return that is one step too deep is corrected.
    ("def f(x):\n    return 1\n", "def f(x):\n    for y in x:\n        y()\n        return 1\n",
     "a.py", "        return 1", "    return 1"),
    # What was broken, parses again.
    (BASE, HEAD.replace("len(items)", "len(items"), "a.py", MEAN[:-1], MEAN),
]  # fmt: skip


@pytest.mark.parametrize(("base", "head", "path", "quote", "suggestion"), PROVEN)
def test_a_suggestion_that_parses_is_proven(
    base: str, head: str, path: str, quote: str, suggestion: str
) -> None:
    done = suggested(one_file(base, head, path), quote, suggestion)
    (finding,) = done.findings
    assert (finding.suggestion, finding.proven) == (suggestion.removesuffix("\n"), True)
    assert done.receipt.notes == ()


INDENT, REPEATS = "breaks the indentation", "repeats a line next to it"
MIXED = "\tif n > 0 {\n        return n\n\t}\n\treturn 0"
IF = "    if items:\n        mean = 0\n    return mean"
PROVEN += [
    ("a = 1\n", "a = 1\nb = [1\n", "a.toml", "b = [1", "b = [1]"),
    ('{"a": 1}\n', '{"a": 2,}\n', "a.json", '{"a": 2,}', '{"a": 2}'),
    # The file is broken, and the indentation is what is wrong.
    ("a {\n}\n", "int f() {\n  return 1;\n", "a.c", "  return 1;", "return 1; }"),
]
WRONG = [
    ("a = 1\n", "a = 2\n", "a.toml", "a = 2", "a = ", "does not parse"),
    ("\ufeff[1]\n", "\ufeff[1,\n2]\n", "a.json", "2]", "2", "does not parse"),
    (BASE, HEAD, "a.py", MEAN, MEAN, "changes nothing"),
    (BASE, HEAD, "a.py", MEAN, f"{MEAN}  ", "changes nothing"),
    (BASE, HEAD, "a.py", MEAN, "    mean = total /", "does not parse"),
    (BASE, HEAD, "a.py", MEAN, "mean = 0", INDENT),
    (BASE, HEAD, "a.py", MEAN, "\tmean = 0", INDENT),
    (BASE, HEAD, "a.py", MEAN, IF, REPEATS),
    (BASE, HEAD, "a.py", MEAN, "    total = sum(items)\n    mean = 0", REPEATS),
    (BASE, HEAD, "a.py", "    return total", "    return 0", "replaces no line of the head"),
    (BASE, HEAD, "a.py", "no such line", "    return 0", ""),
    (GO, GO_HEAD, "a.go", "\treturn n + 1", "\treturn n +", "does not parse"),
    (GO, GO_HEAD, "a.go", "\treturn n + 1", "    return n", INDENT),
    (GO, GO_HEAD, "a.go", "\treturn n + 1", MIXED, INDENT),
]  # fmt: skip


@pytest.mark.parametrize(("base", "head", "path", "quote", "suggestion", "why"), WRONG)
def test_a_wrong_suggestion_goes_and_its_finding_stays(
    base: str, head: str, path: str, quote: str, suggestion: str, why: str
) -> None:
    done = suggested(one_file(base, head, path), quote, suggestion)
    (finding,) = done.findings
    assert (finding.suggestion, finding.proven) == (None, False)
    assert done.receipt.notes == ((f"1 suggestion was left out: 1 {why}",) if why else ())


UNPROVEN = [
    (one_file("a:\n", "a:\n   b: 1\n", "a.yml"), "   b: 1", "  b: 1"),
    (one_file("[1]\n", "[" * 99_999 + "\n1]\n", "a.json"), "1]", "2]"),
    (one_file(TEXT, TEXT_HEAD, "a.txt"), "  two three", "  two"),
    (Patch({"a.py": BASE}, {"a.py": HEAD}), MEAN, "    mean = 0"),
    (one_file(BASE, HEAD + "def (\n"), MEAN, "    mean = 0"),
]


@pytest.mark.parametrize(("trees", "quote", "suggestion"), UNPROVEN)
def test_what_can_not_be_proven_is_not_said_to_be(
    trees: Trees, quote: str, suggestion: str
) -> None:
    (finding,) = suggested(trees, quote, suggestion).findings
    assert (finding.suggestion, finding.proven) == (suggestion, False)


def test_several_lines_are_replaced_together() -> None:
    done = suggested(
        one_file(BASE, HEAD), MEAN, "    return total / max(1, len(items))", "    return mean"
    )
    (finding,) = done.findings
    assert (finding.start_line, finding.line, finding.proven) == (3, 4, True)


def test_without_its_last_line_a_suggestion_would_replace_too_little() -> None:
    done = suggested(one_file(BASE, HEAD), MEAN, "    return 0", "    return nothing")
    (finding,) = done.findings
    assert (finding.start_line, finding.line, finding.suggestion) == (3, 3, None)


def test_an_analyzer_must_prove_its_suggestion_too() -> None:
    finding = Finding("a.py", "RIGHT", 3, 3, "error", "bug", "t", "b", MEAN, source="checker")
    good = replace(finding, suggestion="    mean = 0")
    bad = replace(finding, suggestion="    mean = (")
    (one,) = run(one_file(BASE, HEAD), None, Checker((good,))).findings
    (other,) = run(one_file(BASE, HEAD), None, Checker((bad,))).findings
    assert (one.proven, other.proven, other.suggestion) == (True, False, None)


def test_many_wrong_suggestions_are_counted_in_one_note() -> None:
    wrong = [
        said(MEAN, suggestion=MEAN),
        said("    return mean", suggestion="    return (", title="Other words altogether"),
    ]
    done = run(one_file(BASE, HEAD), Unbound([answer(*wrong)]))
    note = "2 suggestions were left out: 1 changes nothing, 1 does not parse"
    assert done.receipt.notes == (note,)


def test_in_a_file_that_takes_long_to_parse_nothing_is_proven_nor_refuted() -> None:
    more = "\n" * 9 + f"TEXT = '{'x' * 400_000}'\n"
    trees = one_file(BASE + more, HEAD + more)
    words = {"body": "`items` is not defined."}
    found = [said(MEAN, suggestion="    mean = 0"), said("    return mean", title="X", **words)]
    done = run(trees, Unbound(lambda _: answer(*found)))
    assert [(one.suggestion, one.proven) for one in done.findings] == [("    mean = 0", False)]
    assert done.receipt.dropped == {"refuted by the files": 1}
