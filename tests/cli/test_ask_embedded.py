"""`devchat ask` with nothing set: the embedded model answers, and no network is touched."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from devchat.backends.local.control import engines, stop_engines
from tests.conftest import Devchat

# Loaded by every Python that starts with it on its path, the engine's included.
REFUSE_NETWORK = """
import socket, sys

def refuse(event, args):
    if event == "socket.__new__" and args[1] in (socket.AF_INET, socket.AF_INET6):
        raise PermissionError("this test has no network")
    if event in ("socket.getaddrinfo", "socket.gethostbyname"):
        raise PermissionError("this test has no network")

sys.addaudithook(refuse)
"""


@pytest.fixture(autouse=True)
def ended(home: Path) -> Iterator[None]:
    yield
    stop_engines(home / "run", None)


@pytest.fixture
def offline(home: Path) -> dict[str, str]:
    (home / "no-network").mkdir()
    (home / "no-network" / "sitecustomize.py").write_text(REFUSE_NETWORK)
    return {"PYTHONPATH": str(home / "no-network")}


def test_the_embedded_model_answers_without_a_network(
    devchat: Devchat, offline: dict[str, str], home: Path
) -> None:
    (home / "add.py").write_text("def add(a, b):\n    return a + b\n")
    ask = ("ask", "--max-tokens", "24", "--temperature", "0", "-f", "add.py", "what is this?")
    done = devchat(*ask, env=offline)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.split()) >= 5
    (said, cut) = done.stderr.strip().split("\n")
    assert "SmolLM2" in said and "this machine" in said and "devchat models list" in said
    assert "--max-tokens" in cut
    again = devchat(*ask, env=offline)
    assert again.stdout == done.stdout


def test_an_engine_stays_for_the_next_question(devchat: Devchat) -> None:
    ask = ("ask", "--json", "--max-tokens", "8", "hello?")
    first, second = (json.loads(devchat(*ask).stdout) for _ in range(2))
    assert first["model"] == second["model"] == "SmolLM2-135M-Instruct"
    assert first["seconds"]["load"] > 0 == second["seconds"]["load"]
    (engine,) = json.loads(devchat("models", "ps", "--json").stdout)["engines"]
    assert Path(engine["path"]).suffix == ".gguf"
    assert devchat("models", "stop", "--all").returncode == 0
    assert json.loads(devchat("models", "ps", "--json").stdout)["engines"] == []


def test_a_schema_holds_even_for_a_tiny_model(devchat: Devchat, home: Path) -> None:
    schema = {
        "type": "object",
        "properties": {"name": {"type": "string", "maxLength": 12}, "lines": {"type": "integer"}},
        "required": ["name", "lines"],
        "additionalProperties": False,
    }
    (home / "s.json").write_text(json.dumps(schema))
    done = devchat("ask", "--schema", "s.json", "--max-tokens", "200", "describe hello.py")
    assert set(json.loads(done.stdout)) == {"name", "lines"}
    assert isinstance(json.loads(done.stdout)["lines"], int)


def test_nothing_is_sent_to_another_model_when_one_fails(
    devchat: Devchat, offline: dict[str, str]
) -> None:
    done = devchat("ask", "-m", "ollama:llama3.2", "hello?", env=offline)
    assert (done.stdout, done.returncode) == ("", 3)
    assert "SmolLM2" not in done.stderr


def test_a_dry_run_counts_with_the_models_own_tokenizer(devchat: Devchat) -> None:
    sent = json.loads(devchat("ask", "--dry-run", "--json", "hello?").stdout)
    assert sent["exact"] is True and sent["window"] == 8192
    assert [message["role"] for message in sent["messages"]] == ["system", "user"]


def test_an_engine_killed_in_the_middle_of_an_answer(environ: dict[str, str], home: Path) -> None:
    line = ["ask", "--max-tokens", "2000", "count from one to a thousand, slowly"]
    process = subprocess.Popen(
        [sys.executable, "-m", "devchat", *line],
        env=environ, cwd=home, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout
    came = process.stdout.read(8)
    (engine,) = engines(home / "run")
    os.kill(engine.pid, signal.SIGKILL)
    rest, said = process.communicate(timeout=30)
    assert process.returncode == 3
    assert b"error: the engine was ended" in said and b"hint: " in said
    assert (came + rest).endswith(b"\n")
