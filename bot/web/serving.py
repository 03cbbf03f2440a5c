"""The application under gunicorn. Imports it: only imported to serve."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.config import Config
from gunicorn.glogging import Logger

from bot.configuration import Configuration


class _Logger(Logger):  # type: ignore[misc]
    """Lets gunicorn's lines go where all lines of this process go."""

    def setup(self, cfg: Config) -> None:
        self.loglevel = self.error_log.getEffectiveLevel()
        self.error_log.propagate = True


class _Server(BaseApplication):  # type: ignore[misc]
    def __init__(self, options: dict[str, Any], make: Callable[[], Flask]) -> None:
        self._options, self._make = options, make
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        return self._make()


def options(configuration: Configuration) -> dict[str, Any]:
    """Return gunicorn's settings: one process with threads, for the work is waiting."""
    host, memory = configuration.host, Path("/dev/shm")
    return {
        "bind": f"{f'[{host}]' if ':' in host else host}:{configuration.port}",
        "worker_class": "gthread",
        "threads": 16,
        "timeout": 30,
        "graceful_timeout": 20,
        "control_socket_disable": True,
        "logger_class": _Logger,
        # Its heartbeat is a file; on a full disk it must go on.
        "worker_tmp_dir": str(memory) if memory.is_dir() else None,
    }


def serve(configuration: Configuration, make: Callable[[], Flask]) -> None:
    """Serve until told to stop; `make` is called in each serving process. Exits by itself."""
    _Server(options(configuration), make).run()
