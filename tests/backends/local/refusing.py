"""What `test_refusing.py` checks, in a process of its own: `refusing.py MODEL`."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from devchat.backends.local.library import LoadError
from devchat.errors import EngineError
from tests.backends.local.conftest import ask
from tests.backends.local.workbench import SHAPE, Workbench


def main() -> None:
    """Ask while no pool can be made any more: not even the one that there was."""
    bench = Workbench(Path(sys.argv[1]))
    bench.manner = replace(bench.manner, shape=replace(SHAPE, batch=32, ubatch=32))
    bench.renew()
    system, library = "You read code. " * 30, bench.weights.c
    reads = bench.add(ask("What is a list?", system, max_tokens=4))
    bench.tick()
    follows = bench.add(ask("What is a set?", system, max_tokens=4))
    large = bench.add(ask("Count.", max_tokens=900))
    makes, library.llama_init_from_model = library.llama_init_from_model, lambda *_: None
    try:
        bench.tick()
    except LoadError:
        bench.scheduler.refuse_next(EngineError("no memory", ""))
    library.llama_init_from_model = makes
    bench.ask()
    print([answer.error or "done" for answer in (reads, follows, large)])


if __name__ == "__main__":
    main()
