"""`make bench`: measure, and write it into docs/benchmarks.md; exits 1 if a bar is not held.

`make bench SUITES="jobs chunks"` measures these alone; the others' figures stay as they are.
"""

from __future__ import annotations

import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from time import perf_counter

from tests.benchmarks import (
    acknowledge,
    diffs,
    engine,
    first_words,
    history,
    jobs,
    pulls,
    repl,
    reviews,
    startup,
    streaming,
)
from tests.benchmarks.pairs import Row

PAGE = Path(__file__).parent.parent.parent / "docs" / "benchmarks.md"
SUITES: Mapping[str, Callable[[Mapping[str, str]], list[Row]]] = {
    "startup": startup.measure,
    "first_words": first_words.measure,
    "streaming": streaming.measure,
    "history": history.measure,
    "repl": repl.measure,
    "acknowledge": acknowledge.measure,
    "jobs": jobs.measure,
    "pulls": pulls.measure,
    "diffs": diffs.measure,
    "reviews": reviews.measure,
    "single": engine.single,
    "bound": engine.bound,
    "questions": engine.questions,
    "chunks": engine.chunks,
    "prefixes": engine.prefixes,
    "lookup": engine.lookup,
    "window": engine.window,
}
INTRODUCTION = """# Benchmarks

Every figure on this page was written by `make bench` (`python -m tests.benchmarks`), which takes
two hours, or by `make bench SUITES=...` for some of it, on the machine and the day named above it.
Contestants run in turn within one run and the median of the ratios of each round counts, so a slow
or busy machine slows all of them alike. A bar is what devchat promises.
"""
HEADING = "## "


def section(name: str, rows: Sequence[Row]) -> str:
    """Write what a suite measured."""
    lines = [
        f"{HEADING}{name}\n",
        f"{date.today()}, {_machine()}.\n",
        "| what | measured | bar | held | medians |",
        "|---|---:|---:|---|---|",
    ]
    for row in rows:
        measured, bar = f"{row.measured:,.2f}{row.unit}", f"{row.bar:,.4g}{row.unit}"
        held = "yes" if row.held else "**no**"
        lines.append(f"| {row.what} | {measured} | {bar} | {held} | {row.detail} |")
    return "\n".join(lines) + "\n"


def page(before: str, measured: dict[str, str]) -> str:
    """Put the sections measured in place of what the page said of them before."""
    _, *old = before.split(f"\n{HEADING}")
    known = {one.partition("\n")[0]: HEADING + one.rstrip() + "\n" for one in old} | measured
    return "\n".join((INTRODUCTION, *(known[name] for name in SUITES if name in known)))


def _machine() -> str:
    cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    system = f"{platform.system()} {platform.machine()}"
    return f"{cpus} cores, {system}, Python {platform.python_version()}"


def _measured(name: str, environ: Mapping[str, str]) -> list[Row]:
    began = perf_counter()
    rows = SUITES[name](environ)
    print(f"{name}: {perf_counter() - began:.0f} s", file=sys.stderr)
    return rows


def main(names: Sequence[str]) -> int:
    """Run the suites named, all without names, and rewrite their sections of the page."""
    home = Path(tempfile.mkdtemp(prefix="dc-"))
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "LLM_USER_PATH": str(home / "llm"),
        "DEVCHAT_CONFIG_DIR": str(home / "config"),
        "DEVCHAT_DATA_DIR": str(home / "data"),
        "DEVCHAT_RUNTIME_DIR": str(home / "run"),
        "DEVCHAT_CACHE_DIR": str(home / "cache"),
    }
    held = True
    try:
        for name in names or SUITES:
            rows = _measured(name, environ)
            held = held and all(row.held for row in rows)
            print(section(name, rows), flush=True)
            PAGE.write_text(page(PAGE.read_text(), {name: section(name, rows)}))
    finally:
        shutil.rmtree(home, ignore_errors=True)
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
