"""A process that writes turns until it is killed, and tells which ones are finished."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

from devchat.history import open_history
from devchat.types import Chunk, Completion, Image, Usage

SHOT = Image("shot.png", "image/png", bytes(range(256)) * 20)


def main(path: Path) -> None:
    """Write for ever."""
    with open_history(path) as history:
        one = history.start("writing")
        turn = None
        while True:
            images = (SHOT, replace(SHOT, data=os.urandom(20_000)))
            question = history.add(one, turn, "user", "a question 问题", images=images, system="s")
            recorder = history.answer(question, "m", "here")
            for number in range(5):
                recorder.feed(Chunk("text", f"piece {number} "))
            recorder.finish(Completion("the answer 回答", "", Usage(1, 1), "stop", "m"), 1.0)
            turn = recorder.turn
            assert recorder.failure is None
            print(question.id, turn.id, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
