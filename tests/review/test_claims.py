"""What a model claims of names is looked up; what is wrong or can't be known is not shown."""

from __future__ import annotations

from typing import Any

import pytest

from tests.review.changes import Patch, Trees, Unbound, answer, one_file, run, said

BASE = "import os\n\n\ndef f():\n    return 1\n"
LINE = "    return os.sep + gone + len(path) * size"
DEF = "def f(size, name):"
HEAD = f"import os\nfrom sys import path\n\n\n{DEF}\n{LINE}\n"
JS = "import {\n  join,\n} from 'path';\nexport const a = 1;\n"
JS_HEAD = JS + "function b(x) {\n  return join(x, missing);\n}\n"
GO = 'package a\n\nimport (\n\t"fmt"\n)\n'
GO_HEAD = GO + "\nfunc f() {\n\tfmt.Println(other())\n}\n"
PY, TREES_JS, TREES_GO = (
    one_file(BASE, HEAD, b__py="import a\n\na.f(1, 2)\n"),
    one_file(JS, JS_HEAD, "a.js"),
    Trees({"a.go": GO}, {"a.go": GO_HEAD, "b.go": "package a\n\nfunc other() int { return 1 }\n"}),
)

CATCH = """def g(x):
    try:
        match x:
            case {"a": one, **rest}:
                return one, rest
            case [two, *more]:
                return two, more
    except ValueError as error:
        return error
"""
CAUGHT = one_file("", CATCH)
BROKEN = one_file("", "import os\n\n# sep is os.sep\nsize = os.sep + (\n")
TWO = one_file("", "def a():\n    unused = 1\n    return 2\n\n\ndef b():\n    return unused\n")

Case = tuple[Trees, str, dict[str, Any]]
WRONG: list[Case] = [
    (PY, LINE, {"title": "`os` is not imported"}),
    (PY, LINE, {"title": "The name os.sep is undefined"}),
    (PY, LINE, {"title": "`len` is not defined"}),
    (PY, LINE, {"title": "NameError", "body": "`path` is never imported, so this raises."}),
    (PY, LINE, {"title": "It fails", "body": "There is a missing import for `path`."}),
    (PY, LINE, {"title": "Undefined variable `size`"}),
    (PY, LINE, {"title": "变量 `size` 未定义"}),
    (PY, LINE, {"title": "未导入 `os`"}),
    (PY, "from sys import path", {"title": "Unused import `path`"}),
    (PY, "from sys import path", {"title": "`path` 从未被使用"}),
    (PY, DEF, {"title": "The parameter `size` is never used"}),
    (PY, DEF, {"title": "`f` is never called"}),
    (PY, DEF, {"title": "Dead code", "body": "Nothing calls `f()` any more."}),
    (PY, DEF, {"title": "没有任何地方调用 `f`"}),
    (TREES_JS, "  return join(x, missing);", {"title": "`join` is not imported"}),
    (TREES_JS, "  return join(x, missing);", {"title": "`x` is not defined"}),
    (TREES_GO, "\tfmt.Println(other())", {"title": "`other` is undefined"}),
    (TREES_GO, "\tfmt.Println(other())", {"title": "`fmt` is not imported"}),
]
WRONG += [(CAUGHT, "def g(x):", {"title": f"`{name}` is undefined"}) for name in (
    "one", "rest", "two", "more", "error", "g", "x",
)]  # fmt: skip
WRONG += [(BROKEN, "size = os.sep + (", {"title": "`os` is not defined"})]
RIGHT: list[Case] = [
    (BROKEN, "size = os.sep + (", {"title": "`sep` is not defined"}),
    (TWO, "    unused = 1", {"title": "The variable `unused` is never used"}),
    (PY, LINE, {"title": "`gone` is not defined"}),
    (PY, LINE, {"title": "未定义的变量 `gone`"}),
    (PY, DEF, {"title": "The parameter `name` is never used"}),
    (PY, LINE, {"title": "`size` is undefined when the caller passes nothing"}),
    (PY, LINE, {"title": "The result is not used"}),
    (PY, LINE, {"title": "Undefined behaviour of a negative size"}),
    (TREES_JS, "  return join(x, missing);", {"title": "`missing` is not defined"}),
    (TREES_JS, "function b(x) {", {"title": "`b` is never called"}),
    (TREES_GO, "\tfmt.Println(other())", {"title": "`nowhere` is undefined"}),
]
ABSENT = "If `path` does not exist, it fails."
RIGHT += [  # These speak of a value or of what is left out, not of a name that there is not.
    (PY, LINE, {"title": "It leaks", "body": "`close()` is never called on an error."}),
    (PY, LINE, {"title": "`f()` is not called again"}),
    (PY, LINE, {"title": "A file may be missing", "body": ABSENT}),
    (PY, LINE, {"title": "With an unknown `size` it fails"}),
    (PY, LINE, {"title": "当 `size` 未定义时出错"}),
    (PY, LINE, {"title": "It fails", "body": "When `len` is not defined by the caller."}),
    (TREES_JS, "  return join(x, missing);", {"title": "`x` is undefined, so join throws"}),
]
WRONG += [
    (TREES_JS, "  return join(x, missing);", {"title": "`x` is undefined: a ReferenceError"}),
    (PY, LINE, {"title": "It fails", "body": "It says that `len` is undefined."}),
]
STARRED = one_file(BASE, HEAD.replace("import path", "import *"))
UNKNOWN: list[Case] = [
    (Patch({"a.py": BASE}, {"a.py": HEAD}), LINE, {"title": "`gone` is not defined"}),
    (Patch({"a.py": BASE}, {"a.py": HEAD}), DEF, {"title": "`f` has no callers"}),
    (STARRED, LINE, {"title": "`gone` is not defined"}),
    (PY, LINE, {"title": "x", "body": " ".join(f"`gone{at}` is undefined." for at in range(9))}),
    (PY, "", {"title": "The variable `gone` is unused"}),
    (PY, "    return 1", {"title": "The variable `gone` is unused"}),
    (Trees(TREES_GO.at_base, TREES_GO.at_head, complete=False), "\tfmt.Println(other())",
     {"title": "`nowhere` is undefined"}),
    (Trees({"a.go": GO}, {"a.go": GO_HEAD}, complete=False), "func f() {",
     {"title": "`f` is never called"}),
]  # fmt: skip


def shown(case: Case) -> tuple[int, dict[str, int]]:
    trees, quote, words = case
    path = trees.diff().files[0].path
    done = run(trees, Unbound([answer(said(quote, path=path, **{"body": "", **words}))]))
    return len(done.findings), dict(done.receipt.dropped)


def words_of(case: object) -> str:
    return case[2]["title"] if isinstance(case, tuple) else ""


@pytest.mark.parametrize("case", WRONG, ids=words_of)
def test_a_wrong_claim_is_dropped(case: Case) -> None:
    assert shown(case) == (0, {"refuted by the files": 1})


@pytest.mark.parametrize("case", RIGHT, ids=words_of)
def test_a_right_claim_stays(case: Case) -> None:
    assert shown(case) == (1, {})


@pytest.mark.parametrize("case", UNKNOWN, ids=words_of)
def test_a_claim_that_can_not_be_looked_up_is_dropped(case: Case) -> None:
    assert shown(case) == (0, {"could not be looked up": 1})
