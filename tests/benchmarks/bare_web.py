"""A route that verifies the signature and does nothing else, under the bot's own gunicorn."""

from __future__ import annotations

import os

from flask import Flask, request

from bot.configuration import read_configuration
from bot.logs import open_logs
from bot.web.serving import serve
from bot.webhook import ROUTE, check_signature

CONFIGURATION = read_configuration(os.environ)


def make() -> Flask:
    """Make the application."""
    app = Flask(__name__, static_folder=None)

    @app.post(ROUTE)
    def verify() -> tuple[str, int]:
        signature = request.headers.get("X-Hub-Signature-256", "")
        check_signature(signature, request.get_data(), CONFIGURATION.webhook_secrets)
        return "", 202

    app.add_url_rule("/readyz", view_func=lambda: "")
    return app


if __name__ == "__main__":
    open_logs("warning")
    serve(CONFIGURATION, make)
