"""A whole conversation as Markdown for people, or as one JSON object for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from devchat.context.names import size
from devchat.history import Conversation, Turn
from devchat.sanitize import HIDDEN, single_line

VERSION = 1


def transcript_markdown(conversation: Conversation, turns: Sequence[Turn]) -> str:
    """Write a conversation as Markdown: a heading for each turn, its text as it is."""
    title = single_line(conversation.title) or conversation.id
    head = f"# {title}\n\n`{conversation.id}`, {moment(conversation.created)}"
    return "\n\n".join([head, *map(_section, turns)]) + "\n"


def transcript_json(conversation: Conversation, turns: Sequence[Turn]) -> str:
    """Write a conversation as JSON; times are Unix seconds."""
    return to_json({**asdict(conversation), "turns": [asdict(turn) for turn in turns]})


def to_json(value: dict[str, Any]) -> str:
    """Write JSON in which nothing commands or deceives a terminal, and Chinese stays readable."""
    text = json.dumps({"version": VERSION, **value}, indent=2, ensure_ascii=False)
    return HIDDEN.sub(lambda found: json.dumps(found[0])[1:-1], text)


def moment(seconds: float) -> str:
    """Write a time in the user's time zone."""
    return f"{datetime.fromtimestamp(seconds):%Y-%m-%d %H:%M}"


def ending(turn: Turn) -> str:
    """Say how an answer ended that did not come to its own end; "" for all others."""
    return {
        "streaming": "cut off",
        "interrupted": "interrupted",
        "error": f"failed: {single_line(turn.error)}",
    }.get(turn.status, "")


def pictures(turn: Turn) -> tuple[str, ...]:
    """Say which pictures went with a question: a line for each."""
    return tuple(
        f"picture: {single_line(one.name)} ({one.media_type.partition('/')[2]}, {size(one.bytes)})"
        for one in turn.pictures
    )


def _section(turn: Turn) -> str:
    who = single_line(turn.model) if turn.role == "assistant" else "You"
    ended = f" ({ending(turn)})" if ending(turn) else ""
    shown = "".join(f"\n\n*{line}*" for line in pictures(turn))
    return f"## {who}{ended}\n\n{turn.text.strip()}{shown}"
