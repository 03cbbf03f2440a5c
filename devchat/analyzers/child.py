"""The child process of an analyzer that is a library: it judges the files of its folder."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

from devchat.analyzers.problem import Problem

Check = Callable[[str, str], Iterable[Problem]]
"""Takes the kind of a text and the text, and yields what is wrong with it."""


def main(module: str) -> None:
    """Run a module's `check` over every file here, and print what is wrong as JSON."""
    check: Check = import_module(module).check
    found = {file.stem: _judged(check, file) for file in sorted(Path.cwd().iterdir())}
    json.dump(found, sys.stdout)


def _judged(check: Check, file: Path) -> list[dict[str, object]] | None:
    text = file.read_bytes().decode("utf-8", "surrogateescape")
    try:
        return [asdict(one) for one in check(file.suffix[1:], text)]
    except (RecursionError, MemoryError, ValueError):
        return None  # Nested too deeply, or a number of a million digits.


if __name__ == "__main__":
    main(sys.argv[1])
