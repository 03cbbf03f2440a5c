"""Show the requests of a review exactly as they would be sent, with their token counts."""

from __future__ import annotations

from typing import Any

from devchat.backends import Backend
from devchat.changes import Diff, Source
from devchat.chat import count_messages
from devchat.cli.dry_run import message_objects, option_words, print_messages
from devchat.cli.streams import print_json
from devchat.policy import Policy
from devchat.render.review import Format
from devchat.render.review.facts import plural
from devchat.review import Reviewers, Wishes, plan
from devchat.sanitize import visible
from devchat.types import Request


def show_plan(
    source: Source,
    diff: Diff,
    reviewers: Reviewers,
    policy: Policy,
    wishes: Wishes,
    form: Format,
) -> None:
    """Print what a model would be asked first; send nothing."""
    backend = reviewers.backend
    requests = plan(diff, source, reviewers, policy, wishes).requests if backend else ()
    if form == "json":
        print_json(_as_json(backend, requests))
    elif backend is None or not requests:
        print("no model would be asked")
    else:
        _print(backend, requests)


def _print(backend: Backend, requests: tuple[Request, ...]) -> None:
    about = "" if backend.exact_count else "about "
    window = f"window of {backend.context_tokens:,} tokens"
    print(f"model    {visible(backend.name)} on {visible(backend.location)}, {window}")
    for number, request in enumerate(requests, 1):
        print(f"\n=== request {number} of {len(requests)}")
        print(f"options  {option_words(request.options)}")
        print_messages(backend, request.messages)
    total = sum(count_messages(request.messages, backend) for request in requests)
    print(f"\n=== {about}{total:,} tokens in {plural(len(requests), 'request')}")


def _as_json(backend: Backend | None, requests: tuple[Request, ...]) -> dict[str, Any]:
    if backend is None:
        return {"version": 1, "model": None, "requests": []}
    return {
        "version": 1,
        "model": backend.name,
        "location": backend.location,
        "window": backend.context_tokens,
        "exact": backend.exact_count,
        "requests": [message_objects(backend, request) for request in requests],
    }
