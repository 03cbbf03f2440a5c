"""The cache as an engine uses it, with states of its own making: what is kept, found, forgotten."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from devchat.backends.local.cache import Found, Origin, PrefixCache, marks_of, open_cache
from devchat.backends.local.facts import Facts, hash_of, look_at, read_facts, remember
from devchat.backends.local.shape import Shape, Threads
from devchat.backends.local.shelf import FOLDER
from devchat.backends.local.worth import Held, Reach, Tokens, Wanted

SLOW = 100.0
"""Tokens evaluated in a second: whatever is long is worth keeping."""
LIMIT = 1 << 30


def prompt(*parts: int, each: int = 300) -> Tokens:
    return tuple(part * 10_000 + place for part in parts for place in range(each))


def state_of(tokens: Tokens) -> bytes:
    return b"".join(token.to_bytes(4, "little") for token in tokens)


@pytest.fixture
def model(home: Path) -> Path:
    path = home / "model.gguf"
    path.write_bytes(b"GGUF" + bytes(5000))
    return path


@pytest.fixture
def origin(model: Path) -> Origin:
    return Origin("model", look_at(str(model)), ("a build", "f16"), 4)


def opened(home: Path, origin: Origin, limit: int = LIMIT) -> PrefixCache:
    cache = open_cache(home / "cache", limit, origin)
    cache.took(int(SLOW), 1.0)
    return cache


def held(seq: int, tokens: Tokens, private: bool = False) -> Held:
    return Held(seq, tokens, len(tokens), len(tokens), private)


def look(
    cache: PrefixCache, prompt: Tokens, held: int = 0, reach: Reach | None = None
) -> Found | None:
    """Look for what serves a prompt, but for its last token."""
    shared = (reach or Reach()).shared
    return cache.find(lambda head: shared(head.tokens, prompt[:-1]), held)


def keep_all(cache: PrefixCache, *idle: Tokens | Held) -> Iterator[Wanted]:
    """Do as the engine does when nobody waits."""
    rest = [
        one if isinstance(one, Held) else held(seq, one) for seq, one in enumerate(idle, start=1)
    ]
    while wanted := cache.next_to_keep(rest):
        cache.keep(wanted, state_of(wanted.tokens))
        yield wanted


def kept(home: Path, origin: Origin, *idle: Tokens | Held) -> list[Wanted]:
    """Live through an engine that ends with these sequences idle."""
    cache = opened(home, origin)
    done = list(keep_all(cache, *idle))
    cache.close(60)
    assert cache.trouble == ""
    return done


def files(home: Path) -> list[Path]:
    return sorted((home / "cache" / FOLDER).glob("*"))


def test_the_next_engine_finds_what_one_has_kept(home: Path, origin: Origin) -> None:
    whole = prompt(1, 2, 3)
    assert kept(home, origin, whole) == [Wanted(1, whole, 900, 900)]
    cache = opened(home, origin)
    found = look(cache, (*whole, 7, 8))
    assert found is not None
    assert (found.shared, len(found.head.tokens)) == (900, 900)
    assert cache.load(found.head) == (found.head, state_of(whole))
    parted = look(cache, prompt(1, 2, 4))
    assert parted is not None
    assert (parted.shared, len(parted.head.tokens)) == (600, 900)


def test_the_last_token_of_a_prompt_is_left_to_be_evaluated(home: Path, origin: Origin) -> None:
    whole = prompt(1, 2, 3)
    kept(home, origin, whole)
    found = look(opened(home, origin), whole)
    assert found is not None
    assert found.shared == 899


@pytest.mark.parametrize(("held", "finds"), [(0, True), (836, True), (837, False), (900, False)])
def test_a_file_must_be_better_than_memory(
    home: Path, origin: Origin, held: int, finds: bool
) -> None:
    whole = prompt(1, 2, 3)
    kept(home, origin, whole)
    found = look(opened(home, origin), (*whole, 7), held)
    assert (found is not None) is finds


def test_the_smallest_file_that_serves_as_much_is_read(home: Path, origin: Origin) -> None:
    kept(home, origin, prompt(1, 2, 3), prompt(1, 2, 4, 5, 6))
    found = look(opened(home, origin), prompt(1, 2, 9))
    assert found is not None
    assert (found.shared, len(found.head.tokens)) == (600, 900)


@pytest.mark.parametrize(
    "other",
    [
        {"marks": ("another build", "f16")},
        {"marks": ("a build", "q8_0")},
        {"marks": ("a build", "f16", "")},
    ],
)
def test_another_build_or_context_finds_nothing(
    home: Path, origin: Origin, other: dict[str, tuple[str, ...]]
) -> None:
    kept(home, origin, prompt(1, 2))
    cache = opened(home, replace(origin, **other))  # type: ignore[arg-type]
    assert look(cache, prompt(1, 2, 3)) is None
    assert len(files(home)) == 1


def test_states_of_another_rotation_are_not_found(home: Path, origin: Origin) -> None:
    cache = opened(home, origin)
    for rotation in ("short", "long"):
        cache.turn(rotation)
        assert [wanted.tokens for wanted in keep_all(cache, prompt(1, 2))] == [prompt(1, 2)]
    cache.turn("short")
    assert list(keep_all(cache, prompt(3, 4)))
    cache.close(60)
    assert len(files(home)) == 3
    cache = opened(home, origin)
    for rotation, finds in (("", [False, False]), ("short", [True, True]), ("long", [True, False])):
        cache.turn(rotation)
        found = [look(cache, (*prompt(*parts), 7)) for parts in ((1, 2), (3, 4))]
        assert [one is not None for one in found] == finds


def test_a_build_is_known_by_the_libraries_that_count(home: Path) -> None:
    def build(name: str, data: bytes) -> tuple[str, ...]:
        (home / name).write_bytes(data)
        llama = SimpleNamespace(_name=str(home / "libllama.so"))
        system = SimpleNamespace(_lib=llama, llama_print_system_info=lambda: b"AVX2 = 1")
        return marks_of(system, Shape("off", "f16", 512, 256, 1, 1), 0)

    (home / "libggml-old.so").symlink_to("gone")
    first = build("libllama.so", b"1")
    assert build("libssl.so", b"1") == first, "the system's are no matter"
    assert build("libggml-base.so", b"1") != first
    assert build("libllama.so", b"12") != build("libllama.so", b"1")


def test_a_model_written_over_is_another(home: Path, origin: Origin, model: Path) -> None:
    kept(home, origin, prompt(1, 2))
    model.write_bytes(b"GGUF" + b"x" * 5000)
    changed = replace(origin, file=look_at(str(model)))
    assert look(opened(home, changed), prompt(1, 2, 3)) is None
    kept(home, changed, prompt(1, 2))
    assert len(files(home)) == 2


def test_the_same_model_elsewhere_is_the_same_once_it_is_known(
    home: Path, origin: Origin, model: Path
) -> None:
    kept(home, origin, prompt(1, 2))
    model.rename(home / "moved.gguf")
    moved = replace(origin, file=look_at(str(home / "moved.gguf")))
    assert look(opened(home, moved), prompt(1, 2, 3)) is None
    kept(home, moved, prompt(1, 2))
    assert len(files(home)) == 1
    assert look(opened(home, moved), prompt(1, 2, 3))


def test_a_model_that_changes_while_it_is_hashed_keeps_nothing(
    home: Path, origin: Origin, model: Path
) -> None:
    model.write_bytes(b"GGUF" + bytes(6000))
    kept(home, origin, prompt(1, 2))
    assert files(home) == []


def test_what_is_private_reaches_no_disk(home: Path, origin: Origin) -> None:
    cache = opened(home, origin)
    rest = [held(1, prompt(1, 2, 3), True), held(2, prompt(1, 2, 4), True)]
    assert list(keep_all(cache, *rest)) == []
    cache.close()
    assert not (home / "cache").exists()


def test_what_several_requests_begin_with_is_kept_of_its_own(home: Path, origin: Origin) -> None:
    rules, chunks = prompt(1), [(*prompt(1), *prompt(9 + n, each=100)) for n in range(3)]
    cache = opened(home, origin)
    for chunk in chunks:
        cache.learn(chunk)
    assert list(keep_all(cache, held(4, chunks[0], True), held(5, chunks[1]))) == [
        Wanted(5, rules, 300, 300)
    ]
    cache.close(60)
    found = look(opened(home, origin), (*rules, 1))
    assert found is not None
    assert (found.shared, len(found.head.tokens)) == (300, 300)


def test_a_sequence_is_written_once_and_again_when_it_has_grown(home: Path, origin: Origin) -> None:
    cache = opened(home, origin)
    assert len(list(keep_all(cache, prompt(1, 2)))) == 1
    assert list(keep_all(cache, prompt(1, 2))) == []
    assert list(keep_all(cache, (*prompt(1, 2), 5, 6))) == []
    assert len(list(keep_all(cache, prompt(1, 2, 3)))) == 1
    cache.close(60)
    assert len(files(home)) == 1, "the earlier turn is of no use any more"


def test_what_was_read_among_others_is_written_again_when_it_was_read_alone(
    home: Path, origin: Origin
) -> None:
    among, alone = (Held(1, prompt(1, 2), exact, 600) for exact in (96, 600))
    assert kept(home, origin, among) == [among.first(600)]
    assert kept(home, origin, alone) == [alone.first(600)]
    found = look(opened(home, origin), prompt(1, 2, 3))
    assert found is not None
    assert (found.head.exact, len(files(home))) == (600, 1)
    assert kept(home, origin, among) == [], "no better than what is there"


def test_what_was_read_alone_stays_beside_what_goes_on_from_it_among_others(
    home: Path, origin: Origin
) -> None:
    kept(home, origin, prompt(1, 2))
    kept(home, origin, Held(1, prompt(1, 2, 3), 0, 900))
    assert len(files(home)) == 2


def test_of_what_several_begin_with_the_one_read_alone_is_kept(home: Path, origin: Origin) -> None:
    chunks = [(*prompt(1), *prompt(9 + n, each=100)) for n in range(3)]
    cache = opened(home, origin)
    for chunk in chunks:
        cache.learn(chunk)
    rest = [Held(seq, chunks[seq], exact, 400) for seq, exact in ((0, 0), (1, 350), (2, 96))]
    assert list(keep_all(cache, *rest)) == [Wanted(1, prompt(1), 300, 300)]
    cache.close(60)


def test_two_engines_that_keep_the_same_write_it_once(home: Path, origin: Origin) -> None:
    one, other = opened(home, origin), opened(home, origin)
    list(keep_all(one, prompt(1, 2)))
    one.close(60)
    before = files(home)[0].stat().st_mtime_ns
    list(keep_all(other, prompt(1, 2)))
    other.close(60)
    assert [path.stat().st_mtime_ns for path in files(home)] == [before]


def test_a_recurrent_state_serves_only_what_goes_on_from_it(home: Path, origin: Origin) -> None:
    whole = replace(origin, reach=Reach(cuts=False))
    kept(home, whole, prompt(1, 2))
    cache = opened(home, whole)
    assert look(cache, prompt(1, 3), reach=whole.reach) is None
    found = look(cache, prompt(1, 2, 3), reach=whole.reach)
    assert found is not None
    assert found.shared == 600
    list(keep_all(cache, prompt(1, 2, 3)))
    cache.close(60)
    assert len(files(home)) == 2


@pytest.mark.parametrize("rate", [0.0, 10_000.0])
def test_nothing_is_kept_of_what_is_quick_or_was_not_timed(
    home: Path, origin: Origin, rate: float
) -> None:
    cache = open_cache(home / "cache", LIMIT, origin)
    if rate:
        cache.took(int(rate), 1.0)
    assert list(keep_all(cache, prompt(1, 2, 3))) == []


def test_what_would_fill_half_the_cache_is_not_kept(home: Path, origin: Origin) -> None:
    small = opened(home, origin, limit=8 * 900 - 1)
    assert list(keep_all(small, prompt(1, 2, 3))) == []


def test_a_cache_of_no_bytes_does_nothing(home: Path, origin: Origin) -> None:
    kept(home, origin, prompt(1, 2))
    cache = opened(home, origin, limit=0)
    assert look(cache, prompt(1, 2, 3)) is None
    assert list(keep_all(cache, prompt(4, 5))) == []
    cache.close()


def test_a_folder_that_can_not_be_used_costs_nothing_but_the_cache(
    home: Path, origin: Origin
) -> None:
    (home / "cache").touch()
    cache = opened(home, origin)
    assert len(list(keep_all(cache, prompt(1, 2)))) == 1
    assert list(keep_all(cache, prompt(1, 2))) == [], "it is not tried again and again"
    cache.close(60)
    assert cache.trouble
    assert look(cache, prompt(1, 2, 3)) is None


def test_a_full_disk_costs_nothing_but_the_cache(
    home: Path, origin: Origin, full_disk: Path
) -> None:
    cache = open_cache(full_disk, LIMIT, origin)
    cache.took(100, 1.0)
    list(keep_all(cache, prompt(1, 2)))
    cache.close(60)
    left = [one for one in full_disk.rglob("*") if one.suffix in (".kv", ".part")]
    assert left == []
    assert look(cache, prompt(1, 2, 3)) is None


def test_a_file_removed_or_damaged_between_two_looks(home: Path, origin: Origin) -> None:
    kept(home, origin, prompt(1, 2), prompt(3, 4))
    cache = opened(home, origin)
    gone, bad = (look(cache, (*prompt(*parts), 1)) for parts in ((1, 2), (3, 4)))
    assert gone and bad
    (home / "cache" / FOLDER / gone.head.name).unlink()
    damaged = home / "cache" / FOLDER / bad.head.name
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"?")
    assert (cache.load(gone.head), cache.load(bad.head)) == (None, None)
    assert files(home) == []


def test_no_more_is_taken_than_can_wait(home: Path, origin: Origin) -> None:
    os.mkfifo(home / "slow.gguf")
    os.utime(home / "slow.gguf", (50, 50))
    slow = replace(origin, file=look_at(str(home / "slow.gguf")))
    cache = opened(home, slow)
    cache.keep(Wanted(1, prompt(5), 0, 0), bytes(257 << 20))
    behind = [cache.behind]
    assert cache.next_to_keep([held(1, prompt(1, 2))]) is None
    # It has changed since: nothing of it is written.
    (home / "slow.gguf").write_bytes(b"GGUF")
    cache.close(60)
    behind.append(cache.behind)
    assert behind == [True, False] and cache.next_to_keep([held(1, prompt(1, 2))])


FACTS = Facts("abc", Threads(2, 4), Threads(4, 4))


def test_facts_are_remembered_until_the_file_changes(home: Path, model: Path) -> None:
    file = look_at(str(model))
    assert read_facts(home / "cache", file) == Facts()
    remember(home / "cache", file, FACTS)
    remember(home / "cache", replace(file, path="/another"), Facts("def"))
    assert read_facts(home / "cache", file) == FACTS
    assert read_facts(home / "cache", replace(file, path="/another")) == Facts("def")
    assert (home / "cache" / "models.json").stat().st_mode & 0o777 == 0o600
    assert read_facts(home / "cache", replace(file, stamp="x")) == Facts()


def test_only_so_many_models_are_remembered(home: Path, model: Path) -> None:
    file = look_at(str(model))
    for number in range(205):
        remember(home, replace(file, path=str(number)), FACTS)
    known = json.loads((home / "models.json").read_text())
    assert list(known) == [str(number) for number in range(5, 205)]


@pytest.mark.parametrize("text", ["", "{", "[]", "\xff", '{"PATH": 1}', '{"PATH": {"hash": 1}}'])
def test_facts_that_can_not_be_read_are_found_anew(home: Path, model: Path, text: str) -> None:
    file = look_at(str(model))
    (home / "models.json").write_bytes(text.replace("PATH", str(model)).encode("latin-1"))
    assert read_facts(home, file) == Facts()
    remember(home, file, FACTS)
    assert read_facts(home, file) == FACTS


def test_facts_that_can_not_be_written_are_forgotten(home: Path, model: Path) -> None:
    (home / "cache").touch()
    remember(home / "cache", look_at(str(model)), FACTS)
    assert read_facts(home / "cache", look_at(str(model))) == Facts()


def test_the_hash_is_that_of_the_content(home: Path, model: Path) -> None:
    copy = home / "copy.gguf"
    copy.write_bytes(model.read_bytes())
    first, second = hash_of(look_at(str(model))), hash_of(look_at(str(copy)))
    assert first == second != ""
    assert hash_of(replace(look_at(str(model)), stamp="x")) == ""


def test_the_quickest_threads_are_remembered(home: Path, origin: Origin) -> None:
    most, best = Threads(4, 4), Threads(2, 4)
    cache = opened(home, origin)
    assert cache.known_threads(most) is None
    cache.remember_threads(most, None)
    assert not (home / "cache").exists()
    cache.remember_threads(most, best)
    assert opened(home, origin).known_threads(most) == best
    assert opened(home, origin).known_threads(Threads(8, 8)) is None
    kept(home, origin, prompt(1, 2))
    assert opened(home, origin).known_threads(most) == best, "beside the hash"


def test_of_a_file_that_was_replaced_meanwhile_nothing_is_remembered(
    home: Path, origin: Origin, model: Path
) -> None:
    old = opened(home, origin)
    model.write_bytes(b"GGUF" + b"x" * 6000)
    kept(home, replace(origin, file=look_at(str(model))), prompt(1, 2))
    known = read_facts(home / "cache", look_at(str(model)))
    old.remember_threads(Threads(4, 4), Threads(2, 4))
    assert known.hash
    assert read_facts(home / "cache", look_at(str(model))) == known


def test_without_a_cache_nothing_is_remembered(home: Path, origin: Origin) -> None:
    opened(home, origin, limit=0).remember_threads(Threads(4, 4), Threads(2, 4))
    assert not (home / "cache").exists()
