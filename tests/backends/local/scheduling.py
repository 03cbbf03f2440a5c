"""What `test_schedule.py` checks, each in a process of its own: `scheduling.py NAME MODEL`."""

from __future__ import annotations

import random
import resource
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from devchat.backends.local.batch import Feed
from devchat.backends.local.pace import Paces
from devchat.backends.local.pool import SEQUENCES, Pool
from devchat.backends.local.prefixes import STEP, Memory, Prefixes
from devchat.backends.local.request import Choice
from devchat.backends.local.run import Run
from devchat.backends.local.sampling import Sampler
from devchat.backends.local.schema import Grammars
from devchat.backends.local.shape import Threads
from devchat.backends.local.worth import common
from devchat.types import Message, Options, Request
from tests.backends.local.conftest import ask
from tests.backends.local.network import write_recurrent, write_talker
from tests.backends.local.workbench import SHAPE, Answer, Workbench, check_same

SYSTEM = "You are a careful assistant who reads code and says what it does. " * 20
"""Some 280 tokens: more than are evaluated at once."""
BRIEF = SYSTEM[: len(SYSTEM) // 4]
QUESTIONS = ("What is a mutex?", "What is a list?", "Explain git.", "What is HTTP?", "Why tests?")
CODE = "\n".join(f"def size_{n}(items):\n    return len(items) + {n}\n" for n in range(3))
COPY = ask(f"Repeat this code:\n```python\n{CODE}```", max_tokens=48)
FINDING = {
    "type": "object",
    "properties": {
        "summary": {"type": "string", "maxLength": 60},
        "severity": {"enum": ["error", "warning", "note"]},
        "lines": {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2},
    },
    "required": ["summary", "severity", "lines"],
    "additionalProperties": False,
}


def alone_the_same_always(bench: Workbench) -> None:
    """New engine, warm prefix or not, after other requests, after a batch."""
    requests = [ask(question, SYSTEM, max_tokens=20) for question in QUESTIONS[:2]]
    first = []
    for request in requests:
        bench.renew()
        first += bench.ask(request)
    for order in (requests, requests[::-1]):
        again = {id(request): bench.ask(request)[0] for request in order}
        assert all(again[id(r)].text == one.text for r, one in zip(requests, first, strict=True))
    assert min(answer.cached for answer in again.values()) > 256
    bench.ask(*requests)
    (last,) = bench.ask(requests[1])
    assert (last.text, last.cached > 256) == (first[1].text, True)


def together_the_same_but_for_near_ties(bench: Workbench) -> None:
    requests = [ask(question, BRIEF, max_tokens=24) for question in QUESTIONS[:3]]
    alone = [bench.ask(request)[0] for request in requests]
    bench.renew()
    for one, other in zip(alone, bench.ask(*requests), strict=True):
        check_same(bench, one, other)


def a_seed_repeats_an_answer(bench: Workbench) -> None:
    requests = [
        ask("Invent a name.", temperature=1.5, seed=seed, max_tokens=8) for seed in (1, 2, 3)
    ]
    alone = [bench.ask(request)[0].text for request in requests]
    assert [bench.ask(request)[0].text for request in requests] == alone
    assert len(set(alone)) > 1
    batches = [[answer.text for answer in bench.ask(*requests)] for _ in range(2)]
    assert batches[0] == batches[1]


def a_shared_prefix_is_evaluated_once(bench: Workbench) -> None:
    answers = bench.ask(*(ask(question, SYSTEM, max_tokens=4) for question in QUESTIONS))
    first, *others = answers
    assert first.cached == 0
    # Beside others, what is shared ends at any token.
    shared = [common(first.prompt, answer.prompt) for answer in others]
    assert all(answer.cached >= count for answer, count in zip(others, shared, strict=True))
    assert min(shared) > 64 and any(count % STEP for count in shared)


def prefixes_that_branch_are_shared_where_they_are_longest(bench: Workbench) -> None:
    asked = ask("Now answer. " * 30, BRIEF, max_tokens=2)
    more = ask("Now answer. " * 30 + "Or not.", BRIEF, max_tokens=2)
    other = ask("What is this?", BRIEF, max_tokens=2)
    first, _, last = bench.ask(asked, other, more)
    assert last.cached > len(first.prompt) - 32


def a_long_prompt_does_not_stall_an_answer(bench: Workbench) -> None:
    speaker = bench.add(ask("Count from 1 to 100.", max_tokens=16))
    bench.tick(5)
    reader = bench.add(ask("word " * 400, max_tokens=2))
    bench.tick()
    while bench.scheduler.runs[-1].reading(bench.scheduler.space.prefixes.pool):
        bench.tick()
    # Each tick gave a token to the one, and read a part of the other's prompt.
    assert bench.ticks - 5 >= 400 // 128
    assert len(speaker.tokens) - len(speaker.prompt) >= bench.ticks - 1
    bench.ask()
    assert not reader.error


def a_client_that_is_gone_frees_its_cells(bench: Workbench) -> None:
    stays = bench.add(ask("Count from 1 to 9.", max_tokens=30))
    goes = [bench.add(ask(f"{n} What is a list? " * 6, max_tokens=900)) for n in range(3)]
    bench.tick(9)
    before = bench.scheduler.describe()
    assert before["sequences"] == 4
    for one in goes:
        one.gone = True
    bench.tick()
    after = bench.scheduler.describe()
    assert after["sequences"] == 1
    assert after["cells"] < 80 < before["cells"]
    assert len(bench.ended) == 3
    # One that waits is given up as well.
    waits = bench.add(ask("Hello", max_tokens=4))
    waits.gone = True
    bench.ask()
    assert stays.text and not waits.frames


def what_is_held_survives_growth(bench: Workbench) -> None:
    question = ask("What is a list?", BRIEF, max_tokens=24)
    bench.ask(question)
    (quiet,) = bench.ask(question)
    small = bench.scheduler.describe()["window"]
    running = bench.add(question)
    bench.tick(6)
    other = bench.add(ask("What is a set?", max_tokens=1500, stop=(" ",)))
    bench.ask()
    assert bench.scheduler.describe()["window"] >= 2 * small
    assert running.cached == quiet.cached > 64
    assert other.done
    check_same(bench, quiet, running)
    (again,) = bench.ask(question)
    assert (again.text, again.cached) == (quiet.text, quiet.cached)


def growth_that_fails_harms_nobody(bench: Workbench) -> None:
    question = ask("What is a list?", max_tokens=40)
    (quiet,) = bench.ask(question)
    running = bench.add(question)
    bench.tick(6)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    room = pages * resource.getpagesize() + (40 << 20)
    resource.setrlimit(resource.RLIMIT_AS, (room, resource.RLIM_INFINITY))
    large = bench.add(ask("What is a set?", max_tokens=7000))
    bench.tick(3)
    assert "the model is busy: 1 request" in large.frames[0]["note"]
    # It is not tried again as long as nothing has ended.
    pool = bench.scheduler.space.prefixes.pool
    another = bench.add(ask("What is git?", max_tokens=4))
    bench.tick()
    assert bench.scheduler.space.prefixes.pool is pool
    another.gone = True
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    while not running.done:
        bench.tick()
    check_same(bench, quiet, running)
    bench.tick()
    assert bench.scheduler.describe()["window"] > 7000
    large.gone = True
    bench.ask()


def who_does_not_fit_waits_and_is_told(bench: Workbench) -> None:
    fill = [bench.add(ask(f"{n}: name colours", max_tokens=7000)) for n in range(2)]
    bench.tick(4)
    large = bench.add(ask("What is a list?", max_tokens=7000))
    small = bench.add(ask("What is a set?", max_tokens=4))
    bench.tick()
    notes = [frame["note"] for one in (large, small) for frame in one.frames if "note" in frame]
    assert large.run is None and small.run is None
    assert notes == [
        "the model is busy: 2 requests are answered first",
        "the model is busy: 3 requests are answered first",
    ]
    fill[0].gone = True
    # In the order in which they came: what is small does not overtake.
    while small.run is None:
        bench.tick()
        assert large.run is not None


def talker() -> Workbench:
    """Have a model of 50 kB instead, where it is no matter what is said."""
    with TemporaryDirectory() as folder:
        return Workbench(write_talker(Path(folder) / "talker.gguf", 8192))


def who_fits_need_not_wait_for_one_who_gave_up(bench: Workbench) -> None:
    bench = talker()
    fill = [bench.add(ask(f"{n} name colours", max_tokens=7000)) for n in range(2)]
    bench.tick(2)
    large = bench.add(ask("what is a list", max_tokens=7000))
    small = bench.add(ask("what is a set", max_tokens=4))
    bench.tick()
    assert [large.run, small.run] == [None, None]
    large.gone = True
    bench.tick()
    assert small.run is not None
    assert not any(one.done for one in fill)


def more_requests_than_sequences(bench: Workbench) -> None:
    bench = talker()
    answers = bench.ask(*(ask(f"say {n}", max_tokens=2) for n in range(SEQUENCES + 3)))
    assert all(answer.done for answer in answers)
    assert len(bench.ended) == SEQUENCES + 3


def a_conversation_goes_on_after_others_asked(bench: Workbench) -> None:
    (first,) = bench.ask(ask("What is a list?", BRIEF, max_tokens=30))
    said = (*ask("What is a list?", BRIEF).messages, Message.of("assistant", first.text))
    bench.ask(ask("Something else entirely. " * 20, max_tokens=4))
    bench.ask(*(ask(f"{n}: say no more", max_tokens=4) for n in range(4)))
    follow = Request((*said, Message.of("user", "And a set?")), Options(0.0, 8))
    (second,) = bench.ask(follow)
    assert second.cached > len(first.prompt) + 16


def a_batch_that_fails_ends_its_answers_and_no_more(bench: Workbench) -> None:
    bench = talker()
    answers = [bench.add(ask(f"{n} name colours", max_tokens=200)) for n in range(2)]
    bench.tick(4)
    pool = bench.scheduler.space.prefixes.pool
    # Cells that nobody knows of: llama.cpp finds no room for the next batch.
    while (free := pool.size - pool.used) > 1:
        pool.decode([Feed(pool.sequences - 1, [5] * min(free - 1, 256))])
    bench.ask()
    assert all("could not evaluate" in answer.error for answer in answers)
    pool.drop(pool.sequences - 1)
    (after,) = bench.ask(ask("what is a list", max_tokens=4))
    assert after.done


def a_failing_answer_ends_alone(bench: Workbench) -> None:
    requests = [
        ask("Describe Python.", schema=FINDING, max_tokens=3),
        ask("Describe Python.", max_tokens=20),
        ask("x " * 9000),
        ask("Describe Python.", schema={"not": {}, "type": "string"}),
    ]
    cut, good, large, refused = bench.ask(*requests)
    assert "cut at 3 tokens" in cut.error
    assert "8192" in large.error
    assert "can't be followed" in refused.error
    assert good.text and not good.error
    assert len(bench.ended) == 4


def drafts_change_nothing_but_the_pace(bench: Workbench) -> None:
    (plain,) = bench.ask(COPY)
    ticks = bench.ticks
    quick = Workbench(Path(sys.argv[2]), lookup=True)
    (drafted,) = quick.ask(COPY)
    assert quick.ticks < 0.7 * ticks
    check_same(bench, plain, drafted)
    # At any temperature: the sampler chooses at each place, draft or not.
    warm = ask(f"Repeat this code:\n{CODE}", max_tokens=24, temperature=0.7, seed=3)
    (one,), (again,) = quick.ask(warm), quick.ask(warm)
    assert one.text == again.text


def drafts_work_with_a_schema(bench: Workbench) -> None:
    words = ["alpha beta gamma delta epsilon", "one two three four five six"]
    items = {"type": "array", "items": {"enum": words}, "minItems": 4, "maxItems": 4}
    request = ask(f"Choose: {words}", schema=items, max_tokens=90)
    quick = Workbench(Path(sys.argv[2]), lookup=True)
    (plain,), (drafted,) = bench.ask(request), quick.ask(request)
    assert quick.ticks <= bench.ticks
    check_same(bench, plain, drafted)


def answers_under_a_schema_that_nobody_watches_take_turns(bench: Workbench) -> None:
    about = [ask(f"Describe this: x = {n}", schema=FINDING, max_tokens=120) for n in range(3)]
    first, second, third = [bench.add(one, watched=False) for one in about]
    free = bench.add(ask("What is a list?", max_tokens=4), watched=False)
    seen = bench.add(about[0])
    bench.tick(2)
    assert [one.run is not None for one in (first, second, third)] == [True, True, False]
    assert free.run and seen.run and not third.frames
    bench.ask()
    assert all(one.done for one in (first, second, third, free, seen))


def what_a_schema_forces_is_not_asked(bench: Workbench) -> None:
    request = ask("Describe this: x = 1", schema=FINDING, max_tokens=120)
    (answer,) = bench.ask(request)
    ((_, count, _),) = [frame["usage"] for frame in answer.frames if "done" in frame]
    assert bench.ticks < 0.8 * count
    assert answer.text.startswith('{"summary": "')
    many = bench.ask(*(ask(f"Describe x = {n}", schema=FINDING, max_tokens=120) for n in range(5)))
    assert all(one.text.startswith('{"summary": "') and not one.error for one in many)


def what_a_schema_forces_is_what_would_be_chosen(bench: Workbench) -> None:
    request = ask("Describe this: x = 1", schema=FINDING, max_tokens=120)
    (answer,), asked_one_by_one = bench.ask(request), Answer()
    assert answer.run is not None
    run = Run(answer.run.plan, bench.weights, seq=0, cached=0, lookup=False)
    guide = Grammars(bench.weights).guide(FINDING)
    pool = Pool(bench.weights, SHAPE, 512, Paces(Threads(1, 1)))
    sampler = Sampler(bench.weights.c, Choice(0.0, None))
    pool.decode([Feed(0, run.tokens[:-1])])
    while not guide.closed:
        (index,) = pool.decode([Feed(0, run.tokens[-1:], 1)])
        run.tokens.append(guide.choose(sampler, pool, index))
    said = b"".join(bench.weights.piece(token) for token in run.tokens[len(answer.prompt) :])
    asked_one_by_one.run = run
    asked_one_by_one.send({"text": said.decode()})
    check_same(bench, answer, asked_one_by_one)
    sampler.free()
    run.free()


def anything_in_any_order_is_answered(bench: Workbench) -> None:
    bench, dice, answers = talker(), random.Random(5), []
    for number in range(24):
        system = "say what this code does " * dice.randrange(14)
        most = dice.choice((1, 5, 20, 400))
        # Those that may be long end with a word, or their clients leave.
        stop = (" ",) if most == 400 else ()
        question = f"{number} {dice.choice(('what is a list', 'explain git', 'why'))}"
        answers.append(bench.add(ask(question, system, max_tokens=most, stop=stop)))
        bench.tick(dice.randrange(4))
        if most == 400:
            answers[-1].gone = dice.random() < 0.7
    bench.ask()
    assert all(answer.done or answer.gone for answer in answers)
    state = bench.scheduler.describe()
    assert (state["sequences"], state["cells"], len(bench.ended)) == (0, 0, 24)


def what_is_given_up_for_another_is_kept_beside(bench: Workbench) -> None:
    """What is long stays, in the pool or beside it, while there is room."""
    weights = talker().weights
    pool = Pool(weights, SHAPE, 1024, Paces(Threads(1, 1)))
    begins = [6] * 32
    one, two, three, four = (begins + [letter] * 300 for letter in (7, 8, 9, 10))
    pool.decode([Feed(0, two[:256])])
    room = 3 * len(pool.save(0).state)
    pool.drop(0)
    prefixes = Prefixes(pool, room)

    def read(tokens: list[int], *running: int) -> tuple[int, int]:
        seq, count = prefixes.begin(prefixes.find(tokens, running), running)
        for start in range(count, len(tokens), 256):
            pool.decode([Feed(seq, tokens[start : min(start + 256, len(tokens))])])
        return seq, count

    def read_and_rest(tokens: list[int]) -> int:
        seq, count = read(tokens)
        prefixes.rest(seq, Memory(len(tokens), False))
        return count

    assert [read_and_rest(tokens) for tokens in (one, two, three, four)] == [0, 32, 32, 32]
    assert [parked.saved.tokens for parked in prefixes.parked] == [two, three]
    # A short prompt takes what it shares with a long one, which is not lost by it.
    assert read_and_rest(two[:64]) == 48
    assert read_and_rest(two) == 320
    # Beside a request that runs, what is at rest is shared and stays.
    running, _ = read([11] * 40)
    beside, _ = read(four, running)
    prefixes.rest(beside, Memory(len(four), False))
    assert read(begins + [12] * 20, running)[1] == 32
    assert [pool.held[seq] for seq in prefixes.idle] == [four]


def what_was_read_alone_is_kept_beside_what_was_read_among_others(bench: Workbench) -> None:
    pool = Pool(talker().weights, SHAPE, 1024, Paces(Threads(1, 1)))
    prefixes = Prefixes(pool, 1 << 30)

    def read(tokens: list[int], *running: int) -> int:
        seq, _ = prefixes.begin(prefixes.find(tokens, running), running)
        pool.decode([Feed(seq, tokens)])
        return seq

    other = read([5] * 40)
    for running in ([other], []):
        prefixes.rest(read([7] * 256, *running), Memory(256, False))
        prefixes.park_all()
        pool.drop(other)
    assert [one.saved.exact for one in prefixes.parked] == [0, 256]


def a_recurrent_model_goes_on_only_from_all_that_it_read(bench: Workbench) -> None:
    with TemporaryDirectory() as folder:
        bench = Workbench(write_recurrent(Path(folder) / "recurrent.gguf"), lookup=True)
    first = ask("one two " * 40, max_tokens=8)
    (alone,) = bench.ask(first)
    bench.renew()
    (again,), (cut,) = bench.ask(first), bench.ask(ask("one two " * 20, max_tokens=8))
    assert (again.text, again.cached, cut.cached) == (alone.text, 0, 0)
    (begun,) = bench.ask(ask("one two " * 40, max_tokens=1))
    said = (*first.messages, Message.of("assistant", begun.text), Message.of("user", "and"))
    (more,) = bench.ask(Request(said, Options(0.0, 8)))
    ((size, _, _),) = [frame["usage"] for frame in begun.frames if "done" in frame]
    assert more.cached == size
    # More than there are states for, none of them shared.
    many = bench.ask(*(ask(f"one two and {n}", max_tokens=8) for n in range(9)))
    assert all(answer.done and answer.cached == 0 for answer in many)


if __name__ == "__main__":
    globals()[sys.argv[1]](Workbench(Path(sys.argv[2])))
