"""A scripted OpenAI-compatible service on loopback, for the faults that a real one rarely shows."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from devchat.backends import Backend, open_backend
from devchat.models import RemoteModel
from devchat.settings import Provider, Settings

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Seen:
    """A request as it arrived; header names in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any


@dataclass(frozen=True, slots=True)
class Reply:
    """What to answer. `pause` seconds lie between parts; `cut` drops the connection after them.

    Status 0 drops the connection without a word.
    """

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    parts: Sequence[bytes] = ()
    pause: float = 0.0
    cut: bool = False


Script = Sequence[Reply] | Callable[[Seen], Reply]
USAGE: Json = {"prompt_tokens": 7, "completion_tokens": 3}


def event(**fields: Any) -> bytes:
    """Write one server-sent event."""
    return b"data: " + json.dumps(fields).encode() + b"\n\n"


def delta(reason: str | None = None, **fields: Any) -> bytes:
    """Write the event of one piece of an answer."""
    return event(choices=[{"index": 0, "delta": fields, "finish_reason": reason}])


def streamed(*parts: bytes, pause: float = 0.0, cut: bool = False) -> Reply:
    """Reply with server-sent events."""
    return Reply(200, {"content-type": "text/event-stream"}, parts, pause, cut)


def said(*pieces: str, reason: str = "stop", usage: Json | None = USAGE) -> Reply:
    """Reply with an answer as a well-behaved service streams it."""
    parts = [delta(content=piece) for piece in pieces]
    ending = [] if usage is None else [event(choices=[], usage=usage)]
    return streamed(*parts, delta(reason), *ending, b"data: [DONE]\n\n")


def plain(body: str | Json | list[Any], status: int = 200, **headers: str) -> Reply:
    """Reply with JSON, or with text as it is; `retry_after="1"` is the header Retry-After."""
    text = body if isinstance(body, str) else json.dumps(body)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, {"content-type": "application/json"} | named, [text.encode()])


def refused(status: int, message: str, **fields: Any) -> Reply:
    """Reply with an error in OpenAI's form; `retry_after` goes into the header."""
    headers = {"retry_after": fields.pop("retry_after")} if "retry_after" in fields else {}
    return plain({"error": {"message": message, **fields}}, status, **headers)


def open_at(
    url: str,
    settings: Settings,
    environ: Mapping[str, str] | None = None,
    model: str = "bright-1",
    **fields: Any,
) -> Backend:
    """Open the backend of a model of provider `fake` at a URL; `fields` are the provider's."""
    provider = Provider("fake", url, **fields)
    return open_backend(RemoteModel(f"fake:{model}", provider, model), settings, environ or {})


class Service:
    """The service: replies in order, the last one again and again; `requests` records."""

    def __init__(self, script: Script, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[Seen] = []
        self.dropped = threading.Event()
        self._script = script if callable(script) else _in_order(script)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.address = f"127.0.0.1:{self._server.server_address[1]}"
        self.url = f"{'https' if tls else 'http'}://{self.address}/v1"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    def answer(self, seen: Seen) -> Reply:
        """Record a request and choose the reply."""
        self.requests.append(seen)
        return self._script(seen)

    @property
    def bodies(self) -> list[Any]:
        """What was posted."""
        return [seen.body for seen in self.requests if seen.method == "POST"]

    def __enter__(self) -> Service:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _in_order(replies: Iterable[Reply]) -> Callable[[Seen], Reply]:
    rest = list(replies)
    lock = threading.Lock()

    def reply(_seen: Seen) -> Reply:
        with lock:
            return rest.pop(0) if len(rest) > 1 else rest[0]

    return reply


def _handler(service: Service) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("content-length", 0))
            body = json.loads(self.rfile.read(length)) if length else None
            headers = {name.lower(): value for name, value in self.headers.items()}
            reply = service.answer(Seen(self.command, self.path, headers, body))
            try:
                if reply.status:
                    self._send(reply)
            except OSError:
                service.dropped.set()

        do_POST = do_GET

        def _send(self, reply: Reply) -> None:
            self.send_response(reply.status)
            length = sum(map(len, reply.parts)) + (1_000 if reply.cut else 0)
            for name, value in ({"content-length": str(length)} | reply.headers).items():
                self.send_header(name, value)
            self.end_headers()
            for part in reply.parts:
                self.wfile.write(part)
                self.wfile.flush()
                time.sleep(reply.pause)

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler
