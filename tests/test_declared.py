"""Whatever the code imports is declared in pyproject.toml, not left to come with something else."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def imported() -> Iterator[str]:
    """Yield the first part of whatever the code imports."""
    for path in (file for top in ("devchat", "bot") for file in ROOT.glob(f"{top}/**/*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                yield from (alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield node.module.partition(".")[0]


def declared() -> Iterator[str]:
    """Yield the distributions that users get, in one spelling."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = (rows for name, rows in project["optional-dependencies"].items() if name != "dev")
    for row in (*project["dependencies"], *(row for rows in extras for row in rows)):
        yield spelled(re.split(r"[^\w.-]", row)[0])


def spelled(name: str) -> str:
    """Spell a distribution as PyPI compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.no_cover
def test_what_is_imported_is_declared() -> None:
    foreign = set(imported()) - sys.stdlib_module_names - {"devchat", "bot"}
    known, found = set(declared()), packages_distributions()
    lacking = {name for name in foreign if not {spelled(one) for one in found[name]} & known}
    assert lacking == set()
