"""The application under gunicorn. Imports it: only imported to serve."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.config import Config
from gunicorn.glogging import Logger

from bot.configuration import Configuration, address_of
from bot.web.hurried import HurriedWorker
from bot.webhook import ROUTE

LOG = logging.getLogger(__name__)


class _Logger(Logger):  # type: ignore[misc]
    """Lets gunicorn's lines go where all lines of this process go."""

    def setup(self, cfg: Config) -> None:
        self.error_log.propagate = True
        if self.error_log.getEffectiveLevel() > logging.DEBUG:  # else ten lines at each start
            self.error_log.setLevel(logging.ERROR)
        self.loglevel = self.error_log.getEffectiveLevel()


class _Arbiter(Arbiter):  # type: ignore[misc]
    """Exits with 130 where it was interrupted, as every command does."""

    def handle_int(self) -> None:
        self.stop()
        raise KeyboardInterrupt

    def halt(self, reason: str | None = None, exit_status: int = 0) -> None:
        interrupted = isinstance(sys.exception(), KeyboardInterrupt)
        with suppress(SystemExit):
            super().halt(reason, exit_status)
        sys.exit(130 if interrupted else exit_status)


class _Server(BaseApplication):  # type: ignore[misc]
    def __init__(self, options: dict[str, Any], make: Callable[[], Flask]) -> None:
        self._options, self._make = options, make
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        return self._make()

    def run(self) -> None:
        _Arbiter(self).run()


def options(configuration: Configuration) -> dict[str, Any]:
    """Return gunicorn's settings: one process with threads, for the work is waiting."""
    memory = Path("/dev/shm")
    return {
        "bind": configuration.address,
        "worker_class": HurriedWorker,
        "keepalive": 5,
        "threads": 16,
        "timeout": 30,
        "graceful_timeout": 20,
        "control_socket_disable": True,
        "logger_class": _Logger,
        # Its heartbeat is a file; on a full disk it must go on.
        "worker_tmp_dir": str(memory) if memory.is_dir() else None,
        "post_worker_init": _say_where,
    }


def _say_where(worker: Any) -> None:
    for one in worker.sockets:
        LOG.info("takes deliveries at http://%s%s", address_of(*one.getsockname()[:2]), ROUTE)


def serve(configuration: Configuration, make: Callable[[], Flask]) -> int:
    """Serve until told to stop, and return the exit code; `make` is called where it serves."""
    try:
        _Server(options(configuration), make).run()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    return 0
