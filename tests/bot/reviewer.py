"""A worker process that reviews pulls of a fake GitHub, with a model that answers by script."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

from bot.durable import open_jobs, run_worker
from bot.github import open_app
from bot.ledger import open_ledger
from bot.reviewing import Desk, handlers
from devchat.settings import Paths, Settings
from tests.bot.working import begin

AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Bot:
    """What a worker must know."""

    database_url: str
    app_id: int
    private_key: str = field(repr=False)
    api_url: str
    paths: Paths
    script: Path


def write_script(path: Path) -> Path:
    """Write what the model answers."""
    answers = {"answers": ["Fine."] * 3, "tier": "tiny", "context_tokens": 32_000}
    path.write_text(json.dumps(answers))
    return path


def review(bot: Bot, log: Path) -> None:
    """Be a worker."""
    begin(log)
    app = open_app(bot.app_id, bot.private_key, bot.api_url)
    settings = Settings(bot.paths, model=f"scripted:{bot.script}")
    desk = Desk(settings, {}, bot.script.parent / "data")
    doing = handlers(app, open_jobs(bot.database_url), open_ledger(bot.database_url), desk)
    run_worker(bot.database_url, doing, concurrency=AT_ONCE)
