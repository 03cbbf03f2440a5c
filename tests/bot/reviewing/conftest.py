"""A bot at work, for each test anew."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from devchat.settings import Paths
from tests.bot.office import Office
from tests.fakes.github import GitHub


@pytest.fixture
def office(home: Path, paths: Paths) -> Iterator[Office]:
    """A bot over a GitHub with one repository, and a model that reviews nothing."""
    with GitHub(home) as hub:
        office = Office(hub, home, paths)
        yield office
        office.close()
