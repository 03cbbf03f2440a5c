"""What a team sees on a pull."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from devchat.settings import Paths
from tests.bot.office import BROKEN, Office
from tests.fakes.github import GitHub


@pytest.fixture
def office(home: Path, paths: Paths) -> Iterator[Office]:
    """A bot at work."""
    with GitHub(home) as hub:
        office = Office(hub, home, paths)
        yield office
        office.close()


def test_a_clean_pull_gets_the_check_and_nothing_else(office: Office) -> None:
    pull = office.open({"a.py": "x = 1\n"})
    office.work()
    (check,) = office.repository.checks
    print(check)
    assert (check.status, check.conclusion) == ("completed", "success")
    assert pull.reviews == [] and pull.comments == []


def test_a_finding_gets_a_comment_at_its_line(office: Office) -> None:
    pull = office.open({"a.json": BROKEN})
    office.work()
    (check,) = office.repository.checks
    print(check)
    (review,) = pull.reviews
    print(review)
    assert check.conclusion == "failure" and len(check.annotations) == 1
    assert pull.comments == []
