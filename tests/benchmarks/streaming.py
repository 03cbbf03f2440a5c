"""Stream a Markdown reply at 100 tokens a second onto a pty: processor seconds and bytes.

`python -m tests.benchmarks.streaming [FILE] [COLUMNS LINES]`
"""

from __future__ import annotations

import os
import pty
import resource
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.pairs import Row

_REPLIES = Path(__file__).parent.parent / "render" / "replies"
_CHILD = """
import os, sys, time
from devchat.render import open_renderer
from devchat.types import Chunk
text = sys.stdin.read()
renderer = open_renderer(sys.stdout, sys.stderr, os.environ, plain=False)
due = time.monotonic()
for start in range(0, len(text), 4):
    due += 0.01
    time.sleep(max(0, due - time.monotonic()))
    renderer.feed(Chunk("text", text[start:start + 4]))
renderer.finish()
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """What streaming took: processor seconds with and without the start, bytes, seconds."""

    cpu: float
    start: float
    written: int
    elapsed: float


def reply_8k() -> str:
    """Make a reply of 8 KB of the sample replies: prose, lists, tables, code, Chinese."""
    text = "\n\n".join(path.read_text("utf-8") for path in sorted(_REPLIES.glob("*.md")))
    data = (text * (1 + 8192 // len(text.encode()))).encode()[:8192]
    return data.decode("utf-8", "ignore")


def stream(text: str, columns: int = 80, lines: int = 24) -> Cost:
    """Stream a text, four characters a token, 100 tokens a second, in a process of its own."""
    start, _, _ = _run("", columns, lines)
    cpu, written, elapsed = _run(text, columns, lines)
    return Cost(cpu, start, written, elapsed)


def _run(text: str, columns: int, lines: int) -> tuple[float, int, float]:
    import fcntl
    import struct
    import termios

    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    before, begun = _children(), time.monotonic()
    child = subprocess.Popen(
        [sys.executable, "-c", _CHILD],
        stdin=subprocess.PIPE,
        stdout=slave,
        stderr=slave,
        env=os.environ | {"TERM": "xterm-256color", "PYTHONIOENCODING": "utf-8"},
    )
    os.close(slave)
    assert child.stdin
    child.stdin.write(text.encode())
    child.stdin.close()
    written = 0
    try:
        while data := os.read(master, 65536):
            written += len(data)
    except OSError:
        pass  # Linux says EIO where others say end of file.
    os.close(master)
    if child.wait():
        raise RuntimeError(f"the renderer failed with {child.returncode}")
    return _children() - before, written, time.monotonic() - begun


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure(environ: Mapping[str, str]) -> list[Row]:
    """Measure replies of 8 KB of each kind; the environment doesn't matter here."""
    rows = []
    for what, text in {"mixed": reply_8k(), **_monotonous()}.items():
        cost = stream(text)
        beyond = f"{cost.elapsed:.0f} s of streaming, {cost.start:.2f} s to start not counted"
        name = f"8 KB reply at 100 tokens/s, {what}"
        rows.append(Row(f"{name}: processor", cost.cpu - cost.start, 1.0, " s", beyond))
        rows.append(Row(f"{name}: to the terminal", cost.written / 1000, 200.0, " KB", "80x24"))
    return rows


def _monotonous() -> Mapping[str, str]:
    """Replies of a single kind of block, which grow longer than any real one."""
    table = "| name | what it does |\n|---|---|\n" + "| `row` | holds a few words |\n" * 300
    code = "```python\n" + "def add(a, b):\n    return a + b  # the sum\n\n\n" * 180 + "```\n"
    kinds = {
        "one paragraph": "A sentence with *some* words in it. " * 240,
        "one list": "- an item of a **list** with a few words\n" * 200,
        "one table": table,
        "one code block": code,
    }
    return {what: text[:8192] for what, text in kinds.items()}


def main() -> None:
    """Measure the sample reply, or the file named."""
    text = Path(sys.argv[1]).read_text("utf-8") if len(sys.argv) > 1 else reply_8k()
    columns, lines = map(int, sys.argv[2:4]) if len(sys.argv) > 3 else (80, 24)
    cost = stream(text, columns, lines)
    print(
        f"{len(text.encode())} bytes of Markdown in {cost.elapsed:.1f} s: "
        f"{cost.cpu - cost.start:.2f} s of processor beyond {cost.start:.2f} s to start, "
        f"{cost.written} bytes to the terminal"
    )


if __name__ == "__main__":
    main()
