"""The local engine, through its socket as users have it, beside llama.cpp called bare.

Both sides load once and work in processes of their own with as many threads; every round asks
something new, so that nothing is remembered but what a row is about. Bars given as "so many times
faster" are printed as times: 1.6x faster is 0.625x of the time.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter, sleep
from typing import Any

from devchat.backends import Backend
from devchat.backends.local import open_local
from devchat.backends.local.control import engines, stop_engines
from devchat.backends.local.shelf import shelf_in
from devchat.errors import AnswerError
from devchat.models import LocalModel
from devchat.settings import Settings
from devchat.settings.load import load
from devchat.types import Completion, Message, Options, Request
from tests.benchmarks import engine_tasks as tasks
from tests.benchmarks.pairs import Row, compare, interleave

ROUNDS = 15
FLASH_ROUNDS = 5
"""Rounds of what no bar was set for: both sides with flash attention."""
WINDOW = 8_192
PATIENCE = 60.0
"""Seconds to wait for what is written beside an answer."""


class Bare:
    """A process that runs llama.cpp without devchat."""

    def __init__(self, kind: str, path: Path, threads: int) -> None:
        order = json.dumps([str(path), WINDOW, threads, kind])
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.bare_engine", order],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip

    def ask(self, op: str, **order: Any) -> dict[str, Any]:
        """Have it do something, and wait for that."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps({"op": op, **order}) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def close(self) -> None:
        """End it."""
        self._process.communicate()


class Bench:
    """The engine of one home, and bare contestants beside it."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.settings: Settings = load(environ).settings
        self.model: LocalModel = tasks.embedded(self.settings)
        self.threads = 0
        with self.engine() as backend:
            finish(backend, tasks.plain("Say hello.", 8))
            (state,) = engines(self.settings.paths.runtime)
            self.threads = state.threads

    @contextmanager
    def engine(self, **local: object) -> Iterator[Backend]:
        """An engine of its own; its memory of earlier ones is what is on the disk."""
        settings = replace(self.settings, local=replace(self.settings.local, **local))  # type: ignore[arg-type]
        with closing(open_local(self.model, settings)) as backend:
            yield backend
        stop_engines(self.settings.paths.runtime)

    @contextmanager
    def bare(self, kind: str) -> Iterator[Bare]:
        """A bare contestant."""
        with closing(Bare(kind, self.model.path, self.threads)) as process:
            yield process


def finish(backend: Backend, request: Request) -> Completion:
    """Answer a request."""
    *_, last = backend.stream(request)
    assert isinstance(last, Completion)
    return last


def first_text(backend: Backend, request: Request) -> float:
    """Seconds to the first piece of an answer; the rest is taken back."""
    started = perf_counter()
    with closing(backend.stream(request)) as pieces:
        for piece in pieces:
            if isinstance(piece, Completion) or piece.kind == "text":
                return perf_counter() - started
    raise AssertionError("an answer without a text")


def single(environ: Mapping[str, str]) -> list[Row]:
    """One sequence: decoding, and reading a long prompt; without flash attention, and with it."""
    bench, flash = Bench(environ), ", both with flash attention"
    return [
        *beside(bench, "loops", "", ROUNDS),
        *beside(bench, "flash", flash, FLASH_ROUNDS, flash_attention="on"),
    ]


def beside(bench: Bench, kind: str, how: str, rounds: int, **local: object) -> list[Row]:
    """The engine beside bare loops that attend as it does."""
    count, size = 128, 2_048
    with bench.engine(lookup=False, **local) as backend, bench.bare(kind) as bare:

        def decode(number: int) -> float:
            return decoding(backend, tasks.story(number, count)) / count

        def bare_decode(number: int) -> float:
            tokens = tasks.numbers(64, number)
            return float(bare.ask("decode", tokens=tokens, count=count)["seconds"]) / count

        def prefill(number: int) -> float:
            return seconds(lambda: finish(backend, tasks.long_prompt(number, backend, size)))

        def bare_prefill(number: int) -> float:
            return float(bare.ask("prefill", tokens=tasks.numbers(size, number))["seconds"])

        decoded = interleave({"engine": decode, "bare": bare_decode}, rounds)
        read = interleave({"engine": prefill, "bare": bare_prefill}, rounds)
    what = f"engine: {{}}, against a bare `llama_decode` loop{how}"
    return [
        compare(decoded, what.format("a token of one answer"), "engine", "bare", 1.053),
        compare(read, what.format(f"read {size:,} tokens"), "engine", "bare", 1.053),
    ]


def decoding(backend: Backend, request: Request) -> float:
    """Seconds from the first token to the last, for as many tokens as were wanted."""
    wanted = request.options.max_tokens or 0
    first = last = 0.0
    for piece in backend.stream(request):
        if isinstance(piece, Completion):
            made = piece.usage.completion_tokens
            assert made > wanted // 2, f"{made} tokens of {wanted}"
            return (last - first) * wanted / (made - 1)
        last = perf_counter()
        first = first or last
    raise AssertionError("an answer without an end")


def bound(environ: Mapping[str, str]) -> list[Row]:
    """A whole answer with three findings, its prompt read before."""
    bench, request = Bench(environ), tasks.three_findings()
    with (
        bench.engine() as backend,
        bench.bare("loops") as loops,
        bench.bare("chat") as chat,
    ):
        answer = finish(backend, request)
        tokens = answer.usage.completion_tokens
        prompt = tasks.numbers(answer.usage.prompt_tokens, 0)

        def engine(_: int) -> float:
            return seconds(lambda: finish(backend, request))

        def free(_: int) -> float:
            return float(loops.ask("decode", tokens=prompt, count=tokens)["seconds"])

        def high_level(_: int) -> float:
            done = chat.ask("chat", **tasks.as_chat(request))
            return float(done["seconds"]) * len(answer.text.encode()) / len(done["text"].encode())

        freely = interleave({"engine": engine, "free": free}, ROUNDS)
        highly = interleave({"engine": engine, "chat": high_level}, ROUNDS)
    what = f"engine: three findings under the review schema ({tokens} tokens), against"
    return [
        compare(freely, f"{what} as many decoded freely, one by one", "engine", "free", 1.0),
        compare(highly, f"{what} `create_chat_completion`, a byte", "engine", "chat", 0.6),
    ]


def questions(environ: Mapping[str, str]) -> list[Row]:
    """Sixteen questions after what was read before."""
    name = "questions after 512 shared tokens"
    return [at_once(Bench(environ), name, tasks.questions, 1.6)]


def chunks(environ: Mapping[str, str]) -> list[Row]:
    """Sixteen parts of a change to be reviewed."""
    name = "review chunks under the schema"
    return [at_once(Bench(environ), name, tasks.chunks, 1.5)]


def at_once(bench: Bench, name: str, make: Callable[[int], list[Request]], faster: float) -> Row:
    """Sixteen requests at once, against one after another; what they share was read before."""
    with bench.engine() as backend, bench.bare("chat") as chat:

        def together(number: int) -> float:
            first, *_ = asked = make(number)
            finish(backend, briefly(first))
            return per_token(lambda: many(backend, asked))

        def in_turn(number: int) -> float:
            first, *_ = asked = make(number)
            chat.ask("chat", **tasks.as_chat(briefly(first)))
            orders = [tasks.as_chat(one) for one in asked]
            return per_token(lambda: [chat.ask("chat", **one)["tokens"] for one in orders])

        took = interleave({"engine": together, "chat": in_turn}, ROUNDS)
    what = f"engine: 16 {name} at once, against `create_chat_completion` one by one, a token"
    return compare(took, what, "engine", "chat", 1 / faster)


def briefly(request: Request) -> Request:
    """The same request, with a token for an answer and no schema: its prompt is read."""
    return replace(request, options=Options(0.0, 1))


def many(backend: Backend, requests: list[Request]) -> list[int]:
    """Answer all; the tokens of each answer, also where it was cut before it matched a schema."""
    made = []
    for index, answer in backend.complete_many(requests):
        if isinstance(answer, Completion):
            made.append(answer.usage.completion_tokens)
        else:
            assert isinstance(answer, AnswerError), answer
            made.append(requests[index].options.max_tokens or 0)
    return made


def prefixes(environ: Mapping[str, str]) -> list[Row]:
    """What was read before, by an engine that is gone and by one that is there."""
    bench = Bench(environ)
    return [first_token_from_disk(bench), second_turn(bench)]


def first_token_from_disk(bench: Bench) -> Row:
    """A new engine and a prompt of 1,800 tokens: read, or found on the disk."""

    shelf = shelf_in(bench.settings.paths.cache, bench.settings.local.cache_bytes)

    def start(request: Request, files: int) -> float:
        started = perf_counter()
        with bench.engine() as backend:
            first_text(backend, request)
            taken = perf_counter() - started
            # An engine that is stopped at once has no time to write.
            deadline = started + PATIENCE
            while len(shelf.files()) < files:
                assert perf_counter() < deadline, "the prompt was not kept"
                sleep(0.05)
        return taken

    def cold(number: int) -> float:
        return start(tasks.manual(number, 1_800), len(shelf.files()) + 1)

    def warm(number: int) -> float:
        return start(tasks.manual(number, 1_800, "And what else does it say?"), 0)

    took = interleave({"cold": cold, "warm": warm}, ROUNDS)
    what = "engine, new: first token after 1,800 tokens, found on the disk against read"
    return compare(took, what, "warm", "cold", 1 / 12)


def second_turn(bench: Bench) -> Row:
    """The second question of a chat whose first had 3,000 tokens."""
    answers: dict[int, tuple[Request, str]] = {}
    with bench.engine() as backend:

        def first(number: int) -> float:
            request = tasks.manual(number + 100, 3_000)
            started = perf_counter()
            taken, text = 0.0, ""
            for piece in backend.stream(request):
                if isinstance(piece, Completion):
                    text = piece.text
                taken = taken or perf_counter() - started
            answers[number] = request, text
            return taken

        def second(number: int) -> float:
            request, text = answers[number]
            follow_up = (Message.of("assistant", text), Message.of("user", "Go on."))
            return first_text(backend, replace(request, messages=request.messages + follow_up))

        took = interleave({"first": first, "second": second}, ROUNDS)
    what = "engine: first token of a chat's second turn, 3,000 tokens behind it, against its first"
    return compare(took, what, "second", "first", 1 / 15)


def lookup(environ: Mapping[str, str]) -> list[Row]:
    """100 lines written again with a name changed, with drafts looked up in them and without."""
    bench = Bench(environ)

    def writing(backend: Backend, number: int) -> float:
        request = tasks.refactor(number)
        finish(backend, briefly(request))
        # A near-tie may end one side's answer sooner.
        return per_token(lambda: [finish(backend, request).usage.completion_tokens])

    with ExitStack() as both:
        contestants = {
            name: partial(writing, both.enter_context(bench.engine(**local)))
            for name, local in {"on": {}, "off": {"lookup": False}}.items()
        }
        took = interleave(contestants, ROUNDS)
    what = "engine: refactor 100 lines that were read before, lookup on against off, a token"
    return [compare(took, what, "on", "off", 1 / 1.3)]


def window(environ: Mapping[str, str]) -> list[Row]:
    """Resident bytes above the model's file, the window as large as the model's."""
    bench = Bench(environ)
    size = bench.model.path.stat().st_size
    request = tasks.plain("Say hello.", WINDOW - 64)
    with bench.engine() as backend, bench.bare("chat") as chat:
        finish(backend, request)
        (state,) = engines(bench.settings.paths.runtime)
        chat.ask("chat", **tasks.as_chat(request))
        bare = int(chat.ask("memory")["resident"]) - size
    mine = state.resident - size
    detail = f"{mine / 2**20:,.0f} MB against {bare / 2**20:,.0f} MB, window {state.window:,}"
    what = f"engine: memory above the model's file, window {WINDOW:,}, against a bare `Llama`"
    return [Row(what, mine / bare, 1.1, "x", detail)]


def seconds(work: Any) -> float:
    """Seconds that something takes."""
    started = perf_counter()
    work()
    return perf_counter() - started


def per_token(work: Any) -> float:
    """Seconds for each token that was made, times a thousand."""
    started = perf_counter()
    made = work()
    return (perf_counter() - started) / sum(made) * 1000 if median(made) else 0.0
