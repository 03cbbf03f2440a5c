"""Python by ruff: what is found, what is not, and that no settings of a stranger are read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from devchat.analyzers import ANALYZERS
from devchat.analyzers.ruff_rules import RULES
from devchat.analyzers.secrets import PLUGINS
from devchat.analyzers.shellcheck_rules import RULES as SHELL
from devchat.analyzers.zizmor import RULES as AUDITS
from tests.analyzers.looking import Seen, findings, seen
from tests.review.changes import Trees, one_file

FOUND: list[tuple[str, list[Seen]]] = [
    ('if a is "x":\n    pass\na = 1\n', [("F821", 1), ("F632", 1)]),
    ("def f(a):\n    return a is 1\n", [("F632", 2)]),
    ("def f():\n    return missing\n", [("F821", 2)]),
    (
        "def f(a):\n    if a:\n        print(f'{missing}')\n    else: print(lost)\n",
        [("F821", 3), ("F821", 4)],
    ),
    ("def f(a=[]):\n    a.append(1)\n", [("B006", 1)]),
    ("def f(*, a={}):\n    a['x'] = 1\n", [("B006", 1)]),
    ("async def f(x, /, y, a=[]):\n    del a[0]\n", [("B006", 1)]),
    ("def f(a=[]):\n    a += [1]\n", [("B006", 1)]),
    ("def f(x):\n    ++x\n", [("B002", 2)]),
    ("assert (1, 'one')\n", [("F631", 1)]),
    ("print('%s %s' % (1,))\n", [("F507", 1)]),
    ("print('{} {}'.format(1))\n", [("F524", 1)]),
    ("def f():\n    raise NotImplemented\n", [("F901", 2)]),
    ("ValueError('lost')\n", [("PLW0133", 1)]),
    ("try:\n    f = 1\nexcept ValueError or KeyError:\n    f = 2\n", [("B030", 3), ("PLW0711", 3)]),
    ("import time\n\n\nasync def f():\n    time.sleep(1)\n", [("ASYNC251", 5)]),
    ("import logging\n\nlogging.info('%s %s', 1)\n", [("PLE1206", 3)]),
    ("def test_a():\n    pass\n\n\ndef test_a():\n    assert True\n", [("F811", 5)]),
    ("import threading\n\nwith threading.Lock():\n    pass\n", [("PLW2101", 3)]),
    ("x = 1\nx == 2\n", [("B015", 2)]),
    ("def f(a, a):\n    pass\n", [("invalid-syntax", 1)]),
    ("a = 'x' # \u202e hidden\n", [("PLE2502", 1)]),
]


@pytest.mark.parametrize(("head", "expected"), FOUND)
def test_it_is_found_in_a_new_file(head: str, expected: list[Seen]) -> None:
    assert sorted(seen("ruff", None, head, "new.py")) == sorted(expected)


SILENT = [
    'import subprocess\n\nsubprocess.run(["git", "status"])\n',
    "def test_a(tmp_path):\n    assert tmp_path.exists(), 'gone'\n    assert 1 == 1\n",
    "import os\nimport sys as system\n",
    "def f(a=[]):\n    return len(a)\n",
    "def f(a=[0]):\n    a[0] += 1\n",
    "class A:\n    def f(self, a=[]):\n        self.a = a\n",
    "def f(a: 'Missing') -> 'Missing':\n    b: Missing = a\n    return b\n",
    "version = 2\nstr = unicode\n",
    "def f(a, _cache={}):\n    _cache[a] = 1\n",
    "def f(names):\n    for one in names:\n        if one and best < one:\n            pass\n"
    "        best = one\n",
    "globals().update(a=1)\nprint(a)\n",
    "try:\n    unicode\nexcept NameError:\n    unicode = str\n",
    "print(_('translated'))\n",
    "password = 'hunter2'\neval('1')\n",
    "import os\n\ntry:\n    from a import b\nexcept ImportError:\n\n    def b():\n        pass\n",
    "if 1:\n    def a():\n        pass\nelse:\n    def a():\n        pass\n",
    "import a\n\n\n@a.get\ndef f():\n    pass\n\n\n@a.set\ndef f():\n    pass\n",
    "import logging\n\nlogging.info('{} is {}', 1, 2)\n",
    "def f(x):\n    return -(-x)\n",
    "print('100' % {})\n",
    "import time\n\n\ndef f():\n    time.sleep(1)\n",
    "x = 1  # noqa\nprint(y)  # noqa: F821\n",
    "def broken(:\n",
    "",
]


@pytest.mark.parametrize("head", SILENT)
def test_clean_code_stays_silent(head: str) -> None:
    assert seen("ruff", None, head + "\n", "new.py") == []


@pytest.mark.parametrize("path", ["tests/test_a.py", "a_test.py", "benchmarks/b.py"])
def test_bare_comparisons_are_ordinary_in_tests(path: str) -> None:
    assert seen("ruff", None, "x = 1\nx == 2\n", path) == []


CHANGED: list[tuple[str, str, list[Seen]]] = [
    # What was there already is not the change's, wherever it has moved to.
    ("x = y\n", "x = y\nz = 1\n", []),
    ("x = y\nz = 1\n", "z = 1\nx = y\n", []),
    ("if 1:\n    x = y\n", "x = y\n", []),
    ("x = y\n", "x = y + 1\n", []),
    # A second one is.
    ("x = y\n", "x = y\n\nx = y\n", [("F821", 3)]),
    ("x = y\n" + "a = 1\n" * 20, "x = y\n" + "a = 1\n" * 20 + "b = y\n", [("F821", 22)]),
    # It is said of no line that the change did not write.
    ("import os\n\nos.getcwd()\n", "\nos.getcwd()\n", []),
]


@pytest.mark.parametrize(("base", "head", "expected"), CHANGED)
def test_only_what_the_change_brought_is_told(base: str, head: str, expected: list[Seen]) -> None:
    assert seen("ruff", base, head, "a.py") == expected


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_safe_fix_is_the_suggestion(newline: str) -> None:
    head = newline.join(("def f(a):", "    é = a is 'é'", "    return é", ""))
    [found] = findings("ruff", one_file(newline.join(("def f(a):", "")), head))
    assert (found.quote, found.suggestion) == ("    é = a is 'é'", "    é = a == 'é'")


def test_every_finding_explains_itself() -> None:
    assert all(severity in ("error", "warning") for severity, _ in RULES.values())
    assert all(body.endswith(".") or body.endswith("?") for _, body in RULES.values())


HOSTILE = {
    "pyproject.toml": '[project]\nrequires-python = ">=3.9"\n[tool.ruff.lint]\nignore = ["ALL"]\n',
    "ruff.toml": 'extend = "/etc/passwd"\nexclude = ["*"]\n',
    ".ruff.toml": "this is not toml",
    "setup.cfg": "[flake8]\nignore = ALL\n",
}


def test_the_documentation_lists_each_rule_with_its_severity() -> None:
    pages = (Path(__file__).parents[2] / "docs" / "analyzers.md").read_text()
    rows = re.findall(r"^\| \[`([^`]+)`\]\(\S+\)[^|]* \| (error|warning) \|", pages, re.M)
    known = {code: severity for code, (severity, _) in RULES.items()}
    known |= {f"SC{code}": severity for code, (severity, _) in SHELL.items()}
    known |= {audit: severity for audit, (severity, *_) in AUDITS.items()}
    assert dict(rows) == known
    assert all(f"`{name}`" in pages for name in ANALYZERS)
    assert all(what in " ".join(pages.split()) for _, _, what in PLUGINS)


def test_settings_of_the_repository_are_not_obeyed() -> None:
    change = Trees(HOSTILE, HOSTILE | {"a.py": "print(missing)\n"})
    assert [one.rule for one in findings("ruff", change)] == ["F821"]


@pytest.mark.parametrize(
    ("pyproject", "expected"),
    [
        ('[project]\nrequires-python = ">=3.9"\n', ["invalid-syntax"]),
        ('[project]\nrequires-python = ">=3.12,<4"\n', []),
        ('[project]\nrequires-python = "~= 3.11"\n', ["invalid-syntax"]),
        ('[project]\nrequires-python = ">=2.7"\n', []),
        ("[project]\n", []),
        ("project = 1\n", []),
        ("not toml", []),
    ],
)
def test_syntax_is_judged_by_the_oldest_python_that_base_names(
    pyproject: str, expected: list[str]
) -> None:
    both = {"pyproject.toml": pyproject}
    change = Trees(both, both | {"a.py": "type X = int\n"})
    assert [one.rule for one in findings("ruff", change)] == expected


def test_a_target_that_the_change_itself_names_does_not_count() -> None:
    head = {"pyproject.toml": '[project]\nrequires-python = ">=3.9"\n', "a.py": "type X = int\n"}
    assert findings("ruff", Trees({}, head)) == []
