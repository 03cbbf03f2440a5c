"""A process that writes turns until it is killed, and tells which ones are finished."""

from __future__ import annotations

import sys
from pathlib import Path

from devchat.history import open_history
from devchat.types import Chunk, Completion, Usage


def main(path: Path) -> None:
    """Write for ever."""
    with open_history(path) as history:
        one = history.start("writing")
        turn = None
        while True:
            question = history.add(one, turn, "user", "a question 问题")
            recorder = history.answer(question, "m", "here")
            for number in range(5):
                recorder.feed(Chunk("text", f"piece {number} "))
            recorder.finish(Completion("the answer 回答", "", Usage(1, 1), "stop", "m"), 1.0)
            turn = recorder.turn
            assert recorder.failure is None
            print(question.id, turn.id, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
