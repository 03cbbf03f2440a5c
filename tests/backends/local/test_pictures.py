"""Pictures: each case of `seeing.py` in a process of its own, then the whole way there and back."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from devchat.backends import Backend
from devchat.backends.local import open_local
from devchat.errors import BackendError, ContextError, InputError, ModelError
from devchat.models import LocalModel
from devchat.settings import Settings
from devchat.types import Image, Message, Options, Request, Text
from tests.backends.local import seeing
from tests.backends.local.conftest import ask, finish, with_local
from tests.backends.local.projector import TOKENS, Projector, bomb, png, write_together
from tests.backends.local.turning import write_model, write_projector
from tests.conftest import Devchat

CASES = [
    name
    for name, value in vars(seeing).items()
    if getattr(value, "__module__", "") == seeing.__name__ and name != "see"
]
RED, BLUE = png((255, 0, 0)), png((0, 0, 255))
Seer = Callable[..., Backend]
WEBP = b"RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0\x2f\0\0\0"


@pytest.fixture(scope="session")
def projector(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Projector().write(tmp_path_factory.mktemp("projector") / "mmproj.gguf")


@pytest.fixture(scope="session")
def turning(tmp_path_factory: pytest.TempPathFactory, embedded_path: Path) -> list[Path]:
    """A model to which a picture has rows and columns, and its projector."""
    folder = tmp_path_factory.mktemp("turning")
    model = write_model(folder / "turning.gguf", embedded_path)
    return [model, write_projector(folder / "mmproj-turning.gguf")]


@pytest.mark.engine
@pytest.mark.parametrize("turns", [False, True], ids=["in a row", "in rows and columns"])
@pytest.mark.parametrize("name", CASES)
def test_seeing(
    embedded_path: Path, projector: Path, turning: list[Path], name: str, turns: bool
) -> None:
    files = turning if turns else [embedded_path, projector]
    program = [sys.executable, "-m", seeing.__name__, name, *map(str, files)]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.engine
def test_pictures_through_the_front_door(
    devchat: Devchat, home: Path, embedded_path: Path, runtime: Path
) -> None:
    (home / "eye.gguf").symlink_to(embedded_path)
    Projector().write(home / "mmproj-eye-f32.gguf")
    (home / "red.png").write_bytes(RED)
    (home / "blue.png").write_bytes(BLUE)
    still = {"DEVCHAT_TEMPERATURE": "0", "DEVCHAT_LOCAL_THREADS": "1"}

    def told(*files: str) -> tuple[str, int]:
        named = [word for file in files for word in ("-f", file)]
        done = devchat("ask", "-m", "./eye.gguf", "--json", *named, "what is it?", env=still)
        assert done.returncode == 0, done.stderr
        reply = json.loads(done.stdout)
        return reply["answer"], reply["usage"]["prompt_tokens"]

    red, blue, both = told("red.png"), told("blue.png"), told("red.png", "blue.png")
    assert red == told("red.png")
    assert len({text for text, _ in (red, blue, both)}) == 3
    assert (red[1], both[1]) == (blue[1], red[1] + TOKENS)


def looking(data: bytes, name: str = "shot.png") -> Request:
    """Make a short greedy question about a picture."""
    image = Image(name, "image/png", data)
    message = Message("user", (Text("What is it?"), image))
    return Request((message,), Options(temperature=0.0, max_tokens=4))


@pytest.fixture
def seer(
    settings: Settings, runtime: Path, embedded: LocalModel, projector: Path
) -> Iterator[Callable[..., Backend]]:
    """Open a model that sees, by a projector that works unless another is named."""
    opened: list[Backend] = []

    def opener(path: Path = projector, **changes: object) -> Backend:
        model = replace(embedded, projector=path)
        opened.append(open_local(model, with_local(settings, **changes)))
        return opened[-1]

    yield opener
    for backend in opened:
        backend.close()


@pytest.mark.measured
@pytest.mark.engine
def test_what_is_no_picture_is_refused_and_the_engine_lives(seer: Seer) -> None:
    backend = seer()
    for data, words in (
        (bomb(), "60,000 x 60,000 pixels; 50,000,000 is the limit"),
        (RED[:40], "it may be damaged"),
        (RED[:20], "it may be damaged"),
        (b"\xff\xd8\xff\xe0 no JPEG", "it may be damaged"),
        (b"GIF89a\x10\0\x10\0\0\0\0", "it may be damaged"),
        (b"fLaC and not a sound", "it may be damaged"),
        (WEBP, "`shot.png` is WebP, which llama.cpp can't read"),
    ):
        with pytest.raises(InputError, match=words) as caught:
            finish(backend, looking(data))
        assert caught.value.hint
    assert finish(backend, looking(RED)).usage.prompt_tokens > TOKENS
    assert finish(backend, ask("Hi")).text


@pytest.mark.engine
def test_a_picture_too_large_for_the_wire_is_refused(seer: Seer) -> None:
    backend = seer()
    with pytest.raises(ContextError, match="too large for the engine"):
        finish(backend, looking(RED + bytes(50 << 20)))
    assert finish(backend, looking(RED)).usage.prompt_tokens > TOKENS


@pytest.mark.engine
@pytest.mark.parametrize("kind", ["other", "cut", "empty", "gone", "text"])
def test_a_projector_that_can_not_be_used_is_named(
    kind: str, seer: Seer, embedded: LocalModel, home: Path, projector: Path
) -> None:
    path = home / "mmproj.gguf"
    if kind == "other":
        Projector(width=64).write(path)
    elif kind == "text":
        shutil.copyfile(embedded.path, path)
    elif kind != "gone":
        path.write_bytes(projector.read_bytes()[: 100_000 if kind == "cut" else 0])
    backend = seer(path)
    with pytest.raises(ModelError, match=f"can't look at pictures with `{path}`: ") as caught:
        finish(backend, looking(RED))
    assert f"`{embedded.name}`" in (caught.value.hint or "")
    assert finish(backend, ask("Hi")).text


@pytest.mark.engine
def test_a_picture_that_must_be_taken_at_once_fits_a_batch_or_is_refused(
    seer: Seer, home: Path
) -> None:
    small, large = (write_together(home / f"mmproj-{size}.gguf", size) for size in (32, 136))
    one = seer(small)
    assert finish(one, looking(RED)).text != finish(one, looking(BLUE)).text
    with pytest.raises(ModelError, match="the 289 tokens of a picture at once, and 256") as caught:
        finish(seer(large), looking(RED))
    assert "`devchat config set local.batch_tokens 289`" in (caught.value.hint or "")
    assert finish(seer(large, batch_tokens=289), looking(RED)).usage.prompt_tokens > 289


@pytest.mark.engine
def test_a_build_that_sees_nothing_says_so(
    seer: Seer, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    monkeypatch.setenv("MTMD_CPP_LIB", str(home))
    backend = seer()
    with pytest.raises(ModelError, match="was built without libmtmd") as caught:
        finish(backend, looking(RED))
    assert "CMAKE_ARGS=-DLLAVA_BUILD=ON pip install" in (caught.value.hint or "")
    (home / "libmtmd.so").write_bytes(b"not a library")
    with pytest.raises(ModelError, match="libmtmd can't be loaded"):
        finish(backend, looking(RED))
    assert finish(backend, ask("Hi")).text


@pytest.mark.engine
def test_a_model_without_a_projector_refuses_pictures(shared: Backend) -> None:
    assert not shared.accepts_images
    with pytest.raises(BackendError, match="can't look at pictures: no projector"):
        finish(shared, looking(RED))
