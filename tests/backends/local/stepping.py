"""What `test_steps.py` checks, each in a process of its own: `stepping.py NAME MODEL PROJECTOR`.

Each prints how often progress was told while llama.cpp was called once.
"""

from __future__ import annotations

import sys

from devchat.backends.local.batch import Feed
from devchat.backends.local.library import Library
from devchat.backends.local.pace import Paces
from devchat.backends.local.pool import LONG, Pool
from devchat.backends.local.pooled import Pooled
from devchat.backends.local.request import Seen
from devchat.backends.local.shape import Threads
from devchat.backends.local.sight import Eye, Sight, View
from devchat.backends.local.weights import Weights
from tests.backends.local.projector import png
from tests.backends.local.workbench import SHAPE


class Steps:
    """A model, and how often its progress was told since it was loaded."""

    def __init__(self, model: str, projector: str) -> None:
        self.count, self.projector = 0, projector
        self.weights = Weights(Library(), model.encode(), 0, self._step)
        self.count = 0

    def _step(self) -> None:
        self.count += 1


def a_long_part_of_a_prompt(steps: Steps) -> None:
    pool = Pool(steps.weights, SHAPE, 512, Paces(Threads(1, 1)))
    pool.decode([Feed(0, [7] * LONG)])
    print(steps.count)
    pool.decode([Feed(0, [7] * 4)])
    assert len(pool.held[0]) == LONG + 4


def a_long_text_to_embed(steps: Steps) -> None:
    Pooled(steps.weights, SHAPE, 64).read([[7] * 64])
    print(steps.count)


def a_picture_beside_its_projector(steps: Steps) -> None:
    pool = Pool(steps.weights, SHAPE, 512, Paces(Threads(1, 1)))
    sight = Sight(steps.weights, SHAPE, Eye("it", steps.projector, lambda: None))
    (view,) = [
        one for one in sight.views(Seen(0, "a.png", png((1, 2, 3)))) if isinstance(one, View)
    ]
    pool.look(Feed(0, view.tokens, view=view))
    print(steps.count)


if __name__ == "__main__":
    globals()[sys.argv[1]](Steps(*sys.argv[2:]))
