"""The seeded changes in `tests/cases`: read, checked, and made into real git repositories."""

from __future__ import annotations

import os
import subprocess
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from devchat.changes import Finding, Severity, Side

CASES = Path(__file__).parent.parent / "cases"
SUFFIX = ".txt"
"""Every file of a case ends so: what is broken on purpose is nobody's code."""


@dataclass(frozen=True, slots=True)
class Golden:
    """A fault, and what an ideal reviewer says of it.

    `severity` is the least that it deserves. `analyzer` must find it by `rule`; where that is ""
    only a model can. `unproven` says why the suggestion can't be proven.
    """

    path: str
    side: Side
    start_line: int
    line: int
    quote: str
    severity: Severity
    category: str
    title: str
    body: str
    suggestion: str | None = None
    analyzer: str = ""
    rule: str = ""
    unproven: str = ""

    def is_hit_by(self, finding: Finding) -> bool:
        """Tell whether a finding stands on lines of this one."""
        if (finding.path, finding.side) != (self.path, self.side):
            return False
        if finding.start_line is None or finding.line is None:
            return False
        return finding.start_line <= self.line and self.start_line <= finding.line


@dataclass(frozen=True, slots=True)
class Case:
    """A change: its trees at base and head, and what is wrong in it (nothing, where it is clean).

    `what` says what is wrong, or why it looks so and isn't.
    """

    name: str
    language: str
    what: str
    base: Mapping[str, bytes]
    head: Mapping[str, bytes]
    golden: tuple[Golden, ...]

    @property
    def clean(self) -> bool:
        """Whether nothing is to be found."""
        return not self.golden


def read_cases() -> tuple[Case, ...]:
    """Read all cases, in the order of their names."""
    return tuple(_read_case(path.parent) for path in sorted(CASES.glob("*/case.toml")))


def _read_case(folder: Path) -> Case:
    table = tomllib.loads((folder / "case.toml").read_text("utf-8"))
    fill = {key.encode(): "".join(parts).encode() for key, parts in table.pop("fill", {}).items()}
    base, head = (_read_tree(folder / side, fill) for side in ("base", "head"))
    golden = tuple(Golden(**one) for one in table.pop("findings", ()))
    assert table.pop("kind") == ("bug" if golden else "clean"), folder.name
    return Case(folder.name, table.pop("language"), table.pop("what"), base, head, golden)


def _read_tree(folder: Path, fill: Mapping[bytes, bytes]) -> dict[str, bytes]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        path.relative_to(folder).as_posix().removesuffix(SUFFIX): _filled(path.read_bytes(), fill)
        for path in files
    }


def _filled(data: bytes, fill: Mapping[bytes, bytes]) -> bytes:
    for mark, value in fill.items():
        data = data.replace(mark, value)
    return data


def make_repository(case: Case, folder: Path) -> None:
    """Make a repository of two commits: base, and head on top of it."""
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
    }
    git = ["git", "-C", str(folder)]
    subprocess.run([*git, "init", "--quiet", "--initial-branch=main"], env=environ, check=True)
    stream = _commit("base", case.base) + _commit("head", case.head)
    fast_import = [*git, "fast-import", "--quiet", "--done"]
    subprocess.run(fast_import, input=stream + b"done\n", env=environ, check=True)


def _commit(message: str, tree: Mapping[str, bytes]) -> bytes:
    """Write a commit as `git fast-import` reads it."""
    parts: Sequence[bytes] = [
        b"commit refs/heads/main\ncommitter A <a@example.org> 1700000000 +0000\n",
        _data(message.encode()),
        b"deleteall\n",
        *(b"M 100644 inline " + path.encode() + b"\n" + _data(data) for path, data in tree.items()),
    ]
    return b"".join(parts)


def _data(data: bytes) -> bytes:
    return b"data %d\n%s\n" % (len(data), data)
