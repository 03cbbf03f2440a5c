"""`devchat ask` in a real terminal (a pty), read through a terminal emulator."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pexpect
import pyte
import pytest

REPLY = """\
# Title

Some **bold** words.

```python
print(1)
```

| a | b |
|---|---|
| 1 | 2 |
"""


def run(
    environ: dict[str, str], home: Path, *args: str, columns: int = 60, interrupt: str = ""
) -> tuple[list[str], str, int | None]:
    """Run in a pty; return the lines on the screen, the raw output and the exit code."""
    child = pexpect.spawn(
        sys.executable, ["-m", "devchat", *args],
        env=environ, cwd=str(home), dimensions=(40, columns), encoding="utf-8", timeout=30,
    )  # fmt: skip
    raw = ""
    if interrupt:
        child.expect_exact(interrupt)
        raw += f"{child.before}{child.after}"
        child.sendintr()
    child.expect(pexpect.EOF)
    raw += f"{child.before}"
    child.close()
    screen = pyte.Screen(columns, 40)
    pyte.Stream(screen).feed(raw)
    return [line.rstrip() for line in screen.display], raw, child.exitstatus


@pytest.fixture
def model(home: Path) -> str:
    (home / "script.json").write_text(json.dumps({"answers": [REPLY]}))
    return "scripted:script.json"


def test_an_answer_is_laid_out(environ: dict[str, str], home: Path, model: str) -> None:
    lines, raw, code = run(environ, home, "ask", "-m", model, "what?")
    assert code == 0
    assert any(line.strip() == "Some bold words." for line in lines)
    assert any("print(1)" in line for line in lines)
    assert "\x1b[" in raw and "```" not in raw


def test_who_speaks_is_said_before_the_answer(
    environ: dict[str, str], home: Path, model: str
) -> None:
    lines, _, _ = run(environ, home, "ask", "-m", model, "what?")
    assert lines[0] == "scripted:script.json on this machine"


def test_plain_writes_no_escape_sequence(environ: dict[str, str], home: Path, model: str) -> None:
    plain = environ | {"NO_COLOR": "1"}
    _, raw, _ = run(plain, home, "ask", "--plain", "-m", model, "what?")
    assert "\x1b" not in raw
    assert "# Title" in raw


def test_no_color_leaves_the_layout(environ: dict[str, str], home: Path, model: str) -> None:
    lines, raw, _ = run(environ | {"NO_COLOR": "1"}, home, "ask", "-m", model, "what?")
    assert any(line.strip() == "Some bold words." for line in lines)
    colours = [
        int(n) for codes in re.findall(r"\x1b\[([\d;]*)m", raw) for n in codes.split(";") if n
    ]
    assert not [n for n in colours if 30 <= n <= 49 or 90 <= n <= 107]


def test_a_terminal_of_one_column(environ: dict[str, str], home: Path, model: str) -> None:
    _, raw, code = run(environ, home, "ask", "-m", model, "what?", columns=1)
    assert code == 0
    letters = re.sub(r"\x1b\[[\d;?]*[A-Za-z]|\s", "", raw)
    assert "print(1)" in letters


def test_a_dumb_terminal_gets_raw_text(environ: dict[str, str], home: Path, model: str) -> None:
    _, raw, _ = run(environ | {"TERM": "dumb"}, home, "ask", "-m", model, "what?")
    assert "\x1b" not in raw and "**bold**" in raw


def test_control_c_keeps_what_came(environ: dict[str, str], home: Path) -> None:
    words = " ".join(f"word{i}" for i in range(2000))
    (home / "script.json").write_text(json.dumps({"answers": [words], "tokens_per_second": 50}))
    lines, raw, code = run(
        environ, home, "ask", "-m", "scripted:script.json", "count", interrupt="word5"
    )
    assert code == 130
    assert any("word5" in line for line in lines)
    assert "Traceback" not in raw


def test_errors_are_red(environ: dict[str, str], home: Path) -> None:
    _, raw, code = run(environ, home, "ask", "-m", "nothing", "what?")
    assert code == 3
    assert raw.startswith("\x1b[1;31merror:\x1b[0m ")


def test_reasoning_is_dim_and_before_the_answer(environ: dict[str, str], home: Path) -> None:
    answer = {"text": "Forty-two.", "reasoning": "six times seven"}
    (home / "script.json").write_text(json.dumps({"answers": [answer]}))
    lines, raw, _ = run(environ, home, "ask", "-m", "scripted:script.json", "6x7?")
    shown = [line.strip() for line in lines if line]
    assert shown[-2:] == ["six times seven", "Forty-two."]
    assert re.search(r"\x1b\[2m\S*six", raw.replace("\x1b[0m\x1b[2m", ""))
