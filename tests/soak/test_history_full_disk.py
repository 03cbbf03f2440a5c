"""A disk that is really full, a small one in memory: each answer comes, what is kept stays whole.

Needs Linux that lets a user make namespaces (`unshare`); `tests/history` and `tests/cli` limit the
size of files instead, everywhere.
"""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

ASKED = 60
SCRIPT = """
set -eu
mount -t tmpfs -o size=3m none "$DEVCHAT_DATA_DIR"
dd if=/dev/zero of="$DEVCHAT_DATA_DIR/filler" bs=1k count=2000 2>/dev/null
for number in $(seq $1); do
    "$2" -m devchat ask -m scripted:script.json "question $number" 2>> errors
done
rm "$DEVCHAT_DATA_DIR/filler"
"$2" -m devchat history prune --keep 5 --yes
"$2" -m devchat ask -m scripted:script.json "with room again" 2> again
cp -r "$DEVCHAT_DATA_DIR" kept
"""


@pytest.mark.soak
def test_answers_come_while_the_disk_fills_up(home: Path, environ: dict[str, str]) -> None:
    answer = "word " * 2_000
    (home / "script.json").write_text(json.dumps({"answers": [answer]}))
    (home / "data").mkdir()
    line = ["unshare", "--map-root-user", "--mount", "sh", "-c", SCRIPT, "sh", str(ASKED)]
    done = subprocess.run(
        [*line, sys.executable], env=environ, cwd=home, capture_output=True, check=True
    )
    answers = [
        each.strip() for each in done.stdout.decode().split("\n") if each.startswith("word ")
    ]
    assert answers == [answer.strip()] * (ASKED + 1)
    missed = (home / "errors").read_text().count("this answer is not kept: ")
    assert 0 < missed < ASKED
    assert (home / "again").read_text() == ""
    with closing(sqlite3.connect(home / "kept" / "history.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        (kept,) = connection.execute("SELECT count(*) FROM conversations").fetchone()
    assert kept == 6
    print(f"\n{ASKED - missed} of {ASKED} answers kept until the disk was full")  # with -s
