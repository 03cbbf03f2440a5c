"""A terminal that is resized while an answer grows: tmux moves the rows, nothing is lost."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.render.terminals import rendered, squeezed

ROOT = Path(__file__).parent.parent.parent
Tmux = Callable[..., str]
REPLY = """\
# A title that is rather long, so that it wraps in a narrow terminal

A paragraph with **bold** words, `code` and a [link](https://example.org/some/long/path), which
wraps into a few rows. 中文段落也会换行，标点符号不会出现在行首；这一点很重要。

- an item that is long enough to wrap when the terminal gets narrow, but not when it is wide
- another
  > with a quote that wraps as well, in a narrow terminal at least, and is nested in it

```python
def short():
    return "code"
```
"""


@pytest.fixture
def tmux(home: Path) -> Iterator[Tmux]:
    """Run a tmux command on a server of its own."""
    environ = {name: value for name, value in os.environ.items() if name != "TMUX"}

    def run(*args: str) -> str:
        command = ["tmux", "-S", str(home / "tmux"), "-f", os.devnull, *args]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=environ)
        return done.stdout

    yield run
    run("kill-server")


def _wait_for(tmux: Tmux, text: str) -> str:
    deadline = time.monotonic() + 60
    while text not in (seen := tmux("capture-pane", "-p", "-S", "-")):
        assert time.monotonic() < deadline, seen
        time.sleep(0.05)
    return seen


@pytest.mark.parametrize(
    "sizes",
    [
        [(60, 24), (40, 24), (30, 24), (80, 24)],
        [(30, 24), (100, 40), (50, 20), (120, 30)],
        [(80, 40), (80, 12), (80, 30)],
    ],
)
def test_resizing_keeps_every_word_once(
    tmux: Tmux, home: Path, sizes: list[tuple[int, int]]
) -> None:
    (home / "reply.md").write_text(REPLY * 2, "utf-8")
    python = shlex.quote(sys.executable)
    stream = f"{python} -m tests.render.stream {home / 'reply.md'} --pause 0.012"
    # The answer starts at the bottom of a full screen: tmux keeps what is above in scrollback.
    script = f"cd {shlex.quote(str(ROOT))}; seq 1 60; echo BEGIN; {stream}; echo DONE; read -r _"
    tmux("new-session", "-d", "-x", "80", "-y", "24", f"TERM=screen sh -c {shlex.quote(script)}")
    _wait_for(tmux, "A paragraph")
    for columns, lines in sizes:
        time.sleep(0.4)
        tmux("resize-window", "-x", str(columns), "-y", str(lines))
    seen = _wait_for(tmux, "DONE")
    answer = seen.partition("BEGIN")[2].partition("DONE")[0]
    assert squeezed(answer.split("\n")) == squeezed(rendered([REPLY * 2], 80, 24).shown())
