"""Processes kept running: one that ends is started again, each time after a longer wait."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

LOG = logging.getLogger("bot.serve")
WAITS = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds before a process that ended is started again: the first time, the second, ..."""
STEADY = 60.0
"""Seconds after which a process counts as well, and its waits begin anew."""
GRACE = 30.0
"""Seconds a process has to end by itself when told to."""
TICK = 0.1
USAGE = 2
"""The exit code of what no new start mends: the configuration is wrong."""


@dataclass
class Child:
    """A process, and when it is to be started again."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    due: float = 0.0
    ends: int = 0

    def start(self) -> None:
        """Start it; our end of its standard input tells it when we are gone."""
        self.started = time.monotonic()
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE)
        LOG.info("%s started as process %d", self.name, self.process.pid)

    def look(self) -> int | None:
        """Return the exit code once, where it ended by now; start it where that is due."""
        now = time.monotonic()
        if self.process is None:
            if now >= self.due:
                self.start()
            return None
        code = self.process.poll()
        if code is not None:
            self._ended(now, code)
        return code

    def _ended(self, now: float, code: int) -> None:
        self._forget()
        if code == USAGE:
            LOG.error("%s says that it can't work so: all end", self.name)
            return
        self.ends = 1 if now - self.started > STEADY else self.ends + 1
        wait = WAITS[min(self.ends, len(WAITS)) - 1]
        self.due = now + wait
        LOG.error("%s ended with %d; starts again in %g s", self.name, code, wait)

    def _forget(self) -> None:
        if self.process is not None and self.process.stdin is not None:
            self.process.stdin.close()
        self.process = None

    def is_alive(self) -> bool:
        """Tell whether its process runs."""
        return self.process is not None and self.process.poll() is None

    def stop(self) -> None:
        """Kill it where it did not end by itself."""
        if self.process is not None:
            if self.is_alive():
                LOG.error("%s did not end: killed", self.name)
                self.process.kill()
            self.process.wait()
        self._forget()


@dataclass
class Supervisor:
    """Keeps processes running until it is told to stop; `run` takes over the signals."""

    children: list[Child]
    grace: float = GRACE
    told: list[int] = field(default_factory=list)

    def run(self) -> int:
        """Supervise; return 0 after SIGTERM, 130 after Ctrl-C, 2 where a child said so."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda number, _frame: self.told.append(number))
        try:
            code = self._watch()
        finally:
            self._stop()
        return code

    def _watch(self) -> int:
        while not self.told:
            if USAGE in [child.look() for child in self.children]:
                return USAGE
            time.sleep(TICK)
        LOG.info("told to stop: what is under way has %g s; told again, all ends now", self.grace)
        return 130 if self.told[0] == signal.SIGINT else 0

    def _stop(self) -> None:
        running = [child.process for child in self.children if child.process is not None]
        for process in running:
            with suppress(ProcessLookupError):
                process.terminate()
        until = time.monotonic() + self.grace
        # Told a second time, nobody waits any more: what is killed goes on at the next start.
        while time.monotonic() < until and len(self.told) < 2:
            if not any(child.is_alive() for child in self.children):
                break
            time.sleep(TICK)
        for child in self.children:
            child.stop()


def supervise(commands: Mapping[str, Sequence[str]], grace: float = GRACE) -> int:
    """Keep commands running, by name; return the exit code."""
    return Supervisor([Child(name, command) for name, command in commands.items()], grace).run()


def end_with_supervisor() -> None:
    """End as if told to when the process that supervises us is gone: its pipe then ends."""

    def wait() -> None:
        while os.read(0, 64):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="supervisor", daemon=True).start()
