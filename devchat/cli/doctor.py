"""`devchat doctor`: what works here and what doesn't, fit to be pasted into a bug report."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import asdict, replace
from itertools import groupby
from typing import TYPE_CHECKING, Annotated

import typer

from devchat.errors import ModelError, SettingsError

if TYPE_CHECKING:
    from devchat.cli.calls import Scope
    from devchat.cli.checks import Check
    from devchat.settings import Settings

MARKS = {True: "ok", False: "no", None: "--"}


def doctor(
    offline: Annotated[
        bool, typer.Option("--offline", help="Ask no service outside this machine.")
    ] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="Ask every service that a key is set for.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> int:
    """Check what works here, with a real one-token call to each model.

    Of services outside this machine only those that your settings name are asked. Keys, addresses'
    passwords and your home folder are left out of the report. Exits with 3 where the default
    model does not answer.
    """
    from devchat.cli.calls import DEFAULT, Scope
    from devchat.cli.columns import write_lines

    settings, problem = _load()
    checks = list(_clean(_all_checks(settings, problem, Scope(offline, everything))))
    works = any(one.name == DEFAULT and one.ok for one in checks)
    if json:
        _print_json(checks, works=works)
    else:
        write_lines(_report(checks))
    return 0 if works else ModelError.exit_code


def _load() -> tuple[Settings, SettingsError | None]:
    """Load the settings; where they are broken, go on with the defaults and what is wrong."""
    from devchat.settings import Settings
    from devchat.settings.load import load
    from devchat.settings.paths import find_paths

    try:
        return load(os.environ).settings, None
    except SettingsError as error:
        return Settings(find_paths(os.environ)), error


def _all_checks(settings: Settings, problem: SettingsError | None, scope: Scope) -> Iterator[Check]:
    from devchat.cli import checks
    from devchat.cli.calls import DEFAULT, Caller, check_models
    from devchat.models.services import look_at_all

    yield from checks.check_settings(settings, problem)
    yield from checks.check_versions()
    yield from checks.check_engines(settings)
    services = look_at_all(settings.providers.values(), os.environ, settings.paths)
    for check in check_models(Caller(settings, os.environ, _say), services, scope):
        # With settings that can't be read, nobody knows which model is the default.
        broken = problem is not None and check.name == DEFAULT
        yield replace(check, name="embedded") if broken else check
    yield from checks.check_paths(settings.paths)
    yield from checks.check_network(os.environ)
    yield from checks.check_terminal(os.environ)


def _say(text: str) -> None:
    from devchat.cli.redact import redact
    from devchat.render.console import note

    note(sys.stderr, redact(text, os.environ))


def _clean(checks: Iterator[Check]) -> Iterator[Check]:
    from devchat.cli.redact import redact

    for check in checks:
        detail, advice = (redact(text, os.environ) for text in (check.detail, check.advice))
        yield replace(check, detail=detail, advice=advice)


def _report(checks: list[Check]) -> Iterator[str]:
    """Lay out a line for each check, and beside each `no` what to do."""
    from devchat.cli.columns import columns

    rows = [[MARKS[one.ok], one.name, _what(one)] for one in checks]
    lines = iter(columns(rows))
    for section, members in groupby(checks, key=lambda one: one.section):
        yield section
        yield from (next(lines) for _ in members)
        yield ""
    wrong = sum(one.ok is False for one in checks)
    yield "All is well." if not wrong else f"{wrong} of {len(checks)} need a look: see each `no`."


def _what(check: Check) -> str:
    return f"{check.detail} -> {check.advice}" if check.advice else check.detail


def _print_json(checks: list[Check], *, works: bool) -> None:
    from devchat.cli.streams import print_json

    found = [asdict(one) for one in checks]
    print_json({"version": 1, "works": works, "checks": found}, indent=2)
