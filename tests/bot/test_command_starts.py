"""Starting and interrupting: what can't work is said in one line, and Ctrl-C ends quietly."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bot.programs import PATIENCE, ROOT, Program, bot_environ, run_bot, wait_for

NO_KEY = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"


@pytest.mark.parametrize("command", ["serve", "web"])
def test_a_port_in_use_is_said_in_one_line(home: Path, command: str) -> None:
    environ = bot_environ(home)
    with socket.create_server(("127.0.0.1", int(environ["DEVCHAT_PORT"]))):
        done = run_bot(environ, command)
    assert done.returncode == 2
    assert done.stderr == (
        f"error: can't listen on 127.0.0.1:{environ['DEVCHAT_PORT']}: address already in use\n\n"
        "hint: is a `devchat-bot` running already? `DEVCHAT_PORT` takes another port\n"
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"HOST": "192.0.2.1"}, "error: can't listen on 192.0.2.1:"),
        ({"HOST": "nobody.invalid"}, "error: can't listen on nobody.invalid:"),
        ({"GITHUB_PRIVATE_KEY": NO_KEY}, "error: the App's private key can't be used\n"),
        ({"PORT": "x"}, "error: `DEVCHAT_PORT` must be a number below 65536\n"),
        ({"DATABASE_URL": "sqlite:////proc/none/bot.db"}, "error: `/proc/none/bot.db` can't be"),
    ],
)
def test_what_can_t_work_stops_the_start(home: Path, change: dict[str, str], said: str) -> None:
    done = run_bot(bot_environ(home, **change), "serve")
    assert done.stderr.startswith(said)
    assert "\n\nhint: " in done.stderr
    assert (done.stderr.count("\n"), done.returncode in (2, 6)) == (3, True)


MOMENTS = [
    ("status", "bot.command"),
    ("status", "sqlalchemy"),
    ("doctor", "github"),
    ("serve", "bot.command.supervisor"),
    ("web", "flask"),
    ("web", "gunicorn.arbiter"),
    ("worker", "bot.logs"),
    ("worker", "dbos"),
]


@pytest.mark.parametrize(("command", "moment"), MOMENTS)
def test_an_interruption_at_any_moment_of_the_start_ends_quietly(
    home: Path, command: str, moment: str
) -> None:
    # Python says on stderr what it has imported: a clock that no slow machine puts wrong.
    environ = bot_environ(home) | {"PYTHONPROFILEIMPORTTIME": "1"}
    with subprocess.Popen(
        [sys.executable, "-m", "bot", command],
        env=environ,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stderr
        for line in process.stderr:
            if line.split(b"|")[-1].strip() == moment.encode():
                break
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE)
    said = [line for line in err.splitlines() if not line.startswith(b"import time:")]
    assert (process.returncode, said) == (130, [])


def test_a_web_that_is_interrupted_ends_quietly(home: Path) -> None:
    with Program(bot_environ(home), home, "web") as web:
        web.ready()
        assert web.stop(signal.SIGINT) == 130
        assert [one["message"].partition(" at ")[0] for one in web.lines()] == ["takes deliveries"]


def test_a_worker_that_is_interrupted_ends_quietly(home: Path) -> None:
    # Where GitHub can't be reached a worker says so, just before it begins with jobs or just after:
    # that it was told to stop it says only then.
    with Program(bot_environ(home, MODEL="nobody"), home, "worker") as worker:
        wait_for(lambda: "can't be reached" in worker.log.read_text())
        assert worker.stop(signal.SIGINT) == 130
        levels = [one["level"] for one in worker.lines()]
        told = ["info"] if "told to stop" in worker.log.read_text() else []
        assert sorted(levels) == [*told, "warning", "warning"], worker.log.read_text()
        assert "analyzers review alone, for no model named `nobody`" in worker.log.read_text()


def test_an_interruption_of_a_text_given_to_exec_ends_quietly(home: Path) -> None:
    (home / "typer.py").write_text('exec("raise KeyboardInterrupt")')
    done = run_bot(bot_environ(home) | {"PYTHONPATH": str(home)}, "status")
    assert (done.returncode, done.stderr) == (130, "")
