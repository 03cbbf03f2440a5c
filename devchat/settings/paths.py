"""Where devchat keeps things on this machine, by the XDG Base Directory specification.

By hand, for `platformdirs` takes 20 ms to import.
https://specifications.freedesktop.org/basedir/latest/
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from devchat.settings import Paths

FOLDERS = ("DEVCHAT_CONFIG_DIR", "DEVCHAT_DATA_DIR", "DEVCHAT_RUNTIME_DIR", "DEVCHAT_CACHE_DIR")
"""The variables that move a whole folder."""
SUPPORT = "Library/Application Support"


def find_paths(environ: Mapping[str, str], platform: str = sys.platform) -> Paths:
    """Find devchat's folders; nothing is created."""
    config = _folder(environ, "DEVCHAT_CONFIG_DIR") or _user_folder(
        environ, platform, "XDG_CONFIG_HOME", (".config", SUPPORT)
    )
    data = _folder(environ, "DEVCHAT_DATA_DIR") or _user_folder(
        environ, platform, "XDG_DATA_HOME", (".local/share", SUPPORT)
    )
    cache = _folder(environ, "DEVCHAT_CACHE_DIR") or _user_folder(
        environ, platform, "XDG_CACHE_HOME", (".cache", "Library/Caches")
    )
    return Paths(
        config_file=config / "config.toml",
        keys_file=config / "keys.toml",
        prompts=config / "prompts",
        models=data / "models",
        runtime=_folder(environ, "DEVCHAT_RUNTIME_DIR") or _runtime_folder(environ),
        history=data / "history.db",
        cache=cache,
    )


def _folder(environ: Mapping[str, str], variable: str) -> Path | None:
    text = environ.get(variable, "")
    return Path(text).absolute() if text else None


def _user_folder(
    environ: Mapping[str, str], platform: str, variable: str, usual: tuple[str, str]
) -> Path:
    # `usual` is the place in the home folder: on Linux, and on macOS.
    chosen = Path(environ.get(variable, ""))
    if chosen.is_absolute():  # the specification wants relative ones ignored
        return chosen / "devchat"
    home = Path(environ["HOME"]) if environ.get("HOME") else Path.home()
    return home / usual[platform == "darwin"] / "devchat"


def _runtime_folder(environ: Mapping[str, str]) -> Path:
    session = Path(environ.get("XDG_RUNTIME_DIR", ""))
    # `su` and `sudo` leave another user's folder in the variable; cron and containers none.
    if session.is_absolute() and os.access(session, os.W_OK | os.X_OK):
        return session / "devchat"
    return Path(f"/tmp/devchat-{os.getuid()}")
