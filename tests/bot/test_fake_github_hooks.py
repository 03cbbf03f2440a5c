"""The fake GitHub tells what happens as GitHub does: signed, kept, and sent again when asked."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from bot.forge import Check, PullRef
from bot.github import open_app
from tests.fakes.github import GitHub
from tests.fakes.github.git import Bare


class Receiver:
    """A webhook's receiver that answers what it is told."""

    def __init__(self) -> None:
        self.status = 202
        self.got: list[tuple[dict[str, str], bytes]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b'{"ok": true}')

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.got.append(({k.lower(): v for k, v in self.headers.items()}, body))
                self.send_response(receiver.status)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}/hook"


@pytest.fixture
def receiver(hub: GitHub) -> Iterator[Receiver]:
    """A receiver, to which the fake delivers."""
    receiver = Receiver()
    thread = threading.Thread(target=receiver.server.serve_forever, args=(0.01,))
    thread.start()
    hub.hook = receiver.address
    yield receiver
    receiver.server.shutdown()
    thread.join()
    receiver.server.server_close()


def test_it_serves_a_pull_of_this_repository_to_try(home: Path, receiver: Receiver) -> None:
    command = [sys.executable, "-m", "tests.fakes.github", str(home / "try")]
    made = Bare.make(home / "here")
    base = made.commit("refs/heads/main", {"a": "1\n"})
    made.commit("refs/heads/main", {"a": "2\n"}, base)
    process = subprocess.Popen(
        [*command, "main~1", "main", "--hook", receiver.address],
        cwd=home / "here",
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        stdout=subprocess.PIPE,
        text=True,
    )
    with ended(process):
        assert process.stdout is not None
        url = process.stdout.readline().split()[3].strip(",")
        assert "devchat-bot serve" in process.stdout.readline()
        assert process.stdout.readline() == "\n"
        assert "answered 202" in process.stdout.readline()
        lines = (home / "try" / "env").read_text().splitlines()
        environ = dict(line.split("=", 1) for line in lines)
        key = Path(environ["DEVCHAT_GITHUB_PRIVATE_KEY_PATH"]).read_text()
        forge = open_app(int(environ["DEVCHAT_GITHUB_APP_ID"]), key, url)
        pull = forge.pulls(11, "octo/app").pull(PullRef("octo/app", 1))
        forge.reviews(11, "octo/app").open_check(
            "octo/app", pull.head, "x", Check("t", "s", "success")
        )
        told = [process.stdout.readline() for _ in range(4)]
        assert told == ["check: completed · success · t\n", "\n", "check's summary:\n", "s\n"]
        assert [process.stdout.readline() for _ in range(2)][1].startswith("Still here")
        process.send_signal(signal.SIGINT)
        assert process.wait() == 130


@contextmanager
def ended(process: subprocess.Popen[str]) -> Iterator[None]:
    """End a process that would go on, whatever becomes of the test."""
    with process:
        try:
            yield
        finally:
            process.kill()


def test_what_happens_is_delivered_signed(hub: GitHub, receiver: Receiver) -> None:
    pull = hub.open_pull(hub.repository("octo/app", {"a": "1\n"}), {"a": "2\n"}, draft=True)
    reviews = open_app(hub.app_id, hub.private_key, hub.url).reviews(11, "octo/app")
    reviews.open_check("octo/app", pull.head, "x", Check("t", "s"))
    hub.push(pull, {"a": "3\n"})
    hub.label(pull, "devchat:review")
    hub.tell(pull, "ready_for_review")
    hub.rerequest(pull, pull.repository.checks[0])
    hub.rerequest(pull, pull.repository.checks[0], suite=True)
    hub.close(pull)
    hub.tell(pull, "reopened", sender="devchat[bot]")
    told = [(head["x-github-event"], json.loads(body)["action"]) for head, body in receiver.got]
    assert told == [
        ("pull_request", "opened"),
        ("pull_request", "synchronize"),
        ("pull_request", "labeled"),
        ("pull_request", "ready_for_review"),
        ("check_run", "rerequested"),
        ("check_suite", "rerequested"),
        ("pull_request", "closed"),
        ("pull_request", "reopened"),
    ]
    for head, body in receiver.got:
        mac = hmac.new(hub.secret.encode(), body, hashlib.sha256).hexdigest()
        assert head["x-hub-signature-256"] == f"sha256={mac}"
        assert json.loads(body)["installation"]["id"] == 11
    assert len({head["x-github-delivery"] for head, _body in receiver.got}) == 8


def test_a_receiver_down_an_hour_then_redelivery(hub: GitHub, receiver: Receiver) -> None:
    receiver.status = 503
    hub.open_pull(hub.repository("octo/app", {"a": "1\n"}), {"a": "2\n"})
    forge = open_app(hub.app_id, hub.private_key, hub.url)
    lost = list(forge.failed_deliveries(0.0))
    assert len(lost) == 1
    receiver.status = 202
    forge.redeliver(lost[0].id)
    assert hub.redeliver() == 1
    (first, body), (second, same) = receiver.got
    assert first["x-github-delivery"] == second["x-github-delivery"] == lost[0].guid
    assert body == same
    assert list(forge.failed_deliveries(0.0)) == []
    kept = [(one.status_code, one.redelivery) for one in hub.state.attempts]
    assert kept == [(503, False), (202, True)]
