"""Which implementation stands behind each protocol: made here, from the configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from bot.command import secrets_of
from bot.configuration import Configuration, for_devchat, read_configuration

if TYPE_CHECKING:
    from bot.github import GitHub
    from bot.jobs import Jobs
    from bot.ledger import Ledger
    from bot.reviewing import Desk
    from devchat.settings import Settings


def open_configuration(environ: Mapping[str, str], *, service: bool = False) -> Configuration:
    """Read the configuration and begin to log; only a service logs as much as the owner wants.

    Raises SettingsError.
    """
    from bot.logs import open_logs

    configuration = read_configuration(environ)
    open_settings(environ)
    secrets = (*configuration.secrets(), *secrets_of(environ))
    open_logs(configuration.log if service else "error", secrets)
    return configuration


def open_settings(environ: Mapping[str, str]) -> Settings:
    """Load devchat's own settings, which choose the model. Raises SettingsError."""
    from devchat.settings.load import load

    return load(for_devchat(environ)).settings


def open_jobs(configuration: Configuration) -> Jobs:
    """Open the queue for handing in. Raises StorageError."""
    from bot.durable import open_jobs

    return open_jobs(configuration.database_url)


def open_ledger(configuration: Configuration) -> Ledger:
    """Open the ledger. Raises StorageError."""
    from bot.ledger import open_ledger

    return open_ledger(configuration.database_url)


def open_app(configuration: Configuration) -> GitHub:
    """Be the App at GitHub; asks nothing yet. Raises SettingsError for a key of no use."""
    from bot.github import open_app

    return open_app(configuration.app_id, configuration.private_key, configuration.api_url)


def open_desk(configuration: Configuration, environ: Mapping[str, str]) -> Desk:
    """Say with what reviews are made. Raises SettingsError."""
    from bot.reviewing import Desk

    settings = open_settings(environ)
    ways = configuration.drafts, configuration.per_day
    return Desk(settings, for_devchat(environ), configuration.data, *ways)
