"""All that a review needs, ready to work: a GitHub, a queue, a ledger and a scripted model."""

from __future__ import annotations

import json
from itertools import count
from pathlib import Path
from typing import Any

from bot.events import ForgetPull, Nothing, read_intent, to_job
from bot.github import open_app
from bot.ledger import open_ledger
from bot.reviewing import Desk, handlers
from bot.webhook import Delivery
from devchat.settings import Paths, Settings
from tests.fakes.github import GitHub, Pull
from tests.fakes.queue import Queue

BROKEN = '{"a": }\n'
"""A JSON file with one error, at its first line."""


class Office:
    """A bot over a fake GitHub; deliveries are handed in by `tell`, jobs done by `work`."""

    def __init__(self, hub: GitHub, home: Path, paths: Paths, **manner: Any) -> None:
        self.hub, self.home, self.queue = hub, home, Queue()
        self.script(**manner)
        settings = Settings(paths, model=f"scripted:{home / 'model.json'}")
        self.app = open_app(hub.app_id, hub.private_key, hub.url)
        self.ledger = open_ledger(f"sqlite:///{home}/data/bot.db")
        self.desk = Desk(settings, {}, home / "data")
        self.repository = hub.repository("octo/app", {"README.md": "an app\n"})
        self.guids = (f"guid-{number}" for number in count())

    @property
    def handlers(self) -> Any:
        """What does the jobs."""
        return handlers(self.app, self.queue, self.ledger, self.desk)

    def script(
        self, answers: tuple[Any, ...] = ("Fine.",) * 3, tier: str = "tiny", speed: float = 0.0
    ) -> None:
        """Say what the model answers, and how many tokens a second it does."""
        script = {"answers": list(answers), "tier": tier, "context_tokens": 32_000}
        script["tokens_per_second"] = speed
        (self.home / "model.json").write_text(json.dumps(script))

    def open(self, files: dict[str, Any], **fields: Any) -> Pull:
        """Open a pull, and hand its delivery in."""
        pull = self.hub.open_pull(self.repository, files, **fields)
        self.tell(pull, "opened")
        return pull

    def push(self, pull: Pull, files: dict[str, Any]) -> str:
        """Push onto a pull, and hand the delivery in."""
        head = self.hub.push(pull, files)
        self.tell(pull, "synchronize")
        return head

    def tell(self, pull: Pull, action: str, **fields: Any) -> None:
        """Hand in what a `pull_request` event asks for, as the web does."""
        from tests.fakes.github import hooks

        payload = hooks.pull_event(action, pull, pull.author, **fields)
        self.hand_in("pull_request", action, payload)

    def ask_again(self, pull: Pull) -> None:
        """Hand in that somebody asked for the pull's latest check again."""
        from tests.fakes.github import hooks

        check = self.repository.checks[-1]
        payload = hooks.check_event("rerequested", check, pull, self.hub.state, "mona")
        self.hand_in("check_run", "rerequested", payload)

    def hand_in(self, event: str, action: str, payload: dict[str, Any]) -> None:
        """Enqueue the intake of an event."""
        delivery = Delivery(next(self.guids), event, action, payload)
        intent = read_intent(delivery, self.hub.app_id, drafts=self.desk.drafts)
        if not isinstance(intent, Nothing):
            assert isinstance(intent, ForgetPull) or intent.head
            self.queue.enqueue(to_job(intent, delivery.guid))

    def work(self) -> None:
        """Do all jobs."""
        self.queue.work(self.handlers)

    def close(self) -> None:
        """Close what is open."""
        self.app.close()
        self.ledger.close()
