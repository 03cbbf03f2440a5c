"""What memory the processes of `devchat-bot serve` hold."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass

from tests.bot.programs import Program

STARTED = re.compile(r"\b(web|worker) started as process (\d+)")


@dataclass(frozen=True, slots=True)
class Memory:
    """Resident MB; what two processes share counts in both."""

    web: float
    worker: float
    supervisor: float

    @property
    def total(self) -> float:
        """All of them."""
        return self.web + self.worker + self.supervisor

    def __str__(self) -> str:
        return f"web {self.web:.0f}, worker {self.worker:.0f} MB"


def read_memory(bot: Program) -> Memory:
    """Ask for it; web is gunicorn's two processes."""
    known = {name: int(pid) for name, pid in STARTED.findall(bot.log.read_text())}
    web = [known["web"], *_children(known["web"])]
    return Memory(_resident(*web), _resident(known["worker"]), _resident(bot.process.pid))


def _children(process: int) -> list[int]:
    return list(map(int, _ask("pgrep", "-P", str(process))))


def _resident(*processes: int) -> float:
    kilobytes = _ask("ps", "-o", "rss=", "-p", ",".join(map(str, processes)))
    return sum(map(int, kilobytes)) / 1024


def _ask(*command: str) -> list[str]:
    return subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout.decode().split()
