"""Requests that wait, requests that are answered, and what of them goes into the next batch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from devchat.backends.local.batch import Feed
from devchat.backends.local.plan import Plan
from devchat.backends.local.pool import Pool
from devchat.backends.local.run import Run
from devchat.backends.local.server import Job

BESIDE = 128
"""Prompt tokens read in one batch while answers are being made: it must not stall them."""
DRAFTERS = 2
"""Answers made at once at which drafts still pay."""
FEW = 4
"""Threads up to which a batch takes as long as they compute, not as the weights take to be read.

There, answers under a schema are slower for being many at once: what is forced and drafted fills
their batches anyhow, and each looks at the cells of all. `make bench SUITES=chunks` has sixteen.
"""


@dataclass(slots=True, eq=False)
class Waiting:
    """A request that has no place yet."""

    job: Job
    plan: Plan
    told: bool = False
    common: dict[Served, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Served:
    """A request that is being answered."""

    job: Job
    run: Run


Fed = tuple[Served, Feed]


def patient(plan: Plan) -> bool:
    """Tell whether an answer may wait for others: nobody sees it grow, and it has a schema."""
    return plan.guide is not None and not plan.asked.watched


def next_batch(served: Iterable[Served], pool: Pool, reading: int) -> list[Fed]:
    """Choose what to evaluate next: all that answers wait for, then parts of prompts.

    Where nothing else is done, `reading` tokens of prompts are read at once.
    """
    readers, speakers = list[Served](), list[Served]()
    for one in served:
        (readers if one.run.reading(pool) else speakers).append(one)
    fed = _fed(speakers, pool, pool.batch, len(speakers) <= DRAFTERS)
    room = pool.batch - sum(len(feed.tokens) for _, feed in fed)
    return fed + _fed(readers, pool, min(room, BESIDE if fed else reading), False)


def _fed(served: Iterable[Served], pool: Pool, room: int, drafts: bool) -> list[Fed]:
    fed = list[Fed]()
    for one in served:
        if feed := one.run.feed(pool, room, drafts):
            fed.append((one, feed))
            room -= 0 if feed.view else len(feed.tokens)
    return fed
