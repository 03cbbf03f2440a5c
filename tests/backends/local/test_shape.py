"""How a model is run, and why so: decisions without a model."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from devchat.backends.local import open_local
from devchat.backends.local.build import LlamaBuild
from devchat.backends.local.choosing import describe_cache, describe_choices
from devchat.backends.local.devices import Device
from devchat.backends.local.facts import Facts, look_at, remember
from devchat.backends.local.fit import layers_that_fit, physical_cores
from devchat.backends.local.kept import head_of
from devchat.backends.local.shape import Shape, Threads, Wishes, shape_of, wishes_of
from devchat.backends.local.shelf import shelf_in
from devchat.backends.local.worth import Wanted
from devchat.errors import ModelError, SettingsError
from devchat.models import LocalModel
from devchat.settings import Local, Settings
from tests.backends.local.conftest import with_local

THREADS = Threads(4, 8)
GPU = LlamaBuild("0.3.36", "1.9", True, "CUDA", (Device("H100", 80 << 30, 80 << 30),))
NO_GPU = LlamaBuild("0.3.36", "1.9", False, "CPU")


@pytest.mark.parametrize(
    ("wishes", "layers", "shape"),
    [
        (Wishes(), 0, Shape("off", "f16", 512, 256, 4, 8)),
        (Wishes(), -1, Shape("auto", "f16", 512, 512, 4, 8)),
        (Wishes(), 5, Shape("auto", "f16", 512, 512, 4, 8)),
        (Wishes(kv_type="q8_0"), 0, Shape("on", "q8_0", 512, 256, 4, 8)),
        (Wishes(kv_type="q8_0"), 9, Shape("on", "q8_0", 512, 512, 4, 8)),
        (Wishes(flash_attention="on"), 0, Shape("on", "f16", 512, 256, 4, 8)),
        (Wishes(flash_attention="off"), -1, Shape("off", "f16", 512, 512, 4, 8)),
        (Wishes(threads=3, batch_tokens=64), 0, Shape("off", "f16", 64, 64, 3, 3)),
        (Wishes(batch_tokens=1), -1, Shape("auto", "f16", 32, 32, 4, 8)),
    ],
)
def test_shapes(wishes: Wishes, layers: int, shape: Shape) -> None:
    assert shape_of(wishes, layers, THREADS) == shape


def test_what_the_user_set_is_what_is_wished() -> None:
    local = Local(threads=3, batch_tokens=64, flash_attention="on", kv_type="q8_0", mmap="off")
    assert wishes_of(local) == Wishes(3, 64, "on", "q8_0", "off")
    assert wishes_of(Local()) == Wishes()


def test_a_kv_type_that_needs_what_is_turned_off_is_refused(
    settings: Settings, embedded: LocalModel
) -> None:
    wrong = with_local(settings, kv_type="q8_0", flash_attention="off")
    with pytest.raises(SettingsError, match="`q8_0`.*`local.flash_attention`") as caught:
        open_local(embedded, wrong)
    assert "`devchat config unset local.flash_attention`" in caught.value.hint


@pytest.mark.parametrize(
    ("layers", "size", "free", "fitting"),
    [
        (32, 33 << 30, 80 << 30, -1),
        (32, 33 << 30, 20 << 30, 18),
        (32, 33 << 30, 600 << 20, 0),
        (32, 33 << 20, 600 << 20, -1),
        (0, 0, 600 << 20, -1),
    ],
)
def test_layers_that_fit(layers: int, size: int, free: int, fitting: int) -> None:
    assert layers_that_fit(layers, size, free) == fitting


def shown(
    model: LocalModel, settings: Settings, build: LlamaBuild = NO_GPU
) -> dict[str, tuple[str, str]]:
    choices = describe_choices(model, settings, build)
    return {one.name: (one.value, one.reason) for one in choices}


def test_each_choice_has_its_reason(settings: Settings, embedded: LocalModel) -> None:
    cores = physical_cores()
    found = shown(embedded, settings)
    assert found["threads"] == (
        f"{cores} for answers, {cores} for prompts",
        "one for each physical core",
    )
    assert found["GPU layers"] == ("none", "this build of llama.cpp has no GPU support")
    assert found["flash attention"][0] == "off"
    assert found["KV type"] == ("f16", "exact")
    assert found["window"][0] == "up to 8,192 tokens"
    assert found["mmap"] == ("auto", "llama.cpp's choice")
    assert list(found) == [
        "window", "GPU layers", "threads", "batch", "flash attention", "KV type", "mmap",
    ]  # fmt: skip


def test_what_was_set_says_so(settings: Settings, embedded: LocalModel) -> None:
    changes = {"batch_tokens": 64, "flash_attention": "on", "kv_type": "q8_0", "mmap": "off"}
    local = with_local(settings, threads=3, context_tokens=999, gpu_layers=0, **changes)
    found = shown(embedded, local, GPU)
    assert found["GPU layers"] == ("none", "set by local.gpu_layers")
    assert found["threads"] == ("3 for answers, 3 for prompts", "set by local.threads")
    assert found["window"][0] == "up to 999 tokens"
    for name, value, key in (
        ("batch", "64 of 64 tokens", "batch_tokens"),
        ("flash attention", "on", "flash_attention"),
        ("KV type", "q8_0", "kv_type"),
        ("mmap", "off", "mmap"),
    ):
        assert found[name] == (value, f"set by local.{key}")


def test_measured_threads_are_used_on_as_many_cores(
    settings: Settings, embedded: LocalModel
) -> None:
    file, cores = look_at(str(embedded.path.resolve())), physical_cores()
    remember(settings.paths.cache, file, Facts("abc", Threads(1, 2), Threads(cores, cores)))
    found = shown(embedded, settings)
    assert found["threads"] == ("1 for answers, 2 for prompts", "the quickest when measured")
    remember(settings.paths.cache, file, Facts("abc", Threads(1, 2), Threads(99, 99)))
    assert shown(embedded, settings)["threads"][1] == "one for each physical core"


@pytest.mark.parametrize(
    ("free", "wanted", "layers"),
    [(80 << 30, -1, "all"), (560 << 20, -1, "15 of 30"), (0, -1, "none"), (80 << 30, 7, "7 of 30")]
    + [(80 << 30, 99, "all"), (1 << 20, -1, "none")],
)
def test_gpu_layers_follow_its_memory(
    settings: Settings, embedded: LocalModel, free: int, wanted: int, layers: str
) -> None:
    gpu = dataclasses.replace(GPU, devices=(Device("it", free, free),))
    found = shown(embedded, with_local(settings, gpu_layers=wanted), gpu)
    assert found["GPU layers"][0] == layers
    assert found["flash attention"][0] == ("off" if layers == "none" else "auto")


def test_of_a_model_that_is_not_there_nothing_is_known(
    settings: Settings, embedded: LocalModel, home: Path
) -> None:
    lost = dataclasses.replace(embedded, path=home / "lost.gguf")
    assert look_at(str(lost.path)).stamp == ""
    with pytest.raises(ModelError, match=r"lost\.gguf"):
        shown(lost, settings, GPU)
    assert shown(lost, settings)["threads"][1] == "one for each physical core"


def test_the_cache_is_described(settings: Settings) -> None:
    assert describe_cache(settings) == (True, "0 files, 0 MB of at most 1,000 MB")
    assert describe_cache(with_local(settings, cache_bytes=0)) == (
        None,
        "off: set by local.cache_bytes",
    )
    state = bytes(2_000_000)
    shelf_in(settings.paths.cache, 1 << 30).write(
        head_of("k", "m", Wanted(1, (1,), 1, 1), state), state
    )
    assert describe_cache(settings) == (True, "1 file, 2 MB of at most 1,000 MB")


def test_a_cache_whose_folder_is_not_used_is_told(settings: Settings, home: Path) -> None:
    folder = shelf_in(settings.paths.cache, 0).folder
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    assert describe_cache(settings) == (False, "can't be used: it is not yours alone")
    folder.chmod(0o700)
    assert describe_cache(settings) == (True, "0 files, 0 MB of at most 1,000 MB")
    folder.rename(home / "elsewhere")
    folder.symlink_to(home / "elsewhere")
    assert describe_cache(settings) == (False, "can't be used: it is a link")
    folder.unlink()
    folder.touch()
    assert describe_cache(settings) == (False, "can't be used: not a directory")


def test_a_disk_that_fills_is_told(settings: Settings, full_disk: Path) -> None:
    paths = dataclasses.replace(settings.paths, cache=full_disk)
    works, said = describe_cache(dataclasses.replace(settings, paths=paths))
    if full_disk.is_dir():
        assert (works, said) == (False, "0 files, 0 MB of at most 0 MB: the disk is filling")
    else:
        assert works is not None


def test_a_disk_that_is_smaller_than_the_limit_is_told(settings: Settings) -> None:
    works, said = describe_cache(with_local(settings, cache_bytes=1 << 60))
    assert (works, said.endswith(": the disk is filling")) == (False, True)
