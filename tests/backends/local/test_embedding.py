"""Texts into rows of numbers, by models made for it: tiny ones, whose numbers numpy knows."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from socket import socket
from threading import Thread

import numpy as np
import pytest
from gguf import PoolingType

from devchat import __version__
from devchat.backends import Backend, Embedder, open_backend, open_embedder
from devchat.backends.local.berth import dial
from devchat.backends.local.client import LocalBackend
from devchat.backends.local.control import stop_engines
from devchat.backends.local.vectors import AT_ONCE
from devchat.backends.local.wire import PROTOCOL, encode, receive
from devchat.errors import AnswerError, ContextError, EngineError, InputError, ModelError
from devchat.models import LocalModel
from devchat.models.resolve import resolve_embedder
from devchat.settings import Settings
from tests.backends.local import crowding
from tests.backends.local.conftest import ask, finish, with_local
from tests.backends.local.network import WIDTH, WINDOW, Network, write_decoder
from tests.backends.local.test_faults import only, until

Open = Callable[..., Embedder]
NETWORK = Network()
TEXTS = ["hello world", "", "to be or not to be", "x" * (WINDOW - 2), "0 1 2", "hello world"]
NEAR = 5e-4
"""llama.cpp looks up what numpy computes here: its GELU has 16 bits."""


@pytest.fixture
def open_it(settings: Settings, runtime: Path) -> Iterator[Open]:
    """Open a file as a user of the package does."""
    opened: list[Embedder] = []

    def opener(path: Path, **changes: object) -> Embedder:
        changed = with_local(settings, **changes)
        opened.append(open_embedder(resolve_embedder(str(path), changed), changed))
        return opened[-1]

    yield opener
    for one in opened:
        one.close()


@pytest.fixture
def tiny(home: Path) -> Path:
    """An encoder's file."""
    return NETWORK.write(home / "encoder.gguf")


@pytest.mark.measured
@pytest.mark.parametrize("pooling", [PoolingType.MEAN, PoolingType.CLS, PoolingType.LAST], ids=str)
def test_rows_are_what_arithmetic_says(open_it: Open, home: Path, pooling: PoolingType) -> None:
    network = Network(pooling)
    rows = open_it(network.write(home / "encoder.gguf")).embed(TEXTS)
    assert (rows.shape, str(rows.dtype)) == ((len(TEXTS), WIDTH), "float32")
    assert np.abs(np.linalg.norm(rows, axis=1) - 1).max() < 1e-6
    assert np.abs(rows - network.embed(TEXTS)).max() < NEAR
    # No two texts are alike but the first and the last.
    alike = rows @ rows.T > 1 - 1e-5
    assert np.argwhere(np.triu(alike, 1)).tolist() == [[0, len(TEXTS) - 1]]


def test_a_thousand_keep_their_order_and_are_as_if_each_were_alone(
    open_it: Open, tiny: Path
) -> None:
    model = open_it(tiny)
    texts = [f"{'word ' * (number % 9)}{number}" for number in range(1000)]
    rows = model.embed(texts)
    assert np.abs(rows - NETWORK.embed(texts)).max() < NEAR
    alone = np.concatenate([model.embed([text]) for text in texts[::100]])
    assert np.abs(rows[::100] - alone).max() < 1e-4


@pytest.mark.measured
def test_no_texts_are_no_rows(open_it: Open, tiny: Path) -> None:
    rows = open_it(tiny).embed([])
    assert (rows.shape, str(rows.dtype)) == ((0, WIDTH), "float32")


@pytest.mark.measured
@pytest.mark.parametrize("number", [0, AT_ONCE + 3])
def test_a_text_longer_than_the_window_is_refused_not_cut(
    open_it: Open, tiny: Path, number: int
) -> None:
    model = open_it(tiny)
    with pytest.raises(ContextError) as caught:
        model.embed([*["x"] * number, "y" * (WINDOW - 1), "z"])
    assert caught.value.message == (
        f"`texts[{number}]` has {WINDOW + 1} tokens, but the model's window has {WINDOW}"
    )
    assert "in parts" in caught.value.hint
    assert model.embed(["y" * (WINDOW - 2)]).shape == (1, WIDTH)


def test_the_user_may_cap_the_window(open_it: Open, tiny: Path) -> None:
    with pytest.raises(ContextError, match="has 9 tokens, but the model's window has 8"):
        open_it(tiny, context_tokens=8).embed(["1234567"])


def test_a_decoder_that_embeds_reads_long_texts_and_no_empty_ones(
    open_it: Open, home: Path, runtime: Path
) -> None:
    model = open_it(write_decoder(home / "decoder.gguf"))
    texts = ["to be", "be to", "x" * 700, "y" * 1500, "to be"]
    rows = model.embed(texts)
    assert np.abs(np.linalg.norm(rows, axis=1) - 1).max() < 1e-6
    alone = np.concatenate([model.embed([text]) for text in texts])
    assert np.abs(rows - alone).max() < 1e-4
    assert np.abs(rows[0] - rows[1]).max() > 0.01
    # As large as the longest text: all of it is read at once.
    assert only(runtime).window == 1536
    with pytest.raises(InputError, match=r"`texts\[1\]` is empty"):
        model.embed(["to be", ""])


def test_a_text_longer_than_memory_is_refused_before_it_is_read(open_it: Open, home: Path) -> None:
    model = open_it(write_decoder(home / "decoder.gguf"))
    with pytest.raises(ContextError, match="has 900000 tokens, more than free memory can hold"):
        model.embed(["x" * 900_000])
    assert model.embed(["x"]).shape == (1, WIDTH)


def test_no_memory_is_an_error_that_the_engine_survives(
    open_it: Open, home: Path, runtime: Path
) -> None:
    model = open_it(write_decoder(home / "decoder.gguf"))
    assert model.embed(["x"]).shape == (1, WIDTH)
    pid = only(runtime).pid
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[0])
    room = pages * resource.getpagesize() + (40 << 20)
    resource.prlimit(pid, resource.RLIMIT_AS, (room, resource.RLIM_INFINITY))
    with pytest.raises(EngineError, match="could not make a window"):
        model.embed(["x" * 4000])
    endless = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    resource.prlimit(pid, resource.RLIMIT_AS, endless)
    assert model.embed(["x" * 4000]).shape == (1, WIDTH)
    assert only(runtime).pid == pid


def test_a_model_that_chats_does_not_embed(
    shared: LocalBackend, embedded_path: Path, settings: Settings
) -> None:
    with pytest.raises(ModelError, match="`SmolLM2-135M-Instruct` is no model that embeds") as it:
        shared.embed(["hello"])
    assert "embedding model" in it.value.hint
    assert finish(shared, ask("Hello", max_tokens=2)).text
    for spec in (str(embedded_path), "scripted:x"):
        with pytest.raises(ModelError, match="is no model that embeds"):
            resolve_embedder(spec, settings)


@pytest.mark.measured
def test_a_model_that_embeds_does_not_chat(settings: Settings, runtime: Path, tiny: Path) -> None:
    # What a careless caller opens in spite of `resolve`.
    model = LocalModel("encoder", tiny, "tiny", WINDOW)
    backend = open_backend(model, with_local(settings), {})
    with pytest.raises(ModelError, match="`encoder` is no model to chat with: it embeds texts"):
        finish(backend, ask("Hello"))
    assert backend.count("hello") == 5
    backend.close()


@pytest.mark.parametrize("pooling", [None, PoolingType.NONE, PoolingType.RANK], ids=str)
def test_a_file_that_does_not_say_how_it_embeds(
    open_it: Open, home: Path, pooling: PoolingType | None
) -> None:
    model = open_it(Network(pooling).write(home / "encoder.gguf"))
    with pytest.raises(ModelError, match="is no model to chat with, nor one that embeds texts"):
        model.embed(["hello"])


@pytest.mark.parametrize("number", [0.0, np.nan], ids=str)
def test_numbers_without_a_direction_are_an_error(open_it: Open, home: Path, number: float) -> None:
    last = "blk.0.layer_output_norm"
    broken: Mapping[str, object] = {
        f"{last}.{part}": np.full(WIDTH, number, np.float32) for part in ("weight", "bias")
    }
    path = Network(weights={**NETWORK.weights, **broken}).write(home / "encoder.gguf")
    with pytest.raises(AnswerError, match=r"without a direction for `texts\[0\]`"):
        open_it(path).embed(["hello", "world"])


@pytest.mark.measured
def test_threads_share_batches_and_each_gets_its_own(open_it: Open, tiny: Path) -> None:
    model = open_it(tiny)
    asked = [[f"{name} {number}" for number in range(150)] for name in "abcd"]
    got: dict[int, object] = {}
    threads = [
        Thread(target=lambda index=index: got.update({index: model.embed(asked[index])}))
        for index in range(len(asked))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for index, texts in enumerate(asked):
        assert np.abs(got[index] - NETWORK.embed(texts)).max() < NEAR


def test_a_long_text_does_not_wait_for_all_the_short_ones_that_come(home: Path) -> None:
    model = write_decoder(home / "decoder.gguf")
    program = [sys.executable, "-m", crowding.__name__, str(model)]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "2\n"), done.stderr


def begun(sock: Path) -> socket:
    """Ask for more rows than anybody waits for, and read the first of them."""
    client = dial(sock)
    assert client is not None
    greeting = {"protocol": PROTOCOL, "version": __version__}
    many = {"op": "embed", "texts": ["x" * 60] * 20_000, "first": 0}
    client.sendall(encode(greeting | many))
    while "rows" not in (receive(client) or {}):
        pass
    return client


def test_a_client_that_leaves_is_forgotten(open_it: Open, tiny: Path, runtime: Path) -> None:
    model = open_it(tiny)
    model.embed([])
    state = only(runtime)
    with begun(state.sock):
        assert only(runtime).queued == only(runtime).sequences == 1
    until(lambda: only(runtime).queued == 0)
    assert model.embed(["x"]).shape == (1, WIDTH)
    assert only(runtime).pid == state.pid


def test_who_waits_is_told_that_the_engine_was_stopped(
    open_it: Open, tiny: Path, runtime: Path
) -> None:
    model = open_it(tiny)
    model.embed([])
    with begun(only(runtime).sock) as client:
        assert stop_engines(runtime)
        *_, last = iter(partial(receive, client), None)
    assert last["message"] == "the engine was stopped"
    assert model.embed(["x"]).shape == (1, WIDTH)


def test_another_engine_answers_meanwhile(shared: Backend, open_it: Open, tiny: Path) -> None:
    model = open_it(tiny)
    alone = finish(shared, ask("What is a list?", max_tokens=20)).text
    stream = shared.stream(ask("What is a list?", max_tokens=20))
    first = next(stream)
    assert np.abs(model.embed(TEXTS) - NETWORK.embed(TEXTS)).max() < NEAR
    *_, last = first, *stream
    assert last.text == alone
