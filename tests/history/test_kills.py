"""Processes killed at any moment, while they write and while they answer."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from devchat.history import open_history
from tests.history.killing import kill_often

TOKENS_PER_SECOND = 40


def test_fifty_kills_lose_no_finished_turn(home: Path) -> None:
    assert kill_often(home / "history.db", 50) > 0


def test_a_kill_while_answering_keeps_what_was_shown(home: Path, environ: dict[str, str]) -> None:
    words = [f"word{number}" for number in range(200)]
    script = {"answers": [" ".join(words)], "tokens_per_second": TOKENS_PER_SECOND}
    (home / "script.json").write_text(json.dumps(script))
    line = [sys.executable, "-m", "devchat", "ask", "-m", "scripted:script.json", "count"]
    asking = subprocess.Popen(
        line, env=environ, cwd=home, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
    )
    assert asking.stdout is not None
    shown = b""
    while b"word60" not in shown:
        shown += asking.stdout.read1(100)  # type: ignore[attr-defined]
    asking.kill()
    shown += asking.communicate()[0]
    with open_history(home / "data" / "history.db") as history:
        (cut_off,) = history.unfinished()
        assert cut_off.head is not None
        question, answer = history.thread(cut_off.head)
        assert (question.text.strip(), answer.status) == ("count", "streaming")
        assert " ".join(words).startswith(answer.text)
        missing = len(shown.split()) - len(answer.text.split())
        assert missing <= TOKENS_PER_SECOND * 0.25 + 2
        assert [hit.turn.id for hit in history.search("word9")] == [answer.id]
        history.add(cut_off, answer, "user", "and on?")
        assert history.unfinished() == ()
