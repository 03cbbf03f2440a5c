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
from dataclasses import dataclass
from pathlib import Path

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
