"""`devchat-bot replay`: hand a delivery in again, from a file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from devchat.errors import InputError

if TYPE_CHECKING:
    from bot.webhook import Delivery

HINT = "save what `GET /app/hook/deliveries/ID` answers: guid, event, and request.payload"


def replay(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="DELIVERY.json", help="A delivery, as JSON.")],
) -> None:
    """Hand in a delivery again, from a file.

    The file is what `GET /app/hook/deliveries/ID` answers. The job gets an id of its own.
    """
    import time

    from bot.command.parts import open_configuration, open_jobs
    from bot.events import Nothing, read_intent, to_job

    configuration = open_configuration(context.obj)
    delivery = _read(file)
    intent = read_intent(
        delivery,
        configuration.app_id,
        drafts=configuration.drafts,
        accounts=configuration.accounts,
    )
    if isinstance(intent, Nothing):
        print(f"nothing to do: {intent.why}")
        return
    # The GUID itself may be done already, and a job's id alone decides about that.
    id = f"{delivery.guid}:{time.time_ns():x}"
    with closing(open_jobs(configuration)) as jobs:
        jobs.enqueue(to_job(intent, id))
    print(f"handed in as {id}")


def _read(file: Path) -> Delivery:
    from bot.webhook import parse_payload, to_delivery

    try:
        found = parse_payload(file.read_bytes())
        payload = found["request"]["payload"]
        if isinstance(payload, str):
            payload = json.loads(payload)
        if not isinstance(payload, Mapping):
            raise TypeError
        return to_delivery(_text(found, "guid"), _text(found, "event"), payload)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(f"{file} can't be read: {reason}", HINT) from error
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{file} is no delivery of GitHub's", HINT) from error


def _text(found: Mapping[str, Any], name: str) -> str:
    if not isinstance(found[name], str):
        raise TypeError
    return str(found[name])
