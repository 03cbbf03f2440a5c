"""`devchat-bot` at the command line, against a GitHub on loopback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.events import EVENTS, Nothing, read_intent
from bot.github import PERMISSIONS
from bot.webhook import ROUTE, Delivery, DeliveryError
from tests.bot.payloads import pull_request
from tests.bot.programs import ROOT, Program, bot_environ, run_bot
from tests.fakes.github import PERMISSIONS as hub_permissions
from tests.fakes.github import GitHub


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[GitHub]:
    with GitHub(tmp_path) as hub:
        yield hub


@pytest.fixture
def environ(hub: GitHub, home: Path) -> dict[str, str]:
    return bot_environ(home, GITHUB_API_URL=hub.url, GITHUB_APP_ID=str(hub.app_id))


def write(folder: Path, value: object) -> str:
    file = folder / "delivery.json"
    file.write_text(json.dumps(value))
    return str(file)


def delivery(payload: Any, **fields: Any) -> dict[str, Any]:
    found = {"guid": "guid-1", "event": "pull_request", "request": {"payload": payload}}
    return found | fields


def test_a_delivery_is_replayed_each_time_anew(environ: dict[str, str], tmp_path: Path) -> None:
    opened = pull_request("opened")
    for payload in (opened, json.dumps(opened)):
        done = run_bot(environ, "replay", write(tmp_path, delivery(payload)))
        assert (done.returncode, done.stdout[:20]) == (0, "handed in as guid-1:")
    assert run_bot(environ, "status").stdout.startswith("QUEUE\n2 waiting, the oldest for ")
    draft = write(tmp_path, delivery(pull_request("opened", draft=True)))
    assert run_bot(environ, "replay", draft).stdout == "nothing to do: the pull is a draft\n"


@pytest.mark.measured
@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([], "the body is no JSON object"),
        ({}, "is no delivery of GitHub's"),
        (delivery([]), "is no delivery of GitHub's"),
        (delivery("{"), "is no delivery of GitHub's"),
        (delivery({}, guid=7), "is no delivery of GitHub's"),
        (delivery({}), "the payload is not one of `pull_request`"),
    ],
)
def test_what_is_no_delivery_is_not_replayed(
    environ: dict[str, str], tmp_path: Path, value: object, message: str
) -> None:
    done = run_bot(environ, "replay", write(tmp_path, value))
    assert done.returncode == 5
    assert message in done.stderr.partition("\n")[0]


@pytest.mark.measured
def test_a_file_that_is_not_there_is_not_replayed(environ: dict[str, str]) -> None:
    done = run_bot(environ, "replay", "/nowhere.json")
    assert done.stderr.startswith("error: /nowhere.json can't be read: no such file or directory\n")


@pytest.mark.measured
def test_a_pull_is_handed_in_by_hand(environ: dict[str, str], hub: GitHub) -> None:
    hub.open_pull(hub.repository("octo/app", {"a.py": "x\n"}), {"a.py": "y\n"})
    done = run_bot(environ, "review", "octo/app#1")
    assert (done.stderr, done.stdout[:29]) == ("", "handed in as hand:octo/app#1:")
    assert "1 waiting" in run_bot(environ, "status").stdout
    assert run_bot(environ, "review", "octo/app#7").returncode == 4
    wrong = run_bot(environ, "review", "octo/app")
    assert wrong.stderr == (
        "error: `octo/app` names no pull request\n\nhint: write it as `OWNER/REPO#N`\n"
    )


def test_deliveries_that_failed_are_asked_for(
    environ: dict[str, str], hub: GitHub, home: Path
) -> None:
    hub.hook = f"http://127.0.0.1:{environ['DEVCHAT_PORT']}{ROUTE}"
    pull = hub.open_pull(hub.repository("octo/app", {"a.py": "x\n"}), {"a.py": "y\n"})
    hub.tell(pull, "reopened")
    assert run_bot(environ, "redeliver").stdout == "asked for 2\n"
    with Program(environ, home, "web") as web:
        web.ready()
        assert hub.redeliver() == 2
        assert web.metric('devchat_queue_jobs{state="waiting"}') == 2
    assert run_bot(environ, "redeliver").stdout == "nothing failed in the last three days\n"
    shown = json.loads(run_bot(environ, "status", "--json").stdout)
    assert shown["queue"]["waiting"] == 2
    assert {one["outcome"] for one in shown["deliveries"]} == {"review: opened", "review: reopened"}
    assert "pull_request.opened    octo/app  review: opened" in run_bot(environ, "status").stdout


@pytest.mark.measured
@pytest.mark.parametrize(
    ("argv", "code", "said"),
    [
        ((), 0, "Usage: devchat-bot"),
        (("--version",), 0, "devchat-bot "),
        (("--version", "status"), 0, "devchat-bot "),
        (("status", "--version"), 2, "error: no such option"),
        (("nonsense",), 2, "error: no such command `nonsense`"),
        (("replay",), 2, "error: missing argument"),
    ],
)
def test_the_command_line(argv: tuple[str, ...], code: int, said: str, home: Path) -> None:
    done = run_bot(bot_environ(home), *argv)
    assert (done.returncode, said in done.stdout + done.stderr) == (code, True)


@pytest.mark.measured
@pytest.mark.parametrize("command", ["serve", "web", "worker", "status", "redeliver"])
def test_nothing_starts_without_a_configuration(command: str, home: Path) -> None:
    environ = bot_environ(home)
    del environ["DEVCHAT_GITHUB_WEBHOOK_SECRET"]
    done = run_bot(environ, command)
    assert done.returncode == 2
    assert done.stderr.partition("\n")[0] == "error: `DEVCHAT_GITHUB_WEBHOOK_SECRET` is not set"


def test_the_manifest_asks_for_what_is_needed_and_no_more() -> None:
    manifest = yaml.safe_load((ROOT / "app.yml").read_text())
    # https://docs.github.com/en/apps/sharing-github-apps/registering-a-github-app-from-a-manifest
    keys = {"name", "url", "hook_attributes", "redirect_url", "callback_urls", "setup_url"}
    keys |= {"description", "public", "default_events", "default_permissions"}
    assert manifest.keys() <= keys
    assert manifest["default_permissions"] == PERMISSIONS == hub_permissions
    assert sorted(manifest["default_events"]) == sorted(EVENTS)
    assert manifest["hook_attributes"]["url"].endswith(ROUTE)
    assert manifest["public"] is False


@pytest.mark.parametrize("event", [*EVENTS, "push", "issue_comment", "installation"])
def test_events_that_are_asked_for_are_those_that_are_read(event: str) -> None:
    # An event that is read wants its fields; any other asks for nothing whatever is in it.
    try:
        intent = read_intent(Delivery("guid", event, "rerequested", {}), 7)
    except DeliveryError:
        assert event in EVENTS
    else:
        assert isinstance(intent, Nothing) and event not in EVENTS
