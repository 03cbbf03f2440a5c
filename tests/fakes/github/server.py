"""The fake's HTTP: routes, who asks, faults, and git; one thread for each connection."""

from __future__ import annotations

import json
import socket
import struct
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from tests.fakes.github import apps, deliveries, git, reading, writing
from tests.fakes.github.access import check_permission, check_repository
from tests.fakes.github.calls import Call, Reply, Route
from tests.fakes.github.faults import Fault
from tests.fakes.github.models import answer
from tests.fakes.github.refusal import DOCUMENTATION, Refusal, not_found

if TYPE_CHECKING:
    from tests.fakes.github import GitHub

ROUTES = (*apps.ROUTES, *deliveries.ROUTES, *reading.ROUTES, *writing.ROUTES)


@dataclass(frozen=True, slots=True)
class Seen:
    """A request as it was answered; status 0 where it was not."""

    method: str
    path: str
    status: int
    body: Any


def respond(hub: GitHub, method: str, target: str, headers: Mapping[str, str], raw: bytes) -> Reply:
    """Answer a request of the API."""
    url = urlsplit(target)
    try:
        route, found = _find(method, url.path)
        body = json.loads(raw) if raw else None
        call = Call(
            hub.state,
            hub.access,
            hub.url,
            url.path,
            dict(parse_qsl(url.query)),
            headers,
            body,
            found,
        )
        with hub.lock:
            return _answer(route, call)
    except ValueError:
        return _refused(Refusal(400, "Problems parsing JSON"))
    except Refusal as refusal:
        return _refused(refusal)


def _find(method: str, path: str) -> tuple[Route, dict[str, str]]:
    for one in ROUTES:
        if one.method == method and (found := one.path.fullmatch(path)):
            return one, found.groupdict()
    raise not_found()


def _answer(route: Route, call: Call) -> Reply:
    access = call.access
    if route.need == "app":
        access.check_app(call.headers)
        spent = access.spend(access.app)
        reply = route.answer(call)
        return replace(reply, headers={**spent, **reply.headers})
    token = access.check_token(call.headers)
    free = call.path == "/rate_limit"
    spent = {} if free else access.spend(token.installation)
    call = replace(call, token=token)
    if "repo" in call.found:
        repository = call.state.repositories.get(call.found["repo"].lower())
        if repository is None:
            raise not_found()
        check_repository(token, repository.id)
        check_permission(token, route.need)
        call = replace(call, repository=repository)
    if route.makes_content:
        access.make_content(token.installation)
    reply = route.answer(call)
    return replace(reply, headers={**spent, **reply.headers})


def _refused(refusal: Refusal) -> Reply:
    known = {"message": refusal.message, "documentation_url": DOCUMENTATION}
    simple = all(isinstance(one, str) for one in refusal.errors)
    errors = {"errors": refusal.errors} if refusal.errors else {}
    if refusal.status == 422:
        body = answer("ValidationErrorSimple" if simple else "ValidationError", known | errors)
    else:
        body = answer("BasicError", known | {"status": str(refusal.status)}) | errors
    return Reply(refusal.status, body, refusal.headers)


def respond_git(
    hub: GitHub, method: str, target: str, headers: Mapping[str, str], body: bytes
) -> Reply:
    """Answer git, who logs in with a token that may read the contents."""
    url = urlsplit(target)
    name = url.path.partition(".git/")[0].strip("/").lower()
    try:
        token = hub.access.check_token(headers)
        repository = hub.state.repositories.get(name)
        if repository is None:
            raise not_found()
        check_repository(token, repository.id)
        check_permission(token, "contents:read")
    except Refusal as refusal:
        return Reply(refusal.status, refusal.message.encode(), {"www-authenticate": "Basic"})
    status, answered, content = git.serve(hub.root, method, url.path, url.query, headers, body)
    return Reply(status, content, answered)


class Handler(BaseHTTPRequestHandler):
    """Answers one connection's requests for a fake."""

    hub: GitHub
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        body = self._body()
        headers = {name.lower(): value for name, value in self.headers.items()}
        fault = self.hub.faults.take(f"{self.command} {self.path}")
        if fault is not None and self._fails(fault, body):
            return
        of_git = ".git/" in self.path
        answerer = respond_git if of_git else respond
        reply = answerer(self.hub, self.command, self.path, headers, body)
        if fault is not None and fault.kind == "reset after":
            self._note(0, body)
            self._reset()
            return
        if fault is not None and fault.kind == "after":
            reply = _page(fault)
        self._note(reply.status, b"" if of_git else body)
        self._send(reply)

    do_POST = do_PATCH = do_PUT = do_DELETE = do_GET

    def _fails(self, fault: Fault, body: bytes) -> bool:
        """Let a request fail before its work; false where the work is still to be done."""
        if fault.kind == "expire":
            self.hub.expire_tokens()
            return False
        if fault.kind not in ("refuse", "hang", "reset"):
            return False
        self._note(0, body)  # before the client hears anything, and can ask what came
        if fault.kind == "refuse":
            self._send(_page(fault))
        elif fault.kind == "hang":
            self.hub.closing.wait()
            self.close_connection = True
        else:
            self._reset()
        return True

    def _body(self) -> bytes:
        if self.headers.get("transfer-encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("content-length") or 0))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _note(self, status: int, body: bytes) -> None:
        value = None
        with suppress(ValueError):
            value = json.loads(body)
        self.hub.requests.append(Seen(self.command, self.path, status, value))

    def _send(self, reply: Reply) -> None:
        content = reply.bytes()
        self.send_response_only(reply.status)
        fixed = {
            "content-type": "application/json; charset=utf-8",
            "content-length": str(len(content)),
            "date": formatdate(self.hub.access.now(), usegmt=True),
        }
        for name, value in (fixed | dict(reply.headers)).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    """Serves one fake; what goes wrong in the fake itself is kept, for its test to fail."""

    daemon_threads = True

    def __init__(self, hub: GitHub, port: int) -> None:
        super().__init__(("127.0.0.1", port), type("HubHandler", (Handler,), {"hub": hub}))
        self.broken: list[BaseException] = []

    def handle_error(self, request: object, client_address: object) -> None:
        """Keep an error; that somebody left is none."""
        error = sys.exception()
        if error is not None and not isinstance(error, ConnectionError):
            self.broken.append(error)


def _page(fault: Fault) -> Reply:
    """Write what a fault answers: a message as JSON, or a page as GitHub's proxies send."""
    headers = dict(fault.headers)
    if fault.message:
        return Reply(fault.status, {"message": fault.message}, headers)
    page = b"<!DOCTYPE html><title>Unicorn!</title>"
    return Reply(fault.status, page, {"content-type": "text/html"} | headers)
