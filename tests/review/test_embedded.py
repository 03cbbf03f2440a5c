"""The whole pipeline on the embedded model: what it may do, and what it can't make up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from devchat.analyzers import open_analyzers
from devchat.backends import Backend
from devchat.backends.local import open_local
from devchat.backends.local.control import stop_engines
from devchat.changes import Review
from devchat.models import LocalModel
from devchat.policy import Policy
from devchat.review import Reviewers, Wishes, review
from devchat.settings import Local, Settings
from tests.review.changes import PROMPTS, Trees, states

pytestmark = pytest.mark.engine

BASE = "def mean(items):\n    return sum(items) / len(items)\n"
HEAD = BASE + "\n\ndef kind(name):\n    if name is 'total':\n        return 1\n    return 2\n"
CHANGE = Trees({"stats.py": BASE}, {"stats.py": HEAD, "new.py": "x = 1\ny = (\n"})


@pytest.fixture
def backend(settings: Settings, embedded: LocalModel) -> Iterator[Backend]:
    """The embedded model, in an engine of this test's own."""
    backend = open_local(embedded, replace(settings, local=Local(threads=1)))
    yield backend
    backend.close()
    stop_engines(settings.paths.runtime)


def reviewed(backend: Backend, **wishes: bool) -> Review:
    reviewers = Reviewers(open_analyzers(), backend, PROMPTS)
    wanted = Wishes(temperature=0.0, seed=1, max_findings=20, **wishes)  # type: ignore[arg-type]
    *_, last = review(CHANGE.diff(), CHANGE, reviewers, Policy(), wanted)
    assert isinstance(last, Review)
    return last


def test_it_only_words_what_analyzers_found(backend: Backend) -> None:
    done = reviewed(backend)
    assert {one.source for one in done.findings} == {"python-syntax", "ruff"}
    assert (done.receipt.model, done.receipt.tier) == (backend.name, "tiny")
    assert done.receipt.usage.completion_tokens > 0
    assert done.summary
    assert {hunk.reason for file in done.receipt.files for hunk in file.hunks} == {"analyzers only"}


@pytest.mark.measured
def test_where_it_is_let_find_it_quotes_real_lines(backend: Backend) -> None:
    done = reviewed(backend, model_findings=True)
    assert states(done) == ["reviewed", "reviewed"]
    heads = {path: text.split("\n") for path, text in CHANGE.at_head.items()}
    found = [one for one in (*done.findings, *done.overflow) if one.source == "model"]
    for one in found:
        assert one.start_line is not None and one.line is not None
        assert one.quote == "\n".join(heads[one.path][one.start_line - 1 : one.line])
    assert done.receipt.dropped.get("no finding at all", 0) == 0
