"""`devchat-bot` as a process of its own, spoken to over HTTP as GitHub does."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from bot.webhook import ROUTE, sign
from tests.fakes.github import GitHub, new_key

ROOT = Path(__file__).parent.parent.parent
SECRET = "a secret of the hook"
PATIENCE = 180.0
"""A guard against waiting for ever, not a measure."""


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def bot_environ(home: Path, **variables: str) -> dict[str, str]:
    """Return the environment of a bot that lives in a folder, on a port of its own."""
    ours = {
        "GITHUB_APP_ID": "7",
        "GITHUB_PRIVATE_KEY": new_key()[0],
        "GITHUB_WEBHOOK_SECRET": SECRET,
        "GITHUB_API_URL": "http://127.0.0.1:9",
        "CONFIG_DIR": str(home / "config"),
        "DATA_DIR": str(home / "data"),
        "RUNTIME_DIR": str(home / "run"),
        "PORT": str(free_port()),
        **variables,
    }
    kept = {name: os.environ[name] for name in os.environ if name.startswith(("PATH", "COV"))}
    return kept | {"HOME": str(home)} | {f"DEVCHAT_{name}": text for name, text in ours.items()}


def app_environ(home: Path, hub: GitHub, **variables: str) -> dict[str, str]:
    """Return the environment of a bot that is the App of a GitHub, which delivers to it."""
    environ = bot_environ(
        home,
        GITHUB_API_URL=hub.url,
        GITHUB_APP_ID=str(hub.app_id),
        GITHUB_PRIVATE_KEY=hub.private_key,
        GITHUB_WEBHOOK_SECRET=hub.secret,
        **variables,
    )
    hub.hook = f"http://127.0.0.1:{environ['DEVCHAT_PORT']}{ROUTE}"
    return environ


def wait_for(condition: Callable[[], object]) -> None:
    """Wait until something holds."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back over HTTP."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, read."""
        return json.loads(self.body)


def call(
    port: int, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
) -> Answer:
    """Make a request."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request(method, path, body, dict(headers or {}))
        found = connection.getresponse()
        named = {name.lower(): value for name, value in found.getheaders()}
        return Answer(found.status, named, found.read())
    finally:
        connection.close()


def delivery_headers(body: bytes, event: str, guid: str, secret: str = SECRET) -> dict[str, str]:
    """Sign a body as GitHub does."""
    return {
        "Content-Type": "application/json",
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": guid,
        "X-Hub-Signature-256": sign(body, secret).decode(),
    }


class Program:
    """A `devchat-bot` that runs; its log lies in a file."""

    command: Sequence[str] = (sys.executable, "-m", "bot")

    def __init__(self, environ: Mapping[str, str], folder: Path, *argv: str) -> None:
        self.port = int(environ["DEVCHAT_PORT"])
        self.log = folder / "bot.log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*self.command, *argv], env=dict(environ), cwd=ROOT, stderr=log
            )

    def __enter__(self) -> Program:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def ready(self) -> Program:
        """Wait until it takes deliveries."""
        wait_for(lambda: self.answers("/readyz"))
        return self

    def answers(self, path: str) -> bool:
        """Tell whether a route is well."""
        assert self.process.poll() is None, self.log.read_text()
        try:
            return self.get(path).status == 200
        except OSError:
            return False

    def get(self, path: str) -> Answer:
        """Ask for a page."""
        return call(self.port, "GET", path)

    def deliver(self, payload: dict[str, Any], event: str, guid: str) -> Answer:
        """Send a signed delivery."""
        body = json.dumps(payload).encode()
        headers = delivery_headers(body, event, guid)
        return call(self.port, "POST", "/api/github/webhooks", body, headers)

    def metric(self, line: str) -> float:
        """Read one figure of the metrics; 0 where it is not there."""
        for one in self.get("/metrics").body.decode().splitlines():
            if one.startswith(f"{line} "):
                return float(one.rpartition(" ")[2])
        return 0.0

    def lines(self) -> list[dict[str, str]]:
        """Read the log."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End it, and return its exit code."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


def run_bot(environ: Mapping[str, str], *argv: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    command = [sys.executable, "-m", "bot", *argv]
    return subprocess.run(command, env=dict(environ), cwd=ROOT, capture_output=True, text=True)
