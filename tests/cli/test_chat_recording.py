"""A session as it looks, from its first line to its last: a recording as text."""

from __future__ import annotations

import re
from pathlib import Path

from tests.cli.chatting import ENTER, Chat, control, pasted, write_script

SNAPSHOT = Path(__file__).parent / "snapshots" / "chat.txt"
ANSWERS = (
    "`git stash` puts your changes aside:\n\n```bash\ngit stash push -m 'later'\n```\n",
    "| 命令 | 作用 |\n|---|---|\n| `git stash pop` | 取回并删除 |\n| `git stash apply` | 取回 |\n",
    "It says:\n\n1. **hello**\n2. world\n",
)


def test_a_session_as_it_looks(environ: dict[str, str], home: Path) -> None:
    (home / "notes.txt").write_text("hello\nworld\n")
    model = write_script(home, *ANSWERS)
    with Chat(environ, home, "-m", model, columns=72, lines=60) as talk:
        talk.say("what does git stash do?")
        talk.say("怎么取回？")
        talk.say("/hlep")
        talk.say("!echo done")
        talk.wait("[y/N]")
        talk.send("y")
        talk.ready()
        talk.send("what is in @notes.txt, beside ", pasted("x\n" * 20))
        talk.wait("[pasted #1")
        talk.send(ENTER)
        talk.wait("world")
        talk.say("/context")
        talk.ready()
        talk.send(control("c"))
        talk.wait("other keys stay")
        seen = re.sub(r"\n{3,}", "\n...\n", talk.text.strip()) + "\n"
    assert seen == SNAPSHOT.read_text(), "look at it; if it is right, save it as the snapshot"
