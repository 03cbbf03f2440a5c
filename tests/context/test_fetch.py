"""Addresses, against a real server on loopback."""

from __future__ import annotations

import socket
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from devchat.context.attach import read_attachments
from devchat.context.fetch import fetch
from devchat.context.page import readable
from devchat.errors import InputError

HTML = "text/html; charset=utf-8"
# Path -> status, headers, body.
PAGES: dict[str, tuple[int, dict[str, str], bytes]] = {
    "/plain": (200, {"Content-Type": "text/plain"}, "naïve 中文\n".encode()),
    "/silent": (200, {}, b"no type\n"),
    "/json": (200, {"Content-Type": "application/vnd.x+json"}, b'{"a": 1}'),
    "/raw.py": (200, {"Content-Type": "application/octet-stream"}, b"x = 1\n"),
    "/gb": (200, {"Content-Type": "text/plain; charset=GB2312"}, "中文".encode("gb18030")),
    "/meta": (
        200,
        {"Content-Type": "text/html"},
        '<meta charset="gbk"><p>中文</p>'.encode("gbk"),
    ),
    "/odd": (200, {"Content-Type": "text/plain; charset=hex"}, b"text"),
    "/page": (200, {"Content-Type": HTML}, b"<title>T</title><nav>menu</nav><h2>Hi</h2>"),
    "/文 x": (200, {"Content-Type": "text/plain"}, b"found\n"),
    "/hop?n=5": (302, {"Location": "/hop?n=4"}, b""),
    "/hop?n=4": (302, {"Location": "/hop?n=3"}, b""),
    "/hop?n=3": (302, {"Location": "/hop?n=2"}, b""),
    "/hop?n=2": (302, {"Location": "/hop?n=1"}, b""),
    "/hop?n=1": (302, {"Location": "/plain"}, b""),
    "/hop?n=6": (302, {"Location": "/hop?n=5"}, b""),
    "/circle": (302, {"Location": "/circle"}, b""),
    "/to-file": (302, {"Location": "file:///etc/passwd"}, b""),
    "/to-ftp": (302, {"Location": "ftp://127.0.0.1/x"}, b""),
    "/auth": (302, {"Location": "/headers"}, b""),
    "/png": (200, {"Content-Type": "image/png"}, b"\x89PNG"),
    "/binary": (200, {"Content-Type": "application/octet-stream"}, b"\x7fELF\0"),
    "/packed": (200, {"Content-Type": "text/plain", "Content-Encoding": "gzip"}, b"x"),
    "/scripts": (200, {"Content-Type": HTML}, b"<script>draw()</script>"),
    "/huge": (200, {"Content-Type": "text/plain"}, b"x" * ((5 << 20) + 1)),
    "/short": (200, {"Content-Type": "text/plain", "Content-Length": "99"}, b"cut"),
    "/latin": (200, {"Content-Type": "text/plain"}, "un café".encode("latin1")),
    "/damaged": (200, {"Content-Type": "text/plain"}, "一二三四五".encode() + b"\xff"),
    "/noise": (200, {"Content-Type": "text/plain"}, b"\xfe\xfd\xfc\xff\x80\x81"),
    "/401": (401, {}, b""),
    "/404": (404, {}, b"gone"),
    "/418": (418, {}, b""),
    "/429": (429, {}, b""),
    "/503": (503, {}, b""),
    "/304": (304, {}, b""),
}


class Site(BaseHTTPRequestHandler):
    """Serves the pages, and a few that need code."""

    def do_GET(self) -> None:
        from urllib.parse import unquote

        path = unquote(self.path)
        if path == "/headers":
            self.answer(200, {"Content-Type": "text/plain"}, str(self.headers).encode())
        elif path == "/secret":
            given = self.headers.get("Authorization", "none")
            self.answer(200, {"Content-Type": "text/plain"}, given.encode())
        elif path == "/drip":
            self.drip()
        elif path == "/nonsense":
            self.wfile.write(b"this is not HTTP\r\n\r\n")
        else:
            self.answer(*PAGES[path])

    def answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.write(body)

    def drip(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.end_headers()
        for _ in range(100):
            if not self.write(b"drop\n"):
                break
            time.sleep(0.05)

    def write(self, body: bytes) -> bool:
        """Write; a client that has left is no error here."""
        try:
            self.wfile.write(body)
        except ConnectionError:
            return False
        return True

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent."""


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/plain", "naïve 中文\n"),
        ("/plain#part", "naïve 中文\n"),
        ("/silent", "no type\n"),
        ("/json", '{"a": 1}'),
        ("/raw.py", "x = 1\n"),
        ("/gb", "中文"),
        ("/meta", "中文\n"),
        ("/odd", "text"),
        ("/page", "T\n\n## Hi\n"),
        ("/文 x", "found\n"),
        ("/%E6%96%87%20x", "found\n"),
        ("/hop?n=5", "naïve 中文\n"),
        ("/latin", "un café"),
        ("/damaged", "一二三四五\ufffd"),
    ],
)
def test_texts(site: str, path: str, text: str) -> None:
    attachment = fetch(site + path)
    assert attachment.text == text
    assert attachment.name == site + path.removesuffix("#part")


def test_addresses_are_attachments_and_read_once(site: str, tmp_path: Path) -> None:
    specs = [f"{site}/plain", f"{site}/plain"]
    attached = read_attachments(specs, folder=tmp_path, read_stdin=bytes)
    assert [text.name for text in attached.texts] == [f"{site}/plain"]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/hop?n=6", "redirects too often"),
        ("/circle", "redirects too often"),
        ("/to-file", "redirects too often, in a circle or elsewhere"),
        ("/to-ftp", "redirects too often, in a circle or elsewhere"),
        ("/png", "is no text but `image/png`"),
        ("/binary", "an ELF program"),
        ("/packed", "comes packed as `gzip`"),
        ("/scripts", "has no text to read"),
        ("/huge", "is larger than 5.0 MB"),
        ("/short", "broke off in the middle"),
        ("/noise", "byte 0xfe in line 1"),
        ("/401", "is not for everybody (401)"),
        ("/404", "is not there (404)"),
        ("/418", "was refused by its server (418)"),
        ("/429", "was asked for too often (429)"),
        ("/503", "failed on its server (503)"),
        ("/304", "redirects"),
        ("/nonsense", "can't be read"),
    ],
)
def test_refusals(site: str, path: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        fetch(site + path)
    assert f"`{site}{path}` " in caught.value.message
    assert said in f"{caught.value.message} | {caught.value.hint}"
    assert caught.value.hint


def test_a_slow_server_is_given_up(site: str) -> None:
    with pytest.raises(InputError, match="takes too long"):
        fetch(f"{site}/drip", seconds=0.3)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        port = mute.getsockname()[1]
        with pytest.raises(InputError, match="takes too long"):
            fetch(f"http://127.0.0.1:{port}/", seconds=0.3)


def test_a_password_is_sent_but_never_shown_and_not_redirected(site: str) -> None:
    address = site.replace("http://", "http://me:s%40cret@")
    attachment = fetch(f"{address}/secret")
    assert attachment.text == "Basic " + b64encode(b"me:s@cret").decode()
    assert attachment.name == f"{site}/secret"
    assert "Authorization" not in fetch(f"{address}/auth").text
    with pytest.raises(InputError) as caught:
        fetch(f"{address}/404")
    assert "cret" not in caught.value.message + caught.value.hint


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("http://", "is no address that devchat reads"),
        ("http://host:port/", "malformed"),
        ("http://[broken/", "malformed"),
        ("http://me:secret@host:port/", "malformed"),
        ("gopher://host/", "is no address that devchat reads"),
        ("http://no-such-host.invalid/", "can't be reached: its host is not known here"),
        ("http://bücher.invalid/", "can't be reached: its host is not known here"),
        ("http://" + "ü" * 80 + ".invalid/", "can't be read"),
    ],
)
def test_addresses_that_lead_nowhere(address: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        fetch(address)
    assert said in caught.value.message
    assert caught.value.hint and "secret" not in caught.value.message


def test_nobody_listens_or_speaks_tls(site: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(InputError, match="its host refuses"):
        fetch(f"http://127.0.0.1:{port}/")
    with pytest.raises(InputError, match="can't be reached safely"):
        fetch(site.replace("http:", "https:") + "/plain")


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("", ""),
        ("<p>A  b\n c <a href=x>link</a>.</p><p>d", "A b c link.\n\nd\n"),
        ("<ul><li>one<li>two <code>x=1</code></ul>", "- one\n- two `x=1`\n"),
        ("<pre><code>if a:\n    b</code></pre>end", "```\nif a:\n    b\n```\n\nend\n"),
        ("<tr><th>a<th>b</tr><tr><td>1</td><td>2</td></tr>", "| a | b\n| 1 | 2\n"),
        ("<nav>menu<nav>x</nav>y</nav>text", "text\n"),
        ("<nav>only a menu</nav>", "only a menu\n"),
        ("<title>t</title><nav>never ended<p>text", "t\n\nnever ended\n\ntext\n"),
        ("a &lt; b &amp; c<br>d", "a < b & c\nd\n"),
        ("<svg><title>icon</title></svg>x<style>p{}</style>", "x\n"),
        ("text <!-- never ended", "text\n"),
    ],
)
def test_pages_are_read_as_people_see_them(html: str, text: str) -> None:
    assert readable(html) == text


@pytest.mark.parametrize("piece", ["<!--", "<a ", "<a b='", "</", "<![CDATA[", "<a b=c ", "<?"])
def test_hostile_pages_take_no_time(piece: str) -> None:
    """A parser that looks at the rest for each "<" would take hours for these."""
    assert readable("start" + piece * 300_000).startswith("start")
