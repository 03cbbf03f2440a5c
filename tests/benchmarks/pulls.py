"""What a team waits for: from webhook to review, reviews a minute; and what memory that takes.

The bot is the real one, in processes of its own; GitHub is the fake, in this process; the model
answers by script, at once. Each pull has two faults, so each gets a review with two comments.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median, quantiles

from tests.benchmarks.memory import Memory, read_memory
from tests.benchmarks.pairs import Row
from tests.bot.postgres import make_database, open_server
from tests.bot.programs import Program, bot_environ, free_port, wait_for
from tests.bot.reviewer import write_script
from tests.fakes.github import GitHub, Pull

WARM_UP, ONE_BY_ONE, AT_ONCE, INSTALLATIONS = 5, 50, 30, 15
SOON, ROOM, GROWTH = 10.0, 768, 1.2
"""Bars: seconds until a review, MB for all processes of `serve`, memory after many reviews."""
CONFLICT = "<<<<<<< ours\na\n=======\nb\n>>>>>>> theirs\n"


def measure(environ: Mapping[str, str]) -> list[Row]:
    """Review pulls one after another with `serve`, then many at once with 1, 2 and 4 workers."""
    with tempfile.TemporaryDirectory(prefix="dc-pulls-") as folder:
        return [*_one_by_one(Path(folder)), _at_once(Path(folder))]


def _one_by_one(home: Path) -> list[Row]:
    with _office(home / "serve") as office, office.start("serve") as bot:
        bot.ready()
        began = read_memory(bot)
        for pull in office.open(WARM_UP):
            office.reviewed([pull])
        warm = read_memory(bot)
        seconds = [office.reviewed([pull]) for pull in office.open(ONE_BY_ONE)]
        ended = read_memory(bot)
    last = quantiles(seconds, n=100)[-1]
    grown = f"at the start {began}; {WARM_UP} reviews later {warm}; {ONE_BY_ONE} later {ended}"
    slow = f"median {median(seconds):.2f} s, slowest {max(seconds):.2f} s"
    return [
        Row(f"from webhook to posted review, p99 of {ONE_BY_ONE}", last, SOON, " s", slow),
        Row("memory of `devchat-bot serve`", ended.total, ROOM, " MB", grown),
        Row(f"memory {ONE_BY_ONE} reviews later", _grown(warm, ended), GROWTH, "x", grown),
    ]


def _grown(before: Memory, after: Memory) -> float:
    return after.total / before.total


def _at_once(home: Path) -> Row:
    seconds, busy = dict[int, float](), list[str]()
    with open_server() as server:
        for workers in (1, 2, 4):
            url = make_database(server, f"pulls{workers}")
            with _office(home / f"workers{workers}", url) as office:
                seconds[workers], fake = _with_workers(office, workers)
                busy.append(f"{fake:.0%}")
    rates = ", ".join(f"{count}: {AT_ONCE / taken * 60:.0f}" for count, taken in seconds.items())
    detail = f"a minute: {rates}; of a core the fake took {', '.join(busy)}"
    what = f"time of {AT_ONCE} reviews at once on PostgreSQL, 4 workers : 1"
    return Row(what, seconds[4] / seconds[1], 1.0, "x", detail)


def _with_workers(office: Office, workers: int) -> tuple[float, float]:
    """Return the seconds of all reviews, and how much of a core the fake took meanwhile."""
    with ExitStack() as stack:
        started = [stack.enter_context(office.start("worker")) for _ in range(workers)]
        stack.enter_context(office.start("web")).ready()
        wait_for(lambda: all("reviews with" in one.log.read_text() for one in started))
        office.reviewed(office.open(WARM_UP * workers))
        pulls, spent = office.open(AT_ONCE), time.process_time()
        seconds = office.reviewed(pulls)
        return seconds, (time.process_time() - spent) / seconds


class Office:
    """A fake GitHub with many installations, and bots that serve it."""

    def __init__(self, hub: GitHub, home: Path, database: str) -> None:
        self._hub, self._home, self._database = hub, home, database
        self._script = write_script(home / "model.json")
        self._started = 0
        self._repositories = [
            hub.repository(f"owner{number}/app", {"README.md": "#\n"}, installation=number + 1)
            for number in range(INSTALLATIONS)
        ]

    def start(self, command: str) -> Program:
        """Start a bot's process; the hub's deliveries go to the last."""
        self._started += 1
        folder = self._home / str(self._started)
        folder.mkdir()
        hub = self._hub
        known = {
            "GITHUB_APP_ID": str(hub.app_id),
            "GITHUB_PRIVATE_KEY": hub.private_key,
            "GITHUB_WEBHOOK_SECRET": hub.secret,
            "GITHUB_API_URL": hub.url,
            "MODEL": f"scripted:{self._script}",
            "PORT": str(free_port()),
        }
        if self._database:
            known["DATABASE_URL"] = self._database
        bot = Program(bot_environ(self._home, **known), folder, command)
        hub.hook = f"http://127.0.0.1:{bot.port}/api/github/webhooks"
        return bot

    def open(self, count: int) -> list[Pull]:
        """Open pulls with two faults each, of which nobody hears yet."""
        hook, self._hub.hook = self._hub.hook, ""
        files = {"a.txt": CONFLICT, "b.txt": CONFLICT}
        among = self._repositories
        pulls = [self._hub.open_pull(among[one % len(among)], files) for one in range(count)]
        self._hub.hook = hook
        return pulls

    def reviewed(self, pulls: list[Pull]) -> float:
        """Deliver pulls; return the seconds until all have their review."""
        began = time.perf_counter()
        for pull in pulls:
            told = self._hub.tell(pull, "opened")
            assert told is not None and told.status_code == 202
        waiting = list(pulls)
        limit = began + 300
        while waiting := [one for one in waiting if not one.reviews]:
            assert time.perf_counter() < limit, f"{len(waiting)} pulls are not reviewed"
            time.sleep(0.01)
        return time.perf_counter() - began


@contextmanager
def _office(home: Path, database: str = "") -> Iterator[Office]:
    home.mkdir()
    with GitHub(home) as hub:
        yield Office(hub, home, database)
