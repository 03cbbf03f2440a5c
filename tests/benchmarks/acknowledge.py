"""How long GitHub waits for its 202, against a route that does nothing but verify the signature.

Both under gunicorn with the same settings, 200 deliveries a second, in turns, on SQLite and on
PostgreSQL. Then the web is killed, and what it acknowledged is counted in the queue.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from statistics import median, quantiles

from bot.configuration import read_configuration
from bot.durable import open_jobs
from tests.benchmarks.pairs import Row
from tests.bot.postgres import make_database, open_server
from tests.bot.programs import ROOT, Program, bot_environ

RATE, SECONDS, ROUNDS, WARM_UP = 200, 5, 6, 200
BAR = 5.0
BARE = "verify only"


def measure(environ: Mapping[str, str]) -> list[Row]:
    """Send to all contestants in turn; compare the slowest hundredth, and count what was lost."""
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dc-ack-")))
        url = make_database(stack.enter_context(open_server()), "acknowledge")
        webs = {
            BARE: Web(home / "bare", bare=True),
            "SQLite": Web(home / "sqlite"),
            "PostgreSQL": Web(home / "postgres", url),
        }
        for web in webs.values():
            stack.enter_context(web).ready()
            web.send(WARM_UP)
        taken: dict[str, list[list[float]]] = {name: [] for name in webs}
        for _ in range(ROUNDS):
            for name, web in webs.items():
                taken[name].append(web.send(RATE * SECONDS))
        lost = {name: webs[name].lost() for name in webs if name != BARE}
    return [row for name in lost for row in _rows(name, taken, lost[name])]


def _rows(name: str, taken: Mapping[str, Sequence[Sequence[float]]], lost: int) -> list[Row]:
    pairs = zip(taken[name], taken[BARE], strict=True)
    slower = median(_hundredth(mine) / _hundredth(bare) for mine, bare in pairs)
    load = f"{RATE} a second for {SECONDS * ROUNDS} s"
    detail = f"{_figures(taken[name])} against {_figures(taken[BARE])}, {ROUNDS} pairs"
    count = WARM_UP + RATE * SECONDS * ROUNDS
    return [
        Row(f"acknowledge a delivery on {name}, p99, {load}", slower, BAR, "x", detail),
        Row(f"acknowledged on {name}, lost by kill -9", lost, 0, "", f"of {count:,} deliveries"),
    ]


def _figures(rounds: Sequence[Sequence[float]]) -> str:
    seconds = [one for several in rounds for one in several]
    return f"p50 {median(seconds) * 1000:.1f}, p99 {_hundredth(seconds) * 1000:.1f} ms"


def _hundredth(seconds: Sequence[float]) -> float:
    return quantiles(seconds, n=100)[-1]


class Web(Program):
    """A web process that takes deliveries; `bare` is the one that only verifies them."""

    def __init__(self, home: Path, database: str = "", *, bare: bool = False) -> None:
        home.mkdir()
        environ = bot_environ(home, **({"DATABASE_URL": database} if database else {}))
        self._database = read_configuration(environ).database_url
        self._sent = 0
        if bare:
            self.command = (sys.executable, "-m", "tests.benchmarks.bare_web")
        super().__init__(environ, home, *([] if bare else ["web"]))

    def send(self, count: int) -> list[float]:
        """Let another process send so many; return the seconds until each was acknowledged."""
        command = [sys.executable, "-m", "tests.benchmarks.sender", *map(str, (self.port, count))]
        done = subprocess.run([*command, str(RATE)], cwd=ROOT, stdout=subprocess.PIPE, check=True)
        self._sent += count
        return [float(one) for one in json.loads(done.stdout)]

    def lost(self) -> int:
        """Kill all of it, and count what is not in the queue of what it acknowledged."""
        parent = str(self.process.pid)
        found = subprocess.run(["pgrep", "-P", parent], stdout=subprocess.PIPE, check=True)
        for one in (parent, *found.stdout.decode().split()):
            os.kill(int(one), signal.SIGKILL)
        self.process.wait()
        with closing(open_jobs(self._database)) as jobs:
            return self._sent - jobs.backlog().waiting
