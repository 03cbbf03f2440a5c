"""`devchat-bot doctor`: everything right, and each thing wrong by itself, against a GitHub."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.webhook import ROUTE
from tests.bot.programs import bot_environ, run_bot
from tests.fakes.github import GitHub

NO_KEY = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"
HOOK = f"http://127.0.0.1:9{ROUTE}"
NAMES = ["configuration", "secret", "key", "GitHub", "permissions", "events", "webhook", "clock"]
NAMES += ["database", "model"]


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[GitHub]:
    with GitHub(tmp_path, hook=HOOK) as hub:
        yield hub


@pytest.fixture
def environ(hub: GitHub, home: Path) -> dict[str, str]:
    return bot_environ(home, GITHUB_API_URL=hub.url, GITHUB_APP_ID=str(hub.app_id))


def doctor(environ: dict[str, str], *argv: str) -> tuple[int, list[str]]:
    done = run_bot(environ, "doctor", *argv)
    assert done.stderr == ""
    return done.returncode, done.stdout.splitlines()


def wrong(environ: dict[str, str]) -> dict[str, str]:
    """Return what the doctor finds wrong, by name; each says what to do about it."""
    code, lines = doctor(environ)
    found = [line.split(maxsplit=2)[1:] for line in lines if line.startswith("no  ")]
    assert (code, lines[-1].split()[0]) == (2, str(len(found)))
    assert all(" -> " in said for _, said in found)
    return {name: said for name, said in found}


@pytest.mark.measured
def test_the_doctor_finds_all_well(environ: dict[str, str]) -> None:
    code, lines = doctor(environ)
    assert [line.split()[:2] for line in lines[:-2]] == [["ok", name] for name in NAMES]
    assert (code, lines[-1]) == (0, "All is well.")


def test_the_doctor_needs_no_network_offline(environ: dict[str, str], hub: GitHub) -> None:
    assert doctor(environ, "--offline")[0] == 0
    assert hub.requests == []


@pytest.mark.parametrize(
    ("change", "name", "said"),
    [
        ({"GITHUB_APP_ID": "x"}, "configuration", "`DEVCHAT_GITHUB_APP_ID` must be a number"),
        ({"GITHUB_WEBHOOK_SECRET": ""}, "configuration", "WEBHOOK_SECRET` is not set"),
        ({"GITHUB_PRIVATE_KEY": ""}, "configuration", "PRIVATE_KEY_PATH` is set"),
        ({"GITHUB_PRIVATE_KEY": "hello"}, "configuration", "must be a private key in PEM"),
        ({"GITHUB_APPID": "7"}, "configuration", "did you mean `DEVCHAT_GITHUB_APP_ID`?"),
        ({"GITHUB_PRIVATE_KEY": NO_KEY}, "key", "can't be used"),
        ({"GITHUB_APP_ID": "7"}, "GitHub", "(401)"),
        (
            {"GITHUB_API_URL": "http://127.0.0.1:9"},
            "GitHub",
            "GitHub can't be reached for `GET /app`: connection refused",
        ),
        ({"DATABASE_URL": "sqlite:////proc/none/bot.db"}, "database", "no such file"),
        (
            {"DATABASE_URL": "postgresql://nobody:hunter2@127.0.0.1:9/bot"},
            "database",
            "`127.0.0.1/bot` can't be used",
        ),
        ({"MODEL": "nobody"}, "model", "no model named `nobody`"),
        ({"MODEL": "openai:gpt-5"}, "model", "no key for `openai` is set"),
    ],
)
def test_the_doctor_names_what_is_wrong_here(
    environ: dict[str, str], change: dict[str, str], name: str, said: str
) -> None:
    found = wrong(environ | {f"DEVCHAT_{name}": text for name, text in change.items()})
    assert list(found) == [name]
    assert said in found[name]
    assert "hunter2" not in found[name]


@pytest.mark.measured
def test_the_doctor_names_what_is_wrong_at_github(environ: dict[str, str], hub: GitHub) -> None:
    hub.state.permissions["checks"] = "read"
    hub.state.events.remove("check_run")
    hub.deliver("ping", {"zen": "Keep it logically awesome."})
    found = wrong(environ)
    assert list(found) == ["permissions", "events", "webhook"]
    assert "must: `checks: write` ->" in found["permissions"]
    assert "not tell of `check_run` ->" in found["events"]
    assert f"delivery to {HOOK} did not arrive (502)" in found["webhook"]


@pytest.mark.parametrize("seconds", [300.0, -300.0])
def test_the_doctor_sees_a_clock_that_is_five_minutes_off(
    environ: dict[str, str], hub: GitHub, seconds: float
) -> None:
    hub.access.ahead = seconds
    found = wrong(environ)
    assert list(found)[-1] == "clock"
    assert "s behind GitHub's" in found["clock"] or seconds < 0
    assert "s ahead of GitHub's" in found["clock"] or seconds > 0


@pytest.mark.parametrize(
    ("hook", "status", "said"),
    [
        ("http://127.0.0.1:9/", 200, "GitHub delivers to http://127.0.0.1:9/ ->"),
        (HOOK, 401, "its signature does not fit -> the webhook's secret"),
        (HOOK, 202, ""),
    ],
)
def test_the_doctor_knows_how_the_latest_delivery_went(
    environ: dict[str, str], hub: GitHub, hook: str, status: int, said: str
) -> None:
    hub.hook = hook
    sent = hub.deliver("ping", {"zen": "Keep it logically awesome."})
    assert sent is not None
    sent.status_code = status
    line = next(line for line in doctor(environ)[1] if "  webhook  " in line)
    assert said in line
    assert line.startswith("no  " if said else "ok  ")
    assert said or line.endswith("the latest delivery arrived")
