"""Every fault of a service becomes one line that says what to do, and gives nothing away."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from devchat.errors import (
    BackendError,
    ContextError,
    DevchatError,
    ModelError,
    RefusedError,
    SettingsError,
    UnreachableError,
)
from devchat.settings import Remote, Settings
from devchat.types import Chunk, Completion, Message, Options, Request
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

HELLO = Request((Message.of("user", "Say hello"),))
KEY = "sk-very-secret-4711"
KEYED = {"FAKE_API_KEY": KEY, "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
MODELS = plain({"data": [{"id": "bright-1-mini"}, {"id": "dull"}, {"id": ""}, 3]})


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Settings that give up at the first fault."""
    return replace(settings, remote=Remote(timeout=20, retries=0))


def fail(script: Script, settings: Settings, **fields: Any) -> tuple[DevchatError, str]:
    """Ask and return the error, and the text that came before it."""
    text = ""
    with Service(script) as service:
        backend = open_at(service.url, settings, KEYED, **fields)
        with pytest.raises(DevchatError) as caught:
            for chunk in backend.stream(HELLO):
                assert isinstance(chunk, Chunk)
                text += chunk.text
        backend.close()
    shown = caught.value.message + caught.value.hint
    assert "\n" not in shown and "\x1b" not in shown and KEY not in shown
    assert len(shown) < 500
    return caught.value, text


def with_models(reply: Reply, models: Reply = MODELS) -> Callable[[Seen], Reply]:
    return lambda seen: models if seen.path == "/v1/models" else reply


NO_MODEL = refused(404, "The model `bright-1` does not exist", code="model_not_found")
TOO_LONG = (
    "This model's maximum context length is 8192 tokens. However, you requested 10,250 tokens "
    "(6250 in the messages, 4000 in the completion)."
)
TOO_MUCH = (
    "'max_tokens' is too large: 1024. This model's maximum context length is 4096 tokens and your "
    "request has 3500 input tokens (1024 > 4096 - 3500)."
)


@pytest.mark.parametrize(
    ("script", "kind", "message", "hint"),
    [
        ([refused(401, f"Bad key {KEY}")], RefusedError, "does not accept the key", "FAKE_API_KEY"),
        ([refused(403, f"no {KEY}")], RefusedError, "allow this: no [key]", "access to `bright-1`"),
        ([refused(402, "Insufficient Balance")], RefusedError, "no credit left", "billing"),
        (
            [refused(429, "You exceeded your current quota", code="insufficient_quota")],
            RefusedError,
            "no credit left: You exceeded",
            "billing",
        ),
        ([refused(429, "daily quota", retry_after="90")], RefusedError, "too many", "in 90 s"),
        ([refused(429, "Too many tokens, wait")], RefusedError, "too many", "again later"),
        ([refused(429, "slow down")], RefusedError, "too many requests: slow down", "again later"),
        ([refused(429, "", retry_after="7")], RefusedError, "too many requests", "again in 7 s"),
        ([refused(429, "", retry_after="x")], RefusedError, "too many requests", "again later"),
        (
            with_models(NO_MODEL),
            ModelError,
            "`fake` has no model `bright-1`",
            "did you mean `bright-1-mini`",
        ),
        (with_models(NO_MODEL, plain("{")), ModelError, "has no model", "service's own list"),
        (with_models(NO_MODEL, plain("[]")), ModelError, "has no model", "service's own list"),
        (
            with_models(refused(400, "Model Not Exist"), plain({"data": [{"id": "far"}]})),
            ModelError,
            "has no model",
            "it has `far`",
        ),
        (
            with_models(refused(404, "No endpoints found"), plain({"data": [{"id": "bright-1"}]})),
            RefusedError,
            "refused the request (404): No endpoints found",
            "--dry-run",
        ),
        ([plain({"detail": "Not Found"}, 404)], BackendError, "address (404): Not Found", "`/v1`"),
        ([refused(400, TOO_LONG)], ContextError, "10250 tokens, and its window holds 8192", "less"),
        ([refused(400, TOO_MUCH)], ContextError, "`bright-1`: its window holds 4096", "less"),
        ([refused(413, "too big")], ContextError, "too long for `bright-1`: too big", "less"),
        ([refused(400, "x", type="exceed_context_size_error")], ContextError, "too long", "less"),
        ([refused(500, "oops\n\x1b[2Jwiped. ")], BackendError, "(500): oops ␛[2Jwiped", "later"),
        ([refused(503, "o" * 9999)], BackendError, "ooo…", "later"),
        ([plain("", 502)], BackendError, "`fake` failed (502)", "later"),
        ([plain("<html>", 502, content_type="text/html")], BackendError, "failed (502)", "later"),
        ([refused(400, "n must be 1")], RefusedError, "(400): n must be 1", "--dry-run"),
        ([plain({"detail": [{"loc": ["n"]}]}, 422)], RefusedError, '(422): [{"loc"', "--dry-run"),
        ([plain("<html>", content_type="text/html")], BackendError, "a web page", "base_url"),
        ([plain("{bad")], BackendError, "invalid JSON", "base_url"),
        ([plain("[" * 99_999)], BackendError, "invalid JSON", "base_url"),
        ([plain("[]")], BackendError, "no JSON object", "base_url"),
        ([plain("{}")], BackendError, "no answer in it", "base_url"),
        ([plain({"choices": [1]})], BackendError, "no answer in it", "base_url"),
        ([plain({"error": {"message": "busy"}})], BackendError, "`fake` failed: busy", "later"),
        ([streamed(b"data: {\n\n")], BackendError, "invalid JSON", "base_url"),
        ([streamed(b"data: " + b"[" * 9_999 + b"\n\n")], BackendError, "invalid JSON", "base_url"),
        ([streamed()], BackendError, "no answer in it", "base_url"),
        ([streamed(event(error={"message": "x", "code": 429}))], RefusedError, "too many", "later"),
        ([streamed(event(error="overloaded"))], BackendError, "`fake` failed", "later"),
        ([Reply(500, parts=[b"oo"], cut=True)], UnreachableError, "failed", "check the network"),
        ([Reply(0)], UnreachableError, "failed: Server disconnected", "check the network"),
        ([Reply(cut=True)], UnreachableError, "failed", "check the network"),
    ],
)
def test_what_a_service_says_is_translated(
    settings: Settings, script: Script, kind: type[DevchatError], message: str, hint: str
) -> None:
    error, text = fail(script, settings, key="fake")
    assert type(error) is kind and not text
    assert message in error.message
    assert hint in error.hint


def test_an_empty_stream_is_asked_what_it_hides(settings: Settings) -> None:
    """As llama_cpp.server does: errors are shown only to those who don't stream."""

    def script(seen: Seen) -> Reply:
        return streamed() if seen.body["stream"] else refused(400, TOO_LONG)

    error, _ = fail(script, settings)
    assert isinstance(error, ContextError)


def test_a_key_is_asked_for_where_none_is_named(settings: Settings) -> None:
    error, _ = fail([refused(401, "Unauthorized")], settings)
    assert error.message == "`fake` wants a key"
    assert "devchat config set providers.fake.key fake" in error.hint


def test_ollama_can_fetch_a_model(settings: Settings) -> None:
    from devchat.backends.remote import open_remote
    from devchat.models import RemoteModel
    from devchat.settings import Provider

    with Service(with_models(NO_MODEL)) as service:
        model = RemoteModel("ollama:qwen3", Provider("ollama", service.url), "qwen3")
        backend = open_remote(model, settings, {})
        with pytest.raises(ModelError) as caught:
            list(backend.stream(HELLO))
        backend.close()
    assert "`ollama pull qwen3`; here are `bright-1-mini`, `dull`" in caught.value.hint


@pytest.mark.parametrize(
    "reply",
    [
        streamed(delta(content="It beg"), cut=True),
        streamed(delta(content="It beg")),
        streamed(delta(content="It beg"), delta("error")),
        streamed(delta(content="It beg"), b"data: {\n\n"),
        streamed(delta(content="It beg"), delta(content="\ud800"), b"data: \xff\n\n"),
    ],
)
def test_a_broken_answer_is_called_incomplete(settings: Settings, reply: Reply) -> None:
    error, text = fail([reply], replace(settings, remote=Remote(20, 5)))
    assert text.startswith("It beg")
    assert "incomplete" in error.message and error.hint == "ask again"


def test_a_service_that_stops_talking(settings: Settings) -> None:
    settings = replace(settings, remote=Remote(timeout=0.3, retries=0))
    silent = streamed(delta(content="It beg"), delta(content="!"), pause=1.5)
    error, text = fail([silent], settings)
    assert text == "It beg" and "incomplete" in error.message


def test_a_service_that_never_talks(settings: Settings) -> None:
    settings = replace(settings, remote=Remote(timeout=0.3, retries=0))
    with socket.create_server(("127.0.0.1", 0)) as server:
        backend = open_at(f"http://127.0.0.1:{server.getsockname()[1]}/v1", settings)
        with pytest.raises(UnreachableError, match="said nothing for 0.3 s") as caught:
            list(backend.stream(HELLO))
        backend.close()
    assert "remote.timeout" in caught.value.hint


def slow(wait: str) -> Reply:
    return refused(429, "slow down", retry_after=wait)


@pytest.mark.parametrize(
    ("replies", "notes"),
    [
        ([slow("0"), said("ok")], 0),
        ([slow(formatdate(time.time() - 5)), refused(500, "oops"), said("ok")], 0),
        ([refused(503, "loading"), slow("0.1"), said("ok")], 0),
        ([slow("2"), said("ok")], 1),
        ([Reply(0), said("ok")], 0),
        ([Reply(cut=True), said("ok")], None),
    ],
)
def test_a_busy_service_is_asked_again(
    settings: Settings, replies: list[Reply], notes: int | None
) -> None:
    settings = replace(settings, remote=Remote(20, 2))
    with Service(replies) as service:
        backend = open_at(service.url, settings)
        if notes is None:  # an answer that was accepted is never asked for twice
            with pytest.raises(UnreachableError):
                list(backend.stream(HELLO))
            assert len(service.requests) == 1
        else:
            *chunks, completion = backend.stream(HELLO)
            assert isinstance(completion, Completion) and completion.text == "ok"
            assert len(service.requests) == len(replies)
            assert [type(chunk) for chunk in chunks] == [Chunk] * (notes + 1)
        backend.close()


@pytest.mark.parametrize(
    ("reply", "asked"),
    [
        (refused(500, "oops"), 2),
        (slow("3600"), 1),
        (refused(429, "quota exceeded"), 1),
        (refused(401, "no"), 1),
        (refused(400, "no"), 1),
    ],
)
def test_retries_are_bounded_and_only_where_waiting_helps(
    settings: Settings, reply: Reply, asked: int
) -> None:
    with Service([reply]) as service:
        backend = open_at(service.url, replace(settings, remote=Remote(20, 1)))
        with pytest.raises(BackendError):
            list(backend.stream(HELLO))
        backend.close()
    assert len(service.requests) == asked


def test_as_many_retries_as_are_wanted(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    with Service([refused(503, "no")]) as service:
        backend = open_at(service.url, replace(settings, remote=Remote(20, 10)))
        with pytest.raises(BackendError):
            list(backend.stream(HELLO))
        backend.close()
    assert (len(service.requests), max(waited)) == (11, 60.0)


def test_a_limit_that_is_too_large_is_not_renamed(settings: Settings) -> None:
    request = Request(HELLO.messages, Options(max_tokens=10**6))
    with Service([refused(400, "max_tokens is too large: 1000000")]) as service:
        backend = open_at(service.url, settings)
        with pytest.raises(RefusedError, match="max_tokens is too large"):
            list(backend.stream(request))
        backend.close()
    assert len(service.requests) == 1


def test_a_redirect_is_shown_and_not_followed(settings: Settings) -> None:
    with Service([said("stolen")]) as other:
        moved = Reply(307, {"location": f"{other.url}/chat/completions"})
        error, _ = fail([moved], settings, key="fake")
        assert f"sends us elsewhere: {other.url}" in error.message
    assert other.requests == []


def test_nothing_listens(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    backend = open_at(f"http://localhost:{port}/v1", settings)
    with pytest.raises(
        UnreachableError, match=f"nothing answers at this machine .*{port}"
    ) as caught:
        list(backend.stream(HELLO))
    assert "ollama serve" in caught.value.hint
    backend.close()


def test_an_unknown_host(settings: Settings) -> None:
    backend = open_at("https://no-such-host.invalid/v1", settings)
    with pytest.raises(UnreachableError, match="host name of no-such-host.invalid is not known"):
        list(backend.stream(HELLO))
    backend.close()


def test_a_proxy_that_refuses(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    with Service([Reply(407)]) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://{proxy.address}")
        backend = open_at("https://api.example.invalid/v1", settings)
        with pytest.raises(UnreachableError, match="proxy did not let us through") as caught:
            list(backend.stream(HELLO))
        backend.close()
    assert "NO_PROXY" in caught.value.hint


def test_a_proxy_that_is_none(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "gopher://x")
    backend = open_at("https://api.example.invalid/v1", settings)
    with pytest.raises(SettingsError, match="can't call") as caught:
        list(backend.stream(HELLO))
    assert "ALL_PROXY" in caught.value.hint
    backend.close()


def test_this_machine_is_never_asked_through_a_proxy(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Service([said("spied")]) as proxy, Service([said("direct")]) as service:
        monkeypatch.setenv("HTTP_PROXY", f"http://{proxy.address}")
        backend = open_at(service.url, settings)
        *_, completion = backend.stream(HELLO)
        backend.close()
    assert isinstance(completion, Completion) and completion.text == "direct"


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for 127.0.0.1 with its key, in one PEM file."""
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        + ["-nodes", "-keyout", "key.pem", "-out", "cert.pem", "-days", "2"]
        + ["-subj", "/CN=devchat test", "-addext", "subjectAltName=IP:127.0.0.1"],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    return folder


def secure(certificate: Path) -> Any:
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    return context


def test_a_certificate_counts_only_when_trusted(settings: Settings, certificate: Path) -> None:
    with Service([said("safe")], tls=secure(certificate)) as service:
        backend = open_at(service.url, settings)
        with pytest.raises(UnreachableError, match="certificate of .* is not trusted") as caught:
            list(backend.stream(HELLO))
        assert "SSL_CERT_FILE" in caught.value.hint
        backend.close()
        trusting = {"SSL_CERT_FILE": str(certificate / "cert.pem")}
        backend = open_at(service.url, settings, trusting)
        *_, completion = backend.stream(HELLO)
        assert isinstance(completion, Completion) and completion.text == "safe"
        backend.close()


def test_https_where_http_is_spoken(settings: Settings) -> None:
    with Service([said("plain")]) as service:
        backend = open_at(service.url.replace("http:", "https:"), settings)
        with pytest.raises(UnreachableError, match="no secure connection") as caught:
            list(backend.stream(HELLO))
        backend.close()
    assert "need `http://`" in caught.value.hint


@pytest.mark.parametrize("content", [None, "not a certificate"])
def test_certificates_that_can_not_be_read(
    settings: Settings, home: Path, content: str | None
) -> None:
    path = home / "ca.pem"
    if content is not None:
        path.write_text(content)
    backend = open_at("https://127.0.0.1:1/v1", settings, {"SSL_CERT_FILE": str(path)})
    with pytest.raises(SettingsError, match="can't read certificates from .*ca.pem"):
        list(backend.stream(HELLO))
    backend.close()
