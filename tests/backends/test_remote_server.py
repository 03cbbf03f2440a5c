"""The remote backend against a real server: llama_cpp.server with the embedded weights."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from devchat.backends import Backend
from devchat.errors import BackendError, ContextError
from devchat.settings import Settings
from devchat.types import Chunk, Completion, Message, Options, Request
from tests.fakes.service import open_at

pytestmark = pytest.mark.engine
LISTENS = re.compile(r"running on (http://[\d.:]+)")


@pytest.fixture(scope="session")
def server(embedded_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server on a free port."""
    log = tmp_path_factory.mktemp("server") / "log"
    command = [sys.executable, "-m", "llama_cpp.server", "--model", str(embedded_path)]
    command += ["--host", "127.0.0.1", "--port", "0", "--n_ctx", "512", "--verbose", "False"]
    with (
        log.open("wb") as output,
        subprocess.Popen(command, stdout=output, stderr=output) as process,
    ):
        try:
            yield wait_for(log, process)
        finally:
            process.terminate()


def wait_for(log: Path, process: subprocess.Popen[bytes]) -> str:
    """Wait until the server says where it listens."""
    deadline = time.monotonic() + 90
    while process.poll() is None and time.monotonic() < deadline:
        if found := LISTENS.search(log.read_text(errors="replace")):
            return found[1]
        time.sleep(0.05)
    raise AssertionError(log.read_text(errors="replace"))


@pytest.fixture
def backend(server: str, settings: Settings) -> Iterator[Backend]:
    """The backend of the served model."""
    backend = open_at(f"{server}/v1", settings, context_tokens=512, tier="tiny")
    yield backend
    backend.close()


def request(text: str, **options: Any) -> Request:
    return Request((Message.of("user", text),), Options(temperature=0.0, seed=1, **options))


def test_streams_an_answer(backend: Backend) -> None:
    *chunks, completion = backend.stream(request("Say hello.", max_tokens=24))
    assert isinstance(completion, Completion)
    assert len(chunks) > 2 and completion.text
    assert "".join(c.text for c in chunks if isinstance(c, Chunk)) == completion.text
    assert not completion.usage.exact and completion.usage.completion_tokens > 2
    assert completion.finish_reason in ("stop", "length")


def test_max_tokens_and_stop_end_it(backend: Backend) -> None:
    *_, completion = backend.stream(request("Count from 1 to 100.", max_tokens=4))
    assert isinstance(completion, Completion) and completion.finish_reason == "length"
    *_, stopped = backend.stream(request("Count from 1 to 100.", max_tokens=30, stop=("3",)))
    assert isinstance(stopped, Completion) and "3" not in stopped.text


def test_a_schema_binds_the_answer(backend: Backend) -> None:
    schema = {
        "type": "object",
        "properties": {"colour": {"enum": ["red", "blue"]}},
        "required": ["colour"],
        "additionalProperties": False,
    }
    for _ in range(2):  # the second time the rung is known
        *_, completion = backend.stream(request("A colour?", max_tokens=60, schema=schema))
        assert isinstance(completion, Completion)
        assert json.loads(completion.text)["colour"] in ("red", "blue")


def test_many_answers(backend: Backend) -> None:
    asked = [request(f"Say {word}.", max_tokens=4) for word in ("one", "two", "three")]
    results = dict(backend.complete_many(asked))
    assert sorted(results) == [0, 1, 2]
    assert all(isinstance(result, Completion) for result in results.values())


def test_too_long_a_request_is_refused_with_numbers(backend: Backend) -> None:
    with pytest.raises(ContextError, match="its window holds 512"):
        list(backend.stream(request("word " * 900)))


def test_another_address_of_it_is_explained(server: str, settings: Settings) -> None:
    backend = open_at(f"{server}/elsewhere", settings)
    with pytest.raises(BackendError, match="does not know this address") as caught:
        list(backend.stream(request("Hello")))
    assert "It often ends in `/v1`" in caught.value.hint
    backend.close()
