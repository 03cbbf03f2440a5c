"""What `test_keeping.py` checks, each in a process of its own: `keeping.py NAME MODEL FOLDER`.

The model is tiny, so that a pool with all of its sequences in use is filled in no time.
"""

from __future__ import annotations

import os
import resource
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from devchat.backends.local.batch import Feed
from devchat.backends.local.cache import PENDING, Origin, open_cache
from devchat.backends.local.facts import look_at
from devchat.backends.local.pace import Paces
from devchat.backends.local.pool import SEQUENCES, Pool, Saved, Taken
from devchat.backends.local.prefixes import LOSS, Find, Memory, Prefixes
from devchat.backends.local.shape import Threads
from devchat.backends.local.shelf import FOLDER, shelf_in
from devchat.backends.local.space import BEHIND
from devchat.backends.local.worth import Wanted
from devchat.errors import EngineError
from tests.backends.local.conftest import ask
from tests.backends.local.network import write_talker
from tests.backends.local.test_faults import until
from tests.backends.local.workbench import SHAPE, Logits, Workbench, check_same

RULES = "say what the rules of this house say " * 10
"""Some 300 tokens: what two requests begin with is kept from 256 on."""
BOOK = " one book is here" * 18


class Shelves:
    """A workbench whose evaluated prompts are kept in a folder; it believes itself slow."""

    def __init__(self) -> None:
        self.model, self.folder = Path(sys.argv[2]), Path(sys.argv[3])
        self.bench = Workbench(self.model)
        self.renew()

    def renew(self) -> None:
        """Be a new engine with the same folder."""
        file, size = look_at(str(self.model)), self.bench.weights.kept_bytes(SHAPE)
        cache = open_cache(self.folder, 1 << 30, Origin("bench", file, (), size))
        self.bench.manner = replace(self.bench.manner, cache=cache)
        self.bench.renew()

    def hear(self, pool: Pool, tokens: list[int]) -> Logits:
        """Evaluate these after what the first sequence holds; give what comes next."""
        (at,) = pool.decode([Feed(0, tokens, 1)])
        return pool.logits(at).copy()

    def pool(self) -> Pool:
        """Make a pool of its own."""
        return Pool(self.bench.weights, SHAPE, 1024, Paces(Threads(1, 1)))

    def rest(self) -> None:
        """Do all that waits for a rest, and see it written."""
        scheduler = self.bench.scheduler
        for _ in range(60):
            scheduler.space.cache.took(1, 1.0)
        while scheduler.rest() == 0:
            pass
        scheduler.space.cache.close(60)
        assert scheduler.space.cache.trouble == ""


def a_part_is_kept_whole_though_all_sequences_are_held(shelves: Shelves) -> None:
    bench = shelves.bench
    bench.add(ask("red", RULES, max_tokens=1))
    leaves = bench.add(ask("green", RULES, max_tokens=1))
    for number in range(SEQUENCES - 1):
        bench.add(ask(f"{number} is a number", max_tokens=12, temperature=1.5, seed=number))
    bench.tick()
    leaves.gone = True
    bench.ask()
    prefixes = bench.scheduler.space.prefixes
    held = [len(prefixes.pool.held[seq]) for seq in prefixes.idle]
    assert len(held) == SEQUENCES
    assert held[0] == max(held), "the first to be put away"
    shelves.rest()
    shelf = shelf_in(shelves.folder, 1 << 30)
    (kept,) = shelf.files()
    assert kept.tokens >= 256
    assert kept.bytes > kept.tokens * bench.weights.kept_bytes(SHAPE)
    (head,) = shelf.heads(kept.path.name.partition("-")[0])
    _, state = shelf.read(head) or (head, b"")
    pool, tokens = shelves.pool(), [*head.tokens]
    assert pool.restore(0, Saved(tokens, 0, state))
    found = shelves.hear(pool, tokens[-2:])
    pool.drop(0)
    pool.decode([Feed(0, tokens)])
    assert np.abs(found - shelves.hear(pool, tokens[-2:])).max() < 0.05


def a_state_of_fewer_tokens_is_not_restored(shelves: Shelves) -> None:
    pool, tokens = shelves.pool(), [7] * 20
    empty = pool.state(0)
    pool.decode([Feed(0, tokens)])
    saved = pool.save(0)
    pool.drop(0)
    assert pool.restore(0, saved)
    assert pool.held[0] == tokens
    pool.drop(0)
    for wrong in (Saved(tokens, 20, empty), Saved(tokens * 2, 20, saved.state)):
        assert not pool.restore(0, wrong)
        assert (pool.used, pool.held[0], len(pool.state(0))) == (0, [], len(empty))


def the_last_sequence_at_rest_is_taken_over_not_emptied(shelves: Shelves) -> None:
    pool = shelves.pool()
    prefixes, running = Prefixes(pool, 1 << 20), list[int]()
    for number in range(SEQUENCES):
        seq, _ = prefixes.begin(Find(), running)
        pool.decode([Feed(seq, [7] * (2 if number else LOSS + 40))])
        running.append(seq)
    prefixes.rest(running[0], Memory(LOSS + 40, private=False))
    seq, count = prefixes.begin(Find(32, running[0]), running[1:])
    assert (seq, count, pool.held[seq]) == (running[0], 32, [7] * 32)
    assert [len(one.saved.tokens) for one in prefixes.parked] == [LOSS + 40]


def a_file_takes_no_more_cells_than_are_free(shelves: Shelves) -> None:
    bench = shelves.bench
    bench.ask(ask("red" + BOOK, RULES, max_tokens=2))
    shelves.rest()
    shelves.renew()
    bench.ask(ask("a pool as large as it will be", max_tokens=1500))
    space = bench.scheduler.space
    kept = shelves.folder / FOLDER
    away = kept.rename(shelves.folder / "away")
    first = bench.add(ask("a long story", RULES, max_tokens=600, temperature=1.5, seed=7))
    while not first.text:
        bench.tick()
    free, shared = space.size - space.committed(bench.scheduler.runs), len(RULES) // 2
    second = bench.add(ask("red" + BOOK, RULES, max_tokens=free - len(BOOK + RULES) + shared))
    # Another engine writes it just now.
    away.rename(kept)
    bench.tick()
    assert len(bench.scheduler.runs) == 2
    assert space.committed(bench.scheduler.runs) <= space.size
    bench.ask()
    assert first.done and second.done


def a_file_written_anew_serves_what_it_says_now(shelves: Shelves) -> None:
    bench = shelves.bench
    bench.ask(ask("red" + BOOK, RULES, max_tokens=2))
    shelves.rest()
    shelves.renew()
    bench.ask(ask("something else", max_tokens=2))
    shelf = shelf_in(shelves.folder, 1 << 30)
    (path,) = [one.path for one in shelf.files()]
    (head,) = shelf.heads(path.name.partition("-")[0])
    found = shelf.read(head)
    assert found is not None
    shelf.write(replace(head, exact=32), found[1])
    (answer,) = bench.ask(ask("red" + BOOK, RULES, max_tokens=2))
    assert answer.cached == 0, "it says that it was read among others"


def what_waits_for_who_writes_is_kept_once_that_has_caught_up(shelves: Shelves) -> None:
    slow = shelves.model = shelves.model.with_name("slow.gguf")
    os.mkfifo(slow)
    os.utime(slow, (50, 50))
    shelves.renew()
    bench = shelves.bench
    bench.ask(ask("red" + BOOK, RULES, max_tokens=2))
    scheduler, cache = bench.scheduler, bench.scheduler.space.cache
    for _ in range(60):
        cache.took(1, 1.0)
    cache.keep(Wanted(1, tuple(range(600)), 0, 0), bytes(PENDING + 1))
    assert scheduler.rest() == BEHIND
    # It has changed since: nothing of it is written.
    slow.write_bytes(b"GGUF")
    until(lambda: not cache.behind)
    assert scheduler.rest() == 0
    assert scheduler.rest() is None


def a_batch_that_fails_late_leaves_nothing(shelves: Shelves) -> None:
    pool, weights = shelves.pool(), shelves.bench.weights
    memory = weights.c.llama_get_memory(pool.context)
    # Long, so that the pool tells of progress already: it does by the same means.
    pool.decode([Feed(1, [7] * SHAPE.ubatch)])

    def second_part(_: object) -> bool:
        return bool(weights.c.llama_memory_seq_pos_max(memory, 0) >= SHAPE.ubatch)

    callback = weights.c.ggml_abort_callback(second_part)
    weights.c.llama_set_abort_callback(pool.context, callback, None)
    try:
        pool.decode([Feed(0, [7] * SHAPE.batch)])
    except EngineError as error:
        assert "could not evaluate" in error.message
    else:
        raise AssertionError("all of it was evaluated")
    pool.decode([Feed(0, [7] * 20)])
    assert [len(pool.held[seq]) for seq in (0, 1)] == [20, SHAPE.ubatch]


def what_was_shared_fits_where_no_larger_pool_can_be_made(shelves: Shelves) -> None:
    bench = shelves.bench
    bench.ask(ask("a pool as large as it will be", max_tokens=2500))
    story = " one book is here" * 76
    both = [bench.add(ask(f"{n}{story}", RULES, max_tokens=99)) for n in range(2)]
    scheduler = bench.scheduler
    while not all(one.text for one in both):
        bench.tick()
    pool = scheduler.space.prefixes.pool
    assert sum(len(run.tokens) for run in scheduler.runs) > pool.size > pool.used
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    room = pages * resource.getpagesize() + (8 << 20)
    resource.setrlimit(resource.RLIMIT_AS, (room, resource.RLIM_INFINITY))
    large = bench.add(ask("green", max_tokens=12_000))
    bench.tick()
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert scheduler.space.prefixes.pool is not pool, "made again"
    assert scheduler.space.size == pool.size
    assert "busy" in large.frames[0]["note"]
    bench.ask()
    assert all(one.done for one in (*both, large)), [one.error for one in both]


def a_pool_grows_for_all_who_wait(shelves: Shelves) -> None:
    bench = shelves.bench
    bench.ask(ask("red", RULES, max_tokens=1))
    small, scheduler = bench.scheduler.space.size, bench.scheduler
    many = [bench.add(ask(f"{n}", RULES, max_tokens=60)) for n in range(12)]
    while not all(one.text for one in many):
        bench.tick()
    pool, sequences = scheduler.space.prefixes.pool, [run.seq for run in scheduler.runs]
    assert (len(sequences), pool.size > small) == (12, True)
    assert sum(len(pool.held[seq]) for seq in sequences) > 4 * pool.taken(sequences)
    bench.ask()
    assert all(one.done for one in many)


def what_is_shared_stays_shared_in_a_larger_pool(shelves: Shelves) -> None:
    bench = shelves.bench
    requests = [ask(f"{n}", RULES, max_tokens=90) for n in range(3)]
    quiet = bench.ask(*requests)
    bench.renew()
    three = [bench.add(request) for request in requests]
    while not all(one.text for one in three):
        bench.tick()
    scheduler = bench.scheduler
    before, sequences = scheduler.space.prefixes.pool, [run.seq for run in scheduler.runs]
    cells = before.taken(sequences)
    assert sum(len(before.held[seq]) for seq in sequences) > 2 * cells
    bench.add(ask("green", max_tokens=3000))
    bench.tick()
    after = scheduler.space.prefixes.pool
    assert after.size > before.size
    assert after.taken(sequences) == cells + len(three)
    bench.ask()
    for one, other in zip(quiet, three, strict=True):
        check_same(bench, one, other)


def what_can_not_be_put_back_is_read_again(shelves: Shelves) -> None:
    pool, held = shelves.pool(), list(range(5, 25))
    pool.decode([Feed(0, held)])
    pool.share(0, 1, 16)
    pool.decode([Feed(1, [7, 8])])
    first, second = pool.take_out([0, 1])
    assert (second.source, second.shared, len(second.saved.state) < len(first.saved.state)) == (
        0,
        16,
        True,
    )
    whole, cut, nothing = shelves.pool(), shelves.pool(), shelves.pool()
    whole.put_back([first, second])
    assert (whole.held[:2], whole.used) == ([held, [*held[:16], 7, 8]], 22)
    cut.put_back([first, _damaged(second)])
    assert cut.held[:2] == [held, []]
    nothing.put_back([_damaged(first), second])
    assert nothing.held[:2] == [[], []]


def _damaged(taken: Taken) -> Taken:
    return replace(taken, saved=replace(taken.saved, state=taken.saved.state[:100]))


def states_of_another_rotation_are_never_used(shelves: Shelves) -> None:
    path = write_talker(shelves.model.with_name("turning.gguf"), 1 << 14, short=1000)
    bench = Workbench(path)
    turns = [bench.weights.rotation(size) for size in (1, 768, 769, 1000, 1 << 14)]
    assert turns == ["short", "short", "long", "long", "long"]
    whole = Workbench(write_talker(path.with_name("whole.gguf"), 2048, short=2048)).weights
    assert [whole.rotation(size) for size in (2048, 2049)] == ["short", "long"]
    assert shelves.bench.weights.rotation(1 << 14) == ""
    question = ask("red", RULES, max_tokens=40)
    (short,) = bench.ask(question)
    (again,) = bench.ask(question)
    assert (again.cached > 256, again.text) == (True, short.text)
    running = bench.add(question)
    bench.tick(2)
    large = bench.add(ask("green", max_tokens=2000))
    bench.tick(2)
    assert bench.scheduler.space.size < 1000, "it waits: the other's state can't be moved"
    bench.ask()
    assert (running.text, large.done) == (short.text, True)
    (long,) = bench.ask(question)
    assert (long.cached, bench.scheduler.space.size > 1000) == (0, True)
    fresh = Workbench(path)
    fresh.ask(ask("green", max_tokens=2000))
    (alone,) = fresh.ask(question)
    assert (alone.text, alone.text != short.text) == (long.text, True)


if __name__ == "__main__":
    globals()[sys.argv[1]](Shelves())
