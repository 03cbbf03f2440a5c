"""Prompts kept on the disk by real engines: read once, by whichever engine comes first."""

from __future__ import annotations

import dataclasses
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devchat.backends import Backend
from devchat.backends.local import open_local
from devchat.backends.local.control import engines, stop_engines
from devchat.backends.local.shelf import FOLDER
from devchat.models import LocalModel
from devchat.settings import Paths, Settings
from tests.backends.local.conftest import Gguf, Open, ask, finish, with_local
from tests.backends.local.draft import StuckDraft
from tests.backends.local.test_faults import only, until

pytestmark = pytest.mark.engine
RULES = " ".join(f"Rule {number}: never say what rule {number * 7} says." for number in range(20))
"""Some 280 tokens: what two requests begin with is kept from 256 on."""
QUESTIONS = [ask(f"{word}?", RULES, max_tokens=4) for word in ("Red", "Green", "Blue")]

Elsewhere = Callable[..., tuple[Backend, Paths]]


@pytest.fixture
def folder(settings: Settings) -> Path:
    """Where files of kept prompts appear."""
    return settings.paths.cache / FOLDER


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.kv"))


def leave(backend: Backend, runtime: Path) -> None:
    """Close the last client of an engine with `keep_alive=0`, and wait for its end."""
    pid = only(runtime).pid
    backend.close()
    until(lambda: not Path(f"/proc/{pid}").exists())


@pytest.fixture(scope="module")
def elsewhere(embedded_path: Path) -> Iterator[Elsewhere]:
    """Open the embedded model in a home of this module's own."""
    home = Path(tempfile.mkdtemp(prefix="dc-"))
    paths = Paths(*[home / name for name in ("c", "k", "p", "m", "run", "h", "cache")])
    model = LocalModel("m", embedded_path, "tiny", 8192)

    def opener(**changes: object) -> tuple[Backend, Paths]:
        return open_local(model, with_local(Settings(paths), keep_alive=0, **changes)), paths

    yield opener
    shutil.rmtree(home)


@pytest.fixture(scope="module")
def kept_once(elsewhere: Elsewhere) -> Path:
    """A cache with the rules, which two requests of an engine that has left began with."""
    backend, paths = elsewhere()
    for question in QUESTIONS[:2]:
        finish(backend, question)
    until(lambda: bool(files(paths.cache / FOLDER)))
    leave(backend, paths.runtime)
    return paths.cache


@pytest.fixture(scope="module")
def cold(elsewhere: Elsewhere) -> str:
    """The answer to the third question of an engine that keeps nothing."""
    backend, paths = elsewhere(cache_bytes=0)
    answer = finish(backend, QUESTIONS[2])
    leave(backend, paths.runtime)
    assert answer.usage.cached_tokens == 0
    return answer.text


@pytest.fixture
def rules_kept(kept_once: Path, folder: Path) -> Path:
    """The folder of this test's own copy of that cache."""
    shutil.copytree(kept_once, folder.parent)
    assert files(folder)
    return folder


def test_a_new_engine_goes_on_from_what_another_read(
    open_model: Open, rules_kept: Path, cold: str
) -> None:
    found = finish(open_model(), QUESTIONS[2])
    assert found.usage.cached_tokens >= 256
    assert {path.stat().st_mode & 0o777 for path in files(rules_kept)} == {0o600}
    assert rules_kept.stat().st_mode & 0o777 == 0o700
    assert found.text == cold


def test_a_long_prompt_is_kept_while_the_engine_rests(
    open_model: Open, runtime: Path, folder: Path
) -> None:
    # Long also for a quick machine: what takes less than a second is not kept.
    long = ask("Red?", RULES * 3, max_tokens=4)
    first = finish(open_model(), long)
    until(lambda: bool(files(folder)))
    stop_engines(runtime)
    again = finish(open_model(), long)
    assert again.usage.cached_tokens >= first.usage.prompt_tokens - 32
    assert again.text == first.text


def test_damaged_files_are_removed_and_the_answer_is_the_same(
    open_model: Open, rules_kept: Path, cold: str
) -> None:
    for path in files(rules_kept):
        data = bytearray(path.read_bytes())
        data[-1000] ^= 1
        path.write_bytes(data)
    damaged = files(rules_kept)
    found = finish(open_model(keep_alive=0), QUESTIONS[2])
    assert found.usage.cached_tokens == 0
    assert not any(path.exists() for path in damaged)
    assert found.text == cold


def test_another_model_or_shape_does_not_find_it(
    open_model: Open, rules_kept: Path, gguf: Gguf
) -> None:
    before = files(rules_kept)
    other = gguf.with_template(
        "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
        "<|im_start|>assistant\n"
    )
    for backend in (open_model(other), open_model(kv_type="q8_0")):
        assert finish(backend, QUESTIONS[2]).usage.cached_tokens == 0
        backend.close()
    assert set(before) <= set(files(rules_kept))


def test_what_is_asked_without_history_is_not_kept(
    settings: Settings, embedded: LocalModel, runtime: Path, folder: Path
) -> None:
    private = dataclasses.replace(with_local(settings, keep_alive=0), history=False)
    backend = open_local(embedded, private)
    for question in QUESTIONS[:2]:
        finish(backend, question)
    leave(backend, runtime)
    assert files(folder) == []


def test_two_engines_use_one_cache_at_once(
    open_model: Open, runtime: Path, rules_kept: Path, cold: str
) -> None:
    one, other = open_model(), open_model(stall_seconds=99.0, context_tokens=2048)
    found = [finish(backend, QUESTIONS[2]) for backend in (one, other)]
    assert len(engines(runtime)) == 2
    assert [completion.usage.cached_tokens >= 256 for completion in found] == [True, True]
    assert [completion.text for completion in found] == [cold, cold]


def test_a_full_disk_costs_no_answer(
    settings: Settings, embedded: LocalModel, runtime: Path, full_disk: Path
) -> None:
    paths = dataclasses.replace(settings.paths, cache=full_disk)
    backend = open_local(
        embedded, dataclasses.replace(with_local(settings, keep_alive=0), paths=paths)
    )
    for question in QUESTIONS[:2]:
        assert finish(backend, question).usage.completion_tokens
    # It tries, and there is no room, or not even a folder.
    until(lambda: (full_disk / FOLDER).is_dir() or bool(only(runtime).cache_trouble))
    leave(backend, runtime)
    assert [path for path in full_disk.rglob("*.kv*")] == []


def test_an_engine_killed_while_it_writes_leaves_no_half_file(
    open_model: Open, runtime: Path, rules_kept: Path, cold: str
) -> None:
    (kept,) = files(rules_kept)
    kept.unlink()
    backend = open_model()
    backend.count("starts it")
    pid = only(runtime).pid
    draft = StuckDraft(rules_kept, pid, kept.name)
    for question in QUESTIONS[:2]:
        finish(backend, question)
    written = draft.begun()
    os.kill(pid, signal.SIGKILL)
    until(lambda: not engines(runtime))
    draft.leave(written)
    again = open_model()
    answer = finish(again, QUESTIONS[2])
    assert (answer.usage.cached_tokens, answer.text) == (0, cold)
    finish(again, QUESTIONS[0])
    until(lambda: files(rules_kept) == [kept])
    assert not draft.path.exists()


def test_memory_is_given_back_when_an_engine_is_stopped(open_model: Open, runtime: Path) -> None:
    backend = open_model()
    finish(backend, ask("Hello", max_tokens=2))
    state = only(runtime)
    assert state.resident > 50 << 20
    stop_engines(runtime)
    until(lambda: not Path(f"/proc/{state.pid}").exists())
