"""The seeded changes are what they say, and git holds them as they are."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from devchat.prompts import shipped_folder
from tests.evaluation.cases import Case, Golden, make_repository, read_cases

CASES = read_cases()
BUGS = [one for one in CASES if not one.clean]
GOLDEN = [pytest.param(case, golden, id=case.name) for case in BUGS for golden in case.golden]


def test_there_are_bugs_in_many_languages_and_changes_without_any() -> None:
    assert len(BUGS) >= 30
    assert len({one.language for one in BUGS}) >= 6
    assert sum(one.clean for one in CASES) >= 12
    assert sum(any(fault.analyzer for fault in one.golden) for one in BUGS) >= len(BUGS) / 4


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_changes_something_and_says_what(case: Case) -> None:
    assert case.base != case.head
    assert case.what.endswith(".")
    assert {"base", "head"} & {path.split("/")[0] for path in (*case.base, *case.head)} == set()


@pytest.mark.parametrize(("case", "golden"), GOLDEN)
def test_a_golden_finding_quotes_its_lines(case: Case, golden: Golden) -> None:
    tree = case.base if golden.side == "LEFT" else case.head
    lines = tree[golden.path].decode().replace("\r\n", "\n").split("\n")
    quote = "\n".join(lines[golden.start_line - 1 : golden.line])
    if golden.analyzer == "secrets":
        shown, _, rest = golden.quote.partition("…")
        assert quote.startswith(shown)
        assert quote.endswith(rest)
    else:
        assert quote == golden.quote
    assert golden.suggestion != golden.quote
    assert golden.unproven == "" or golden.suggestion is not None


@pytest.mark.parametrize("name", ["csharp-utc", "clean-chinese", "ruby-secret"])
def test_git_holds_a_case_as_it_is(name: str, tmp_path: Path) -> None:
    case = next(one for one in CASES if one.name == name)
    make_repository(case, tmp_path)
    for revision, tree in (("main~1", case.base), ("main", case.head)):
        for path, data in tree.items():
            show = ["git", "-C", str(tmp_path), "show", f"{revision}:{path}"]
            assert subprocess.run(show, capture_output=True, check=True).stdout == data


def test_the_examples_of_the_prompt_give_no_case_away() -> None:
    prompt = (shipped_folder() / "review.md").read_text("utf-8")
    told = [line.split("|", 1)[1].strip() for line in prompt.split("\n") if "|" in line]
    quoted = {
        line.strip() for case in BUGS for golden in case.golden for line in golden.quote.split("\n")
    }
    assert [line for line in told if len(line) > 20 and line in quoted] == []


def test_line_ends_are_kept() -> None:
    case = next(one for one in CASES if one.name == "csharp-utc")
    assert b"\r\n" in case.head["src/Clock.cs"]
