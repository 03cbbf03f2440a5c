"""What a worker does besides its jobs, and what the web does while its database is away."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.command.rounds import Rounds
from bot.github import open_app
from bot.ledger import DeliveryRow, open_ledger
from bot.web.bounded import Bounded
from bot.web.recording import Recorder
from devchat.errors import StorageError
from tests.bot.programs import bot_environ, run_bot, wait_for
from tests.fakes.github import GitHub


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[GitHub]:
    with GitHub(tmp_path, hook="http://127.0.0.1:9/nobody") as hub:
        yield hub


def test_rounds_ask_for_lost_deliveries_once_and_count_what_was_asked(
    hub: GitHub, sqlite: str
) -> None:
    hub.open_pull(hub.repository("octo/app", {"a.py": "x\n"}), {"a.py": "y\n"})
    with (
        closing(open_app(hub.app_id, hub.private_key, hub.url)) as app,
        closing(open_ledger(sqlite)) as ledger,
    ):
        ledger.record_deliveries([DeliveryRow("old", "ping", "", "", received_at=1.0)])
        rounds = Rounds(app, ledger)
        for _ in range(2):
            for deed in (rounds.redeliver, rounds.count, rounds.prune):
                deed()
        asked = {(one.name, one.label): one.total for one in ledger.measures()}
        assert len(hub.state.wanted) == 1
        assert asked["github_requests", "200"] + asked["github_requests", "202"] == len(
            hub.requests
        )
        assert ledger.deliveries(9) == ()


def test_rounds_go_on_where_github_is_away(
    sqlite: str, hub: GitHub, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        closing(open_app(hub.app_id, hub.private_key, "http://127.0.0.1:9")) as app,
        closing(open_ledger(sqlite)) as ledger,
    ):
        Rounds(app, ledger).start(beat=3_600.0)
        wait_for(lambda: [one for one in ledger.measures() if one.name == "github_requests"])
    assert [one.levelname for one in caplog.records if one.name == "bot.command.rounds"] == [
        "WARNING"
    ]


def test_a_call_that_is_late_is_said_to_be_storage_trouble() -> None:
    going = threading.Event()
    with pytest.raises(StorageError, match="the database does not answer"):
        Bounded(0.01).run(going.wait)
    going.set()


def test_a_record_that_can_t_be_written_is_written_later(
    sqlite: str, caplog: pytest.LogCaptureFixture
) -> None:
    with closing(open_ledger(sqlite)) as ledger:
        other = sqlite3.connect(sqlite.removeprefix("sqlite:///"), isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        recorder = Recorder(ledger.record_deliveries)
        recorder.record(DeliveryRow("one", "ping", "", "", received_at=1.0))
        wait_for(lambda: "1 deliveries are not written down yet" in caplog.text)
        other.execute("ROLLBACK")
        other.close()
        recorder.close()
        wait_for(lambda: [one.guid for one in ledger.deliveries(9)] == ["one"])


@pytest.mark.measured
@pytest.mark.parametrize(
    ("fault", "code", "said"),
    [
        ("RuntimeError(os.environ['DEVCHAT_GITHUB_WEBHOOK_SECRET'])", 70, "RuntimeError"),
        ("KeyboardInterrupt()", 130, ""),
        ("BrokenPipeError(32, 'gone')", 0, ""),
    ],
)
def test_what_nobody_foresaw_is_told_without_secrets(
    home: Path, fault: str, code: int, said: str
) -> None:
    # A library that fails while it is imported, before all others of its name.
    (home / "typer.py").write_text(f"import os\nraise {fault}\n")
    environ = bot_environ(home) | {"PYTHONPATH": str(home)}
    done = run_bot(environ, "status")
    assert (done.returncode, said in done.stderr) == (code, True)
    assert environ["DEVCHAT_GITHUB_WEBHOOK_SECRET"] not in done.stderr
    assert bool(done.stderr) == (code == 70)
