"""Which file beside a model is its projector."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from devchat.models.catalogue import list_models
from devchat.models.projector import find_projector
from devchat.models.resolve import open_file
from devchat.settings import Settings
from tests.models.files import STRING, gguf

SEES = "Qwen2.5-VL-3B-Instruct-Q4_K_M.gguf"


@pytest.mark.parametrize(
    ("model", "others", "found"),
    [
        (SEES, ["mmproj-Qwen2.5-VL-3B-Instruct-f16.gguf"], 0),
        (SEES, ["Qwen2.5-VL-3B-Instruct-mmproj-BF16.gguf", "other.gguf"], 0),
        (SEES, ["qwen2.5-vl-3b-instruct.mmproj.gguf"], 0),
        (SEES, ["mmproj-Qwen2.5-VL-7B-Instruct-f16.gguf"], None),
        (SEES, ["mmproj.gguf"], 0),
        (SEES, ["mmproj-model-f16.gguf"], 0),
        (SEES, ["mmproj-F16.gguf", "mmproj-Qwen2.5-VL-3B-Instruct-Q8_0.gguf"], 1),
        (SEES, ["mmproj.gguf", "other.gguf"], None),
        (SEES, ["Qwen2.5-VL-3B-Instruct-IQ3_XXS.gguf", "mmproj-F16.gguf"], 1),
        ("x-UD-Q4_K_XL-00001-of-00002.gguf", ["x-UD-Q4_K_XL-00002-of-00002.gguf"], None),
        ("x-Q8_0-00001-of-00002.gguf", ["x-Q8_0-00002-of-00002.gguf", "mmproj-x.gguf"], 1),
        ("x.gguf", [], None),
    ],
)
def test_its_name_decides(model: str, others: list[str], found: int | None, home: Path) -> None:
    for name in (model, *others):
        (home / name).touch()
    assert find_projector(home / model) == (None if found is None else home / others[found])


def test_a_model_is_opened_with_it(home: Path) -> None:
    (home / "eye.gguf").write_bytes(gguf())
    assert open_file("eye", home / "eye.gguf").projector is None
    (home / "mmproj-eye-f16.gguf").touch()
    assert open_file("eye", home / "eye.gguf").projector == home / "mmproj-eye-f16.gguf"


def test_the_list_says_which_models_see(settings: Settings) -> None:
    quiet = replace(settings, providers={})
    folder = settings.paths.models
    folder.mkdir(parents=True)
    for name in ("eye.gguf", "blind.gguf"):
        (folder / name).write_bytes(gguf())
    (folder / "mmproj-eye-f16.gguf").write_bytes(gguf({"general.architecture": (STRING, "clip")}))
    listed = {one.spec: one for one in list_models(quiet, {})}
    told = [listed[name].description.endswith(", sees pictures") for name in ("eye", "blind")]
    assert told == [True, False]
    assert "a picture projector" in listed["mmproj-eye-f16"].why
