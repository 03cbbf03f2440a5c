"""A build that offloads, as far as a machine without a GPU can play it.

In processes of their own: llama.cpp is never loaded into the one that tests.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.backends.local.conftest import Gguf

PROGRAM = """
import sys
from devchat.backends.local.library import Library, LoadError
from devchat.backends.local.loading import Loader
from devchat.errors import BackendError

library = Library()
library.offloads = sys.argv[2] == "offloads"
loader = Loader("it", sys.argv[1].encode(), int(sys.argv[3]), library, lambda: None)
try:
    weights = loader.load()
    print(loader.note(weights) or "as wanted")
    for _ in range(9):
        weights = loader.retreat(weights, LoadError("no room"))
        print(loader.note(weights))
except BackendError as error:
    print(error.message)
"""


def load(path: Path, *words: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(path), *words],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


@pytest.mark.measured
@pytest.mark.parametrize(("wanted", "tries"), [("-1", (15, 7, 3, 1, 0)), ("4", (2, 1, 0))])
def test_a_retreat_goes_step_by_step_and_says_so(
    embedded_path: Path, wanted: str, tries: tuple[int, ...]
) -> None:
    first, *notes, last = load(embedded_path, "offloads", wanted)
    assert first == "as wanted"
    said = "the GPU could not hold the model: {} of 30 layers are on it, the rest runs on the "
    assert notes == [said.format(layers) + "processor" for layers in tries][: len(notes)]
    assert len(notes) == len(tries)
    assert last == "llama.cpp could not make a window for `it`: no room"


@pytest.mark.measured
def test_without_a_gpu_there_is_nothing_to_retreat_from(embedded_path: Path) -> None:
    first, last = load(embedded_path, "no gpu", "-1")
    assert first == "as wanted"
    assert "no room" in last


@pytest.mark.measured
def test_a_file_that_no_retreat_can_load(gguf: Gguf) -> None:
    (said,) = load(gguf.write(b"GGUF" + bytes(99), 103), "offloads", "-1")
    assert said.startswith("llama.cpp can't load `it`: ")


DEVICES = """
import sys
from devchat.backends.local.devices import devices
from devchat.backends.local.library import Library

library = Library()
print(devices(library.c))
(processor,) = devices(library.c, kinds=(0,))
print(bool(processor.name), 0 < processor.free <= processor.total)
"""


@pytest.mark.measured
def test_the_list_of_devices_is_read_from_the_library() -> None:
    command = [sys.executable, "-c", DEVICES]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    gpus, processor = done.stdout.splitlines()
    assert gpus.startswith("(")
    assert processor == "True True"
