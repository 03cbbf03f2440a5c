"""The remote backend against a service that behaves, in all the ways in which services do."""

from __future__ import annotations

import base64
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from devchat.backends import Backend
from devchat.errors import BackendError, RefusedError, SettingsError
from devchat.settings import Settings
from devchat.types import Chunk, Completion, Image, Message, Options, Request, Text, Usage
from tests.fakes.service import (
    Reply,
    Script,
    Seen,
    Service,
    delta,
    event,
    open_at,
    plain,
    refused,
    said,
    streamed,
)

HELLO = Request((Message.of("system", "Be brief"), Message.of("user", "Say hello")))


def ask(backend: Backend, request: Request = HELLO) -> tuple[list[Chunk], Completion]:
    *chunks, completion = backend.stream(request)
    assert isinstance(completion, Completion)
    return [chunk for chunk in chunks if isinstance(chunk, Chunk)], completion


def ask_once(
    script: Script, settings: Settings, request: Request = HELLO, **fields: Any
) -> tuple[list[Chunk], Completion, list[Any]]:
    with Service(script) as service:
        backend = open_at(service.url, settings, **fields)
        chunks, completion = ask(backend, request)
        backend.close()
    return chunks, completion, service.bodies


def test_streams_an_answer_with_its_usage(settings: Settings) -> None:
    usage = {
        "prompt_tokens": 9,
        "completion_tokens": 2,
        "prompt_tokens_details": {"cached_tokens": 4},
    }
    chunks, completion, bodies = ask_once([said("Hel", "lo", usage=usage)], settings)
    assert chunks == [Chunk("text", "Hel"), Chunk("text", "lo")]
    assert completion == Completion("Hello", "", Usage(9, 2, 4), "stop", "fake:bright-1")
    assert bodies == [
        {
            "model": "bright-1",
            "messages": [
                {"role": "system", "content": "Be brief"},
                {"role": "user", "content": "Say hello"},
            ],
            "stream": True,
            "stream_options": {"include_usage": True},
        }
    ]


def test_options_and_pictures_are_sent(settings: Settings) -> None:
    picture = Image("shot.png", "image/png", b"\x89PNG")
    request = Request(
        (Message("user", (Text("What is \udc80 this?"), picture)),),
        Options(temperature=0.5, max_tokens=5, stop=("END",), seed=7),
    )
    _, _, (body,) = ask_once([said("A dog")], settings, request, images=True)
    assert body["messages"][0]["content"] == [
        {"type": "text", "text": "What is \ufffd this?"},
        {
            "type": "image_url",
            "image_url": {"url": "data:image/png;base64," + base64.b64encode(b"\x89PNG").decode()},
        },
    ]
    sent = {name: body[name] for name in ("temperature", "max_tokens", "stop", "seed")}
    assert sent == {"temperature": 0.5, "max_tokens": 5, "stop": ["END"], "seed": 7}


@pytest.mark.parametrize(
    "parts",
    [
        [delta(reasoning_content="why"), delta(content="so")],
        [delta(reasoning="why"), delta(content="so")],
        [delta(reasoning="why", reasoning_content="why", content=""), delta(content="so")],
        [delta(content="<thi"), delta(content="nk>\nwhy</think>\n\ns"), delta(content="o")],
        [delta(reasoning_content="why"), delta(refusal="so")],
        [delta(reasoning_content="why"), delta(content=[{"type": "text", "text": "so"}, 1])],
        [b": comment\n\n", event(choices=[1]), event(choices={}), b"data: 3\n\n", delta(content=4)]
        + [event(choices=[{"delta": 5}]), delta(reasoning="why"), delta(content="so")],
    ],
)
def test_reasoning_is_kept_apart(settings: Settings, parts: list[bytes]) -> None:
    chunks, completion, _ = ask_once([streamed(*parts, delta("stop"))], settings)
    assert (completion.reasoning, completion.text) == ("why", "so")
    for kind, text in (("reasoning", "why"), ("text", "so")):
        assert "".join(chunk.text for chunk in chunks if chunk.kind == kind) == text


def test_an_answer_that_ends_like_a_tag_is_whole(settings: Settings) -> None:
    assert ask_once([said("<", "thi")], settings)[1].text == "<thi"


@pytest.mark.parametrize(
    ("reason", "ours"),
    [("stop", "stop"), ("length", "length"), ("content_filter", "filter"), ("eos", "stop")],
)
def test_finish_reasons_are_translated(settings: Settings, reason: str, ours: str) -> None:
    assert ask_once([said("x", reason=reason)], settings)[1].finish_reason == ours


@pytest.mark.parametrize("usage", [None, {"prompt_tokens": -1}, {"prompt_tokens": "7"}, {}])
def test_usage_that_is_not_reported_is_estimated(settings: Settings, usage: Any) -> None:
    completion = ask_once([said("Hello", usage=usage)], settings)[1]
    assert not completion.usage.exact
    assert completion.usage.prompt_tokens > 4 and completion.usage.completion_tokens >= 1


def test_a_service_that_does_not_stream_is_understood(settings: Settings) -> None:
    answer = {
        "choices": [{"message": {"content": "Hello"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 5, "completion_tokens": 1, "prompt_cache_hit_tokens": 3},
    }
    chunks, completion, _ = ask_once([plain(answer)], settings)
    assert chunks == [Chunk("text", "Hello")]
    assert completion.usage == Usage(5, 1, 3)


@pytest.mark.parametrize(
    ("field", "message", "options", "change", "note"),
    [
        ("stream_options", "Unknown field stream_options", Options(), {"stream_options": None}, ""),
        (
            "max_tokens",
            "Use 'max_completion_tokens' instead",
            Options(max_tokens=9),
            {"max_tokens": None, "max_completion_tokens": 9},
            "",
        ),
        (
            "max_tokens",
            "Unsupported parameter: max_tokens",
            Options(max_tokens=9),
            {"max_tokens": None, "max_completion_tokens": 9},
            "",
        ),
        (
            "temperature",
            "'temperature' does not support 0.2",
            Options(temperature=0.2),
            {"temperature": None},
            "`bright-1` takes no `temperature`: asked without",
        ),
        ("seed", "extra: seed", Options(seed=1), {"seed": None}, "`bright-1` takes no `seed`"),
    ],
)
def test_what_a_service_refuses_is_learnt_once(
    settings: Settings,
    field: str,
    message: str,
    options: Options,
    change: Mapping[str, Any],
    note: str,
) -> None:
    def script(seen: Seen) -> Reply:
        return refused(422, message) if field in seen.body else said("ok")

    request = Request(HELLO.messages, options)
    with Service(script) as service:
        backend = open_at(service.url, settings)
        first, _ = ask(backend, request)
        second, _ = ask(backend, request)
        backend.close()
    refused_body, accepted, again = service.bodies
    assert {**refused_body, **change} == {**dict.fromkeys(change), **accepted}
    assert again == accepted
    notes = [chunk.text for chunk in first if chunk.kind == "note"]
    assert note in "".join(notes) and len(notes) == bool(note)
    assert all(chunk.kind == "text" for chunk in second)


def test_a_key_is_sent_and_nothing_that_others_set(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org")
    monkeypatch.setenv("OPENAI_API_KEY", "not-this-one")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "x-secret: 1")
    environ = {"FAKE_API_KEY": "sk-123", "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
    with Service([said("ok")]) as service:
        for key in ("fake", ""):
            backend = open_at(service.url, settings, environ, key=key)
            ask(backend)
            backend.close()
    with_key, without = (seen.headers for seen in service.requests)
    assert with_key["authorization"] == "Bearer sk-123"
    assert "authorization" not in without
    known = {"accept", "accept-encoding", "connection", "content-length", "content-type", "host"}
    assert set(without) == known | {"user-agent"}


@pytest.mark.parametrize(
    ("value", "error", "said_"),
    [
        (None, BackendError, "no key for `fake` is set"),
        ("sk 123", SettingsError, "a character that no key has"),
        ("ключ", SettingsError, "a character that no key has"),
    ],
)
def test_a_key_that_can_not_be_used_is_said_at_once(
    settings: Settings, value: str | None, error: type[BackendError], said_: str
) -> None:
    environ = {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
    environ |= {"FAKE_API_KEY": value} if value else {}
    with pytest.raises(error, match=said_) as caught:
        open_at("https://api.example.com/v1", settings, environ, key="fake")
    assert "FAKE_API_KEY" in caught.value.hint
    assert "sk 123" not in caught.value.message + caught.value.hint


@pytest.mark.parametrize(
    ("url", "location"),
    [
        ("https://api.example.com/v1", "api.example.com"),
        ("http://localhost:11434/v1", "this machine (localhost:11434)"),
        ("http://[::1]:80/v1", "this machine (::1:80)"),
        ("http://localhost/v1", "this machine (localhost)"),
        ("http://127.example.com:1/v1", "127.example.com"),
        ("http://10.0.0.1:1/v1", "10.0.0.1"),
    ],
)
def test_says_where_it_is(settings: Settings, url: str, location: str) -> None:
    backend = open_at(url, settings, context_tokens=123, tier="small", images=True)
    assert (backend.name, backend.location) == ("fake:bright-1", location)
    assert (backend.context_tokens, backend.tier, backend.accepts_images) == (123, "small", True)
    assert not backend.exact_count
    backend.close()


@pytest.mark.parametrize("url", ["", "localhost:11434", "ftp://x/v1", "http://[::1", "http://x:y/"])
def test_a_base_url_that_is_none(settings: Settings, url: str) -> None:
    with pytest.raises(SettingsError, match="is no web address"):
        open_at(url, settings)


@pytest.mark.parametrize(
    "url", ["https://me:secret@a.example/v1", "htps://me:secret@a.example", "https://me:secret/@a"]
)
def test_a_base_url_with_a_password(settings: Settings, url: str) -> None:
    with pytest.raises(SettingsError, match="has a user name or password in it") as caught:
        open_at(url, settings)
    assert "secret" not in str(caught.value)


def test_many_are_answered_in_parallel_and_errors_are_values(settings: Settings) -> None:
    def script(seen: Seen) -> Reply:
        text = seen.body["messages"][0]["content"]
        return refused(403, "not this") if text == "3" else said(text)

    requests = [Request((Message.of("user", str(number)),)) for number in range(20)]
    with Service(script) as service:
        backend = open_at(service.url, settings)
        results = dict(backend.complete_many(requests))
        assert list(backend.complete_many([])) == []
        backend.close()
    assert isinstance(results.pop(3), RefusedError)
    texts = {
        index: result.text for index, result in results.items() if isinstance(result, Completion)
    }
    assert texts == {number: str(number) for number in range(20) if number != 3}


def test_many_can_be_abandoned(settings: Settings) -> None:
    slow = streamed(*[delta(content="x ")] * 200, delta("stop"), pause=0.02)

    def script(seen: Seen) -> Reply:
        return said("fast") if seen.body["messages"][0]["content"] == "0" else slow

    requests = [Request((Message.of("user", str(number)),)) for number in range(30)]
    with Service(script) as service:
        backend = open_at(service.url, settings)
        results = backend.complete_many(requests)
        assert next(results)[0] == 0
        results.close()  # type: ignore[attr-defined]
        assert service.dropped.wait(30)
        backend.close()
    assert len(service.requests) < 30


def test_who_asks_while_another_closes_gets_an_error(settings: Settings) -> None:
    with Service([said("once")]) as service:
        backend = open_at(service.url, settings)
        list(backend.stream(HELLO))
        backend.close()
        with pytest.raises(BackendError, match="closed here"):
            list(backend.stream(HELLO))
    assert len(service.requests) == 1


def test_closing_an_answer_closes_the_connection(settings: Settings) -> None:
    with Service([streamed(*[delta(content="x ")] * 500, pause=0.02)]) as service:
        backend = open_at(service.url, settings)
        answer = backend.stream(HELLO)
        assert next(answer) == Chunk("text", "x ")
        answer.close()
        assert service.dropped.wait(30)
        backend.close()


def test_opening_imports_nothing_heavy(home: Path) -> None:
    code = """
import sys
from pathlib import Path
from devchat.backends import open_backend
from devchat.models import RemoteModel
from devchat.settings import Paths, Provider, Settings
nowhere = Path("nowhere")
provider = Provider("fake", "http://localhost:1/v1")
settings = Settings(Paths(*[nowhere] * 7))
open_backend(RemoteModel("fake:m", provider, "m"), settings, {}).count("a word")
heavy = {"openai", "httpx2", "ssl", "asyncio", "jsonschema", "logging", "tempfile"}
print(sorted(heavy & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
