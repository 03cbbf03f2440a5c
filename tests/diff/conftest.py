"""A repository to write trees into; one for all tests, for each writes its trees anew."""

from __future__ import annotations

import pytest

from tests.diff.trees import Repository


@pytest.fixture(scope="session")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    return Repository(tmp_path_factory.mktemp("trees"))
