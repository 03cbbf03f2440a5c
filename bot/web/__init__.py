"""The App's front door over HTTP: deliveries come in, are checked and handed to the queue.

Does no work itself, so that GitHub hears within seconds. Imports flask: only imported to serve.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from bot.configuration import Configuration
from bot.events import ForgetPull, Intent, Nothing, read_intent, subject_of, to_job
from bot.jobs import Backlog, Job, Jobs
from bot.ledger import DeliveryRow
from bot.logs import logged
from bot.metrics import write_metrics
from bot.web.bounded import Bounded
from bot.web.recording import Recorder
from bot.web.together import Together
from bot.webhook import MAX_BYTES, ROUTE, Delivery, DeliveryError, read_event
from devchat.errors import DevchatError, StorageError

if TYPE_CHECKING:
    from bot.ledger import Ledger

LOG = logging.getLogger(__name__)


def create_app(configuration: Configuration, jobs: Jobs, ledger: Ledger) -> Flask:
    """Make the application; it keeps `jobs` and `ledger` for its lifetime."""
    app = Flask("devchat-bot", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BYTES
    door = _Door(configuration, jobs, ledger)
    app.add_url_rule(ROUTE, "deliveries", door.deliveries, methods=["POST"])
    app.add_url_rule("/healthz", "healthz", door.healthz)
    app.add_url_rule("/readyz", "readyz", door.readyz)
    app.add_url_rule("/metrics", "metrics", door.metrics)
    app.register_error_handler(DevchatError, _refuse)
    app.register_error_handler(HTTPException, _http_error)
    return app


class _Door:
    """The routes."""

    def __init__(self, configuration: Configuration, jobs: Jobs, ledger: Ledger) -> None:
        self._configuration, self._jobs, self._ledger = configuration, jobs, ledger
        record = ledger.record_deliveries
        # SQLite has one writer at a time; PostgreSQL's are in each other's way from a few on.
        single = configuration.database_url.startswith("sqlite:")
        self._bounded, writing = Bounded(), Bounded(threads=1 if single else 4)
        recording = writing if single else self._bounded
        self._together = Together[Job](lambda batch: jobs.enqueue(*batch), writing)
        self._recorder = Recorder(lambda batch: recording.run(lambda: record(batch)))

    def deliveries(self) -> tuple[Response, int]:
        """Take a delivery: 202 only once it is durably ours (or there is nothing to do)."""
        here = self._configuration
        delivery = read_event(dict(request.headers), request.get_data(), here.webhook_secrets)
        intent = read_intent(delivery, here.app_id, drafts=here.drafts, accounts=here.accounts)
        with logged(delivery=delivery.guid, **subject_of(intent)):
            if not isinstance(intent, Nothing):
                self._together.give(to_job(intent, delivery.guid))
            LOG.info("%s: %s", delivery.name, _outcome(intent))
        self._recorder.record(_record(delivery, intent))
        return jsonify(delivery=delivery.guid, outcome=_outcome(intent)), 202

    def healthz(self) -> Response:
        """Say that this process answers."""
        return jsonify(ok=True)

    def readyz(self) -> Response:
        """Say whether deliveries can be taken: the database and the queue answer."""
        backlog = self._bounded.run(self._look)
        return jsonify(ok=True, waiting=backlog.waiting, running=backlog.running)

    def _look(self) -> Backlog:
        self._ledger.deliveries(1)
        return self._jobs.backlog()

    def metrics(self) -> Response:
        """Write what the database knows in Prometheus' form, whichever process is asked."""
        text, form = self._bounded.run(lambda: write_metrics(self._jobs, self._ledger))
        return Response(text, content_type=form)


def _record(delivery: Delivery, intent: Intent) -> DeliveryRow:
    found = delivery.payload.get("repository")
    repository = found.get("full_name", "") if isinstance(found, Mapping) else ""
    known = delivery.guid, delivery.event, delivery.action, str(repository)
    return DeliveryRow(*known, received_at=time.time(), outcome=_outcome(intent))


def _outcome(intent: Intent) -> str:
    if isinstance(intent, Nothing):
        return f"nothing to do: {intent.why}"
    if isinstance(intent, ForgetPull):
        return f"forget: {intent.why}"
    return f"review: {intent.trigger}"


def _refuse(error: DevchatError) -> tuple[Response, int, dict[str, str]]:
    if isinstance(error, DeliveryError):
        LOG.warning("%d: %s", error.status, error.message)
        return jsonify(error=error.message, hint=error.hint), error.status, {}
    # Where the database is, and why it fails, is for the log: anybody may be asking.
    status, headers = (503, {"Retry-After": "60"}) if isinstance(error, StorageError) else (500, {})
    LOG.error("%d: %s", status, error.message)
    return jsonify(error="not now", hint="the log tells why"), status, headers


def _http_error(error: HTTPException) -> tuple[Response, int]:
    return jsonify(error=(error.name or "").lower()), error.code or 500
