"""Talk to a service through the `openai` library: the only file that imports it.

Knows HTTP, certificates and streams; knows nothing of what an answer means. It never retries
and never follows a redirect, so neither the key nor the user's text goes where it was not sent.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Generator, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from devchat.backends.remote.failure import Failure, Kind
from devchat.errors import SettingsError
from devchat.sanitize import single_line

if TYPE_CHECKING:
    import ssl

    import httpx2
    import openai

Event = dict[str, Any]
"""One piece of a streamed answer: a `chat.completion.chunk` as parsed JSON."""
Events = Generator[Event, None, None]

_CONNECT_SECONDS = 10.0
_LIST_SECONDS = 5.0
_SENT = {
    "accept",
    "accept-encoding",
    "authorization",
    "connection",
    "content-length",
    "content-type",
    "host",
    "user-agent",
}


class Connection:
    """A service at a URL. The library is imported, and the client made, by the first call."""

    def __init__(
        self, base_url: str, key: str, timeout: float, environ: Mapping[str, str], nearby: bool
    ) -> None:
        self._base_url, self._key, self._timeout = base_url, key, timeout
        self._certificates = environ.get("SSL_CERT_FILE", "")
        self._nearby = nearby
        self._lock = threading.Lock()
        self._client: openai.OpenAI | None = None

    def ask(self, body: Mapping[str, Any]) -> Events:
        """Send a request; give its events once the service has accepted it. Raises `Failure`."""
        import httpx2
        import openai

        client = self._open()
        try:
            stream = client.post(
                "/chat/completions",
                body=dict(body),
                cast_to=object,
                stream=True,
                stream_cls=openai.Stream[object],
            )
        except (openai.OpenAIError, httpx2.HTTPError) as error:
            raise _failure(error) from None
        except RuntimeError:
            # Whoever gives up closes us while other threads may just be asking.
            if not client.is_closed():
                raise
            raise Failure("lost", "closed here") from None
        return self._events(stream)

    def models(self) -> tuple[str, ...]:
        """Name the service's models. Raises `Failure`."""
        import httpx2
        import openai

        try:
            found = self._open().get("/models", cast_to=object, options={"timeout": _LIST_SECONDS})
        except (openai.OpenAIError, httpx2.HTTPError, ValueError, RecursionError) as error:
            raise _failure(error) from None
        rows = found.get("data") if isinstance(found, dict) else None
        rows = rows if isinstance(rows, list) else []
        return tuple(str(row["id"]) for row in rows if isinstance(row, dict) and row.get("id"))

    def close(self) -> None:
        """Close all connections."""
        if self._client is not None:
            self._client.close()

    def _open(self) -> openai.OpenAI:
        with self._lock:
            if self._client is None:
                self._client = self._make()
            return self._client

    def _make(self) -> openai.OpenAI:
        import httpx2
        import openai

        try:
            return openai.OpenAI(
                api_key=self._key or "none",
                base_url=self._base_url,
                max_retries=0,
                http_client=openai.DefaultHttpxClient(
                    follow_redirects=False,
                    timeout=httpx2.Timeout(
                        self._timeout, connect=min(self._timeout, _CONNECT_SECONDS)
                    ),
                    trust_env=not self._nearby,  # a proxy has no business between us and ourselves
                    verify=self._trusted(),
                    event_hooks={"request": [self._clean]},
                ),
            )
        except (httpx2.InvalidURL, ImportError, ValueError) as error:
            raise SettingsError(
                f"can't call `{self._base_url}`: {single_line(str(error))}",
                "check `base_url` and the variables `HTTPS_PROXY`, `HTTP_PROXY` and `ALL_PROXY`",
            ) from None

    def _clean(self, request: httpx2.Request) -> None:
        """Drop what the library adds: headers from `OPENAI_*` variables, and telemetry."""
        for name in set(request.headers) - _SENT:
            del request.headers[name]
        request.headers.pop("authorization", None)
        if self._key:
            request.headers["authorization"] = f"Bearer {self._key}"

    def _trusted(self) -> ssl.SSLContext | bool:
        if not self._certificates:
            return True
        import ssl

        try:
            return ssl.create_default_context(cafile=self._certificates)
        except OSError as error:  # ssl.SSLError is one
            raise SettingsError(
                f"can't read certificates from `{self._certificates}`: {error.strerror}",
                "`SSL_CERT_FILE` must name a file of certificates in PEM form",
            ) from None

    def _events(self, stream: openai.Stream[object]) -> Events:
        import httpx2
        import openai

        try:
            if _media_type(stream) == "text/html":
                raise Failure("garbled", "a web page")
            if _media_type(stream) == "application/json":
                yield _whole(stream.response.read())
                return
            for event in stream:
                if isinstance(event, dict):
                    yield event
        except (openai.OpenAIError, httpx2.HTTPError, ValueError, RecursionError) as error:
            raise _failure(error) from None
        finally:
            stream.close()


def _failure(error: Exception) -> Failure:
    import openai

    if isinstance(error, openai.APIStatusError):
        return _status_failure(error)
    if isinstance(error, ValueError | RecursionError):
        return Failure("garbled", "invalid JSON")
    if type(error) is openai.APIError:  # the service's own words, within the stream
        code = error.code or ""
        return Failure("status", error.message, _number(code), f"{code} {error.type or ''}")
    return Failure(_network_kind(error), str(error.__cause__ or error))


def _media_type(stream: openai.Stream[object]) -> str:
    found = stream.response.headers.get("content-type", "")
    return str(found).partition(";")[0].strip().lower()


def _whole(body: bytes) -> Event:
    """Read the answer of a service that does not stream as a stream of one event."""
    answer = json.loads(body)
    if not isinstance(answer, dict):
        raise Failure("garbled", "no JSON object")
    if error := answer.get("error"):
        raise Failure("status", _words(error))
    choices = answer.get("choices")
    for choice in choices if isinstance(choices, list) else []:
        if isinstance(choice, dict):
            choice["delta"] = choice.get("message")
    return answer


def _status_failure(error: openai.APIStatusError) -> Failure:
    response = error.response
    if response.is_redirect:
        return Failure("status", response.headers.get("location", ""), response.status_code)
    if response.headers.get("content-type", "").startswith("text/html"):
        said = ""
    else:
        said = _words(error.body)
    code = " ".join(str(word) for word in (error.code, error.type, error.param) if word)
    return Failure("status", said, error.status_code, code, _wait(response.headers))


def _words(body: object) -> str:
    """Find the words in an error's body, whatever its form."""
    if isinstance(body, dict):
        for name in ("message", "detail", "error"):
            if body.get(name):
                return _words(body[name])
    return body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)


def _wait(headers: Mapping[str, str]) -> float | None:
    """Read `Retry-After`, in seconds or as a date (RFC 9110, 10.2.3)."""
    import time
    from email.utils import parsedate_to_datetime

    value = headers.get("retry-after", "")
    try:
        wait = (
            float(value)
            if value[:1].isdigit()
            else (parsedate_to_datetime(value).timestamp() - time.time())
        )
    except ValueError:
        return None
    return max(wait, 0.0)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) == 3 else 0


def _network_kind(error: BaseException) -> Kind:
    """Find out what broke from the exceptions beneath the library's."""
    import socket
    import ssl

    import httpx2

    kinds: tuple[tuple[type[BaseException], Kind], ...] = (
        (ssl.SSLCertVerificationError, "certificate"),
        (ssl.SSLError, "insecure"),
        (socket.gaierror, "unknown"),
        (ConnectionRefusedError, "refused"),
        (httpx2.ProxyError, "proxy"),
        (httpx2.ConnectTimeout, "lost"),
        (httpx2.TimeoutException, "silent"),
        (httpx2.RemoteProtocolError, "busy"),
        (httpx2.ReadError, "busy"),
    )
    chain = list(_chain(error))
    return next(
        (kind for type_, kind in kinds for link in chain if isinstance(link, type_)), "lost"
    )


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
