"""Text that is made to take for ever: each of these took minutes or more once."""

from __future__ import annotations

import pytest

from tests.analyzers.looking import analyzer, findings, seen
from tests.review.changes import Trees, one_file

UNKNOWN = "def f():\n    print(nam)\n"


@pytest.mark.parametrize("words", ["del ", "global ", "nam ", "for ", "nam=="])
def test_a_line_of_a_thousand_times_the_same_word_costs_no_more_than_its_length(
    words: str,
) -> None:
    head = f"{UNKNOWN}    # {words * (900_000 // len(words))}\n"
    found = seen("ruff", "", head, "a.py")
    assert found == [("F821", 2)]


def test_a_thousand_problems_of_a_file_are_not_judged_one_by_one() -> None:
    head = "import os\n" + "".join(f"if {number} is 1: pass\n" for number in range(8_000))
    found = findings("ruff", one_file("import os\n", head))
    assert {one.rule for one in found} == {"F632"}
    assert len(found) == 100
    assert findings("ruff", one_file(head, f"{head}os.sep\n")) == []


def test_a_script_of_blank_lines_is_looked_at() -> None:
    head = "#!/bin/bash\n" + "\n" * 90_000 + "rm -rf $1\n"
    assert seen("shellcheck", "#!/bin/bash\n", head, "a.sh") == [("SC2086", 90_002)]


def test_a_script_that_says_rm_very_often_is_looked_at() -> None:
    head = f"#!/bin/bash\necho $1 # {'rm $a' * 15_000}\n"
    assert seen("shellcheck", "#!/bin/bash\n", head, "a.sh") == []


def test_twenty_thousand_conflicts_are_told_of() -> None:
    head = f"{'<' * 7} a\nx\n{'=' * 7}\ny\n{'>' * 7} b\n" * 20_000
    change = Trees({}, {"a.txt": head})
    assert len(list(analyzer("conflicts").analyse(change.diff(), change))) == 20_000
