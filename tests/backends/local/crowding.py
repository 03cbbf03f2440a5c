"""What `test_embedding.py` checks, in a process of its own: `crowding.py MODEL`."""

from __future__ import annotations

import sys

from devchat.backends.local.embedding import TOKENS, Embeddings
from devchat.backends.local.library import Library
from devchat.backends.local.request import Texts
from devchat.backends.local.server import Job
from devchat.backends.local.weights import Weights
from tests.backends.local.workbench import SHAPE, Answer


def main() -> None:
    """Embed a text that fills a batch while a short one comes for each batch."""
    weights = Weights(Library(), sys.argv[1].encode(), 0, lambda: None)
    works = Embeddings("it", weights, SHAPE, 0, lambda _: None)

    def asked(text: str) -> Answer:
        answer = Answer()
        works.add(Job(answer, Texts((text,), 0)))
        return answer

    asked("a")
    long, batches = asked("x" * TOKENS), 0
    while not long.done:
        asked("b")
        works.tick()
        batches += 1
        assert batches < 5, "it waits for ever"
    print(batches)


if __name__ == "__main__":
    main()
