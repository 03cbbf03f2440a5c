"""Try in a process of its own whether a schema can be prepared for in good time.

llguidance compares what patterns have in common, and what a number is a multiple of, without an end
in sight: 20 patterns that must all match take minutes and gigabytes, and none of its limits counts
them. A process can be ended; the engine's thread, in which it would happen, could not.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping

from devchat.backends.local.library import bare_import

SECONDS, MEMORY = 2, 1 << 30
"""What the trial may take: seconds of a processor, bytes of memory. One of 5,000 properties would
take nearly as much, one of 50 a hundredth."""
DEPTH = 64
"""How deep we look: llguidance refuses what is twice as deep."""
PATIENCE = 30.0
"""Seconds that we wait for it on a busy machine."""
# What takes no longer than it is long.
_PLAIN = frozenset(
    ("type", "properties", "required", "additionalProperties", "items", "enum", "const", "title")
    + ("description", "minItems", "maxItems", "minLength", "maxLength", "minimum", "maximum")
)


def plain(schema: object, depth: int = DEPTH) -> bool:
    """Tell whether nothing in a schema needs a trial, down to a depth."""
    if not depth:
        return False
    match schema:
        case bool():
            return True
        # A choice of several is no more than all of them, where nothing more is asked of each.
        case {"anyOf": [*choices], **more} if not more:
            return all(plain(one, depth - 1) for one in choices)
    if not isinstance(schema, Mapping):
        return False
    inner = [schema[name] for name in ("items", "additionalProperties") if name in schema]
    properties = schema.get("properties", {})
    if not isinstance(properties, Mapping):
        return False
    inner += properties.values()
    return set(schema) <= _PLAIN and all(plain(one, depth - 1) for one in inner)


def takes_too_long(grammar: str) -> bool:
    """Tell whether to prepare for a grammar takes more time or memory than it may."""
    program = [sys.executable, "-P", "-m", __name__]
    try:
        # What it says of an error is no matter: the engine will find it too.
        done = subprocess.run(
            program, input=grammar.encode(), capture_output=True, timeout=PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        return True
    return done.returncode < 0


def main() -> None:
    """Prepare for the grammar on standard input; killed where that takes too much."""
    import resource

    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    library = bare_import("llguidance", "_lib")
    matcher = library.LLMatcher(library.LLTokenizer("byte"), sys.stdin.read(), log_level=0)
    matcher.compute_ff_tokens()


if __name__ == "__main__":
    main()
