"""Whoever may read logs, the database, files or the list of processes learns no secret there."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from tests.bot.programs import Program, app_environ, wait_for
from tests.fakes.github import GitHub

API_KEY = "the-key-of-some-service-4242"
LARGE = "".join(f"line {number} of a file that is too large\n" for number in range(40_000))


class Watch:
    """Looks at the command line and the environment of every process below one, again and again."""

    def __init__(self, top: int) -> None:
        self.commands: set[bytes] = set()
        self.environs: dict[bytes, bytes] = {}
        self._top, self._over = top, threading.Event()
        self._thread = threading.Thread(target=self._keep)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _keep(self) -> None:
        while not self._over.wait(0.002):
            for process in below(self._top):
                with suppress(OSError):
                    command = Path(f"/proc/{process}/cmdline").read_bytes()
                    self.commands.add(command)
                    self.environs[command] = Path(f"/proc/{process}/environ").read_bytes()


def below(top: int) -> Iterator[int]:
    """Yield a process and all that it started."""
    yield top
    children: list[str] = []
    with suppress(OSError):  # it has ended in the meantime
        for task in Path(f"/proc/{top}/task").glob("*/children"):
            children += task.read_text().split()
    for child in children:
        yield from below(int(child))


def secrets_of(hub: GitHub) -> list[bytes]:
    """List what must stand nowhere, in the forms it could stand in."""
    lines = [line for line in hub.private_key.splitlines() if "-----" not in line]
    known = [*lines, hub.secret, API_KEY]
    for token in hub.state.tokens:
        login = base64.b64encode(f"x-access-token:{token}".encode()).decode()
        known += [token, token.rpartition(".")[2], login, login[40:80]]
    return [one.encode() for one in known]


def test_no_secret_stands_where_others_may_look(home: Path, tmp_path: Path) -> None:
    (home / "model.json").write_text(json.dumps({"answers": ["Fine."] * 5, "tier": "tiny"}))
    with GitHub(tmp_path) as hub:
        environ = app_environ(home, hub, MODEL=f"scripted:{home / 'model.json'}", LOG="debug")
        environ |= {"OPENAI_API_KEY": API_KEY}
        repository = hub.repository("octo/app", {"a.txt": "a\n"})
        with Program(environ, home, "serve") as bot, Watch(bot.process.pid) as watch:
            bot.ready()
            hub.open_pull(repository, {"large.txt": LARGE, "b.json": '{"a": }\n', "c.sh": "x\n"})
            wait_for(lambda: [one for one in repository.checks if one.status == "completed"])
            bot.stop()
        secrets, log = secrets_of(hub), bot.log.read_bytes()
        kept = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
        assert hub.asked("GET /octo/app.git/") and len(secrets) > 20 and len(kept) > 1
        assert not [path for path, text in kept.items() for one in secrets if one in text]
        assert not [one for one in secrets if one in log]
        assert not [line for line in watch.commands for one in secrets if one in line]
        fetches = [line for line in watch.commands if b"fetch" in line.split(b"\0")]
        assert fetches and any(b"bot\0worker" in line for line in watch.commands)
        others = {
            command: text
            for command, text in watch.environs.items()
            if command and b"-m\0bot\0" not in command and not command.startswith(b"file\0")
        }
        assert fetches[0] in others and any(b"devchat.analyzers" in one for one in others)
        # Git has the login of its one fetch in its environment, where only its user can look.
        lasting = [one.encode() for one in (*hub.private_key.splitlines(), hub.secret, API_KEY)]
        assert not [one for one, text in others.items() for each in lasting if each in text]
