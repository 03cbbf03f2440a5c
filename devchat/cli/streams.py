"""What a command writes for programs to read."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def print_json(value: dict[str, Any], *, indent: int | None = None) -> None:
    """Print an object as JSON that standard output's encoding can write."""
    from devchat.render.jsontext import in_encoding, to_json

    print(in_encoding(to_json(value, indent=indent), sys.stdout.encoding))
