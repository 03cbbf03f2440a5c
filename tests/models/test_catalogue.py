"""The list of models: files on this machine, aliases, and services near and far."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from devchat.models.catalogue import Listed, describe, list_models
from devchat.models.gguf import Header
from devchat.models.services import look_at
from devchat.settings import Provider, Settings
from tests.fakes.service import Reply, Service, plain
from tests.models.files import STRING, U32, gguf

NAMES = plain({"object": "list", "data": [{"id": "phi"}, {"id": "gemma"}]})


def listed(settings: Settings, environ: dict[str, str]) -> dict[str, Listed]:
    return {one.spec: one for one in list_models(settings, environ)}


@contextmanager
def raw_server(answer: bytes) -> Iterator[str]:
    """Serve bytes that are no HTTP; nothing at all keeps the line open."""
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(answer)
                if not answer:
                    done.wait(30)

        thread = threading.Thread(target=serve)
        thread.start()
        yield "http://{}:{}/v1".format(*server.getsockname())
        done.set()
        thread.join()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_files(settings: Settings, environ: dict[str, str]) -> None:
    folder = settings.paths.models
    folder.mkdir(parents=True)
    files = {
        "good": gguf(),
        "base": gguf({"tokenizer.chat_template": None, "general.size_label": (STRING, "30B")}),
        "cut": gguf()[:-9],
        "web": b"<html>",
        "clip": gguf({"general.architecture": (STRING, "clip")}),
        "part-00001-of-00002": gguf({"split.count": (U32, 2)}),
        "part-00002-of-00002": gguf(),
    }
    for name, body in files.items():
        (folder / f"{name}.gguf").write_bytes(body)
    found = listed(settings, environ)
    assert found["tiny"].description == "SmolLM2-135M-Instruct 135M Q4_1, window 8,192"
    assert found["good"].description == "Test Model 7B Q4_K_M, window 4,096"
    assert (found["good"].tier, found["good"].usable, found["good"].why) == ("small", True, "")
    assert found["base"].description.endswith("no chat template")
    assert (found["base"].tier, found["base"].usable) == ("large", True)
    assert "truncated" in found["cut"].why
    assert "a web page" in found["web"].why
    assert found["clip"].why.endswith("is a picture projector, not a chat model")
    assert found["part-00001-of-00002"].usable
    assert "part-00002-of-00002" not in found


def test_a_model_without_words_for_itself() -> None:
    header = Header(3, "x", "evil\x1b[2J", 512, 1, "", "", 100, 1_540_000_000, True)
    assert describe(header) == "evil␛[2J 1.5B, window 512"


def test_what_is_not_installed(
    settings: Settings, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    settings.paths.models.mkdir(parents=True)
    (settings.paths.models / "good.gguf").write_bytes(gguf())
    monkeypatch.setattr(sys, "path", [str(home)])
    found = listed(settings, environ)
    assert "devchat-cli[tiny]" in found["tiny"].why
    assert "devchat-cli[local]" in found["good"].why


def test_services_on_this_machine_are_asked(settings: Settings, environ: dict[str, str]) -> None:
    with Service([NAMES]) as service:
        near = Provider("near", service.url, tier="small")
        gone = Provider("ollama", f"http://localhost:{free_port()}/v1")
        aliases = {"p": "near:phi", "missing": "near:llama", "deep": "p"}
        providers = {"near": near, "ollama": gone}
        found = listed(replace(settings, providers=providers, aliases=aliases), environ)
    assert [spec for spec in found if spec.startswith("near")] == ["near:gemma", "near:phi"]
    here = f"this machine ({service.address})"
    assert found["near:phi"] == Listed("near:phi", "served by near", here, "small", True)
    assert found["p"] == Listed("p", "alias of near:phi", here, "small", True)
    assert found["deep"].description == "alias of near:phi"
    assert found["missing"].why == "near has no model `llama`"
    assert "nothing answers at localhost" in found["ollama:MODEL"].why
    assert "`ollama serve`" in found["ollama:MODEL"].why
    assert [(seen.method, seen.path) for seen in service.requests] == [("GET", "/v1/models")]


def test_services_far_away_are_judged_by_their_keys(
    settings: Settings, environ: dict[str, str]
) -> None:
    far = Provider("far", "https://far.invalid/v1", "far")
    other = Provider("other", "https://other.invalid/v1", "other")
    settings = replace(settings, providers={"far": far, "other": other}, aliases={"f": "far:x"})
    found = listed(settings, environ | {"FAR_API_KEY": "k-123456"})
    assert found["far:MODEL"].usable
    assert found["f"] == Listed("f", "alias of far:x", "far.invalid", "large", True)
    assert found["other:MODEL"].why.startswith("no key: set `OTHER_API_KEY`")


def test_an_unsafe_file_of_keys_is_a_reason(settings: Settings, environ: dict[str, str]) -> None:
    settings.paths.keys_file.parent.mkdir(parents=True)
    settings.paths.keys_file.write_text('far = "k-123456"\n')
    settings.paths.keys_file.chmod(0o644)
    far = Provider("far", "https://far.invalid/v1", "far")
    assert "chmod 600" in look_at(far, environ, settings.paths).why


def test_aliases_of_files_and_of_nothing(
    settings: Settings, environ: dict[str, str], home: Path
) -> None:
    (home / "a.gguf").write_bytes(gguf())
    (home / "b.gguf").write_bytes(b"<html>")
    aliases = {
        "a": str(home / "a.gguf"),
        "b": str(home / "b.gguf"),
        "small": "tiny",
        "s": "scripted:/x",
        "no": "nowhere",
    }
    found = listed(replace(settings, aliases=aliases), environ)
    assert (found["a"].usable, found["a"].tier) == (True, "small")
    assert "a web page" in found["b"].why
    assert (found["small"].usable, found["small"].tier) == (True, "tiny")
    assert found["s"].usable
    assert "no model named `nowhere`" in found["no"].why


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (Reply(401), "it wants a key"),
        (Reply(404), "no OpenAI-compatible service (status 404)"),
        (plain("<html>"), "no OpenAI-compatible service (status 200)"),
        (plain({"data": [{}]}), "no OpenAI-compatible service (status 200)"),
        (plain([]), "no OpenAI-compatible service (status 200)"),
        (plain("[" * 100_000), "no OpenAI-compatible service (status 200)"),
        (plain({"data": []}), ""),
        (Reply(200, {}, [b"{"] * 9, pause=0.2), ""),
    ],
)
def test_odd_answers(reply: Reply, why: str, settings: Settings, environ: dict[str, str]) -> None:
    with Service([reply]) as service:
        state = look_at(Provider("near", service.url), environ, settings.paths)
    assert why in state.why
    assert (state.usable, state.models, state.called) == (not why, (), True)


def test_a_key_goes_to_a_service_that_has_one(settings: Settings, environ: dict[str, str]) -> None:
    with Service([NAMES]) as service:
        near = Provider("near", service.url, "near")
        state = look_at(near, environ | {"NEAR_API_KEY": "k-123456"}, settings.paths)
    assert state.models == ("gemma", "phi")
    assert service.requests[0].headers["authorization"] == "Bearer k-123456"


@pytest.mark.parametrize(("answer", "why"), [(b"220 smtp\r\n", "does not speak HTTP"), (b"", "")])
def test_other_servers(
    answer: bytes, why: str, settings: Settings, environ: dict[str, str]
) -> None:
    with raw_server(answer) as url:
        state = look_at(Provider("near", url), environ, settings.paths)
    assert why in state.why
    assert state.usable is not bool(why)


@pytest.mark.parametrize("url", ["", "ftp://x/v1", "http://", "http://[::1/v1", "http://h:no/"])
def test_addresses_that_are_none(url: str, settings: Settings, environ: dict[str, str]) -> None:
    state = look_at(Provider("near", url), environ, settings.paths)
    assert "no web address" in state.why
    assert not state.usable


@pytest.mark.parametrize("host", ["localhost", "me.localhost", "127.9.9.9", "[::1]"])
def test_loopback(host: str, settings: Settings, environ: dict[str, str]) -> None:
    url = f"https://user:word@{host}:{free_port()}/v1"
    state = look_at(Provider("near", url), environ, settings.paths)
    assert state.called
    assert "word" not in state.location + state.why
