"""An http(s) address -> its text. The only file here that touches a network.

Sends no cookies, follows at most five redirects, and reads at most 5 MB within a time limit.
"""

from __future__ import annotations

import re
import ssl
import time
from http.client import HTTPException, HTTPMessage, HTTPResponse
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.parse import SplitResult, quote, unquote, urlsplit, urlunsplit
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
)

from devchat.context import Attachment
from devchat.context.charset import guess
from devchat.context.decode import decode, refuse_binary
from devchat.context.names import MEGABYTE, Unusable, shown, size
from devchat.errors import InputError

_LARGEST_PAGE = 5 * MEGABYTE
_MOST_REDIRECTS = 5
_DOWNLOAD = "download it, and attach the part that matters as a file"
_HTML = ("text/html", "application/xhtml+xml")
_TEXTS = re.compile(
    r"text/.+|application/(.+\+)?(json|xml|yaml|toml)"
    r"|application/(x-)?(ndjson|jsonlines|javascript|typescript|sh|python|sql|graphql|httpd-php)"
    # What servers say of a file they know nothing of: its bytes decide.
    r"|(application|binary)/octet-stream"
)
# Labels that pages wear for a superset: https://encoding.spec.whatwg.org/#names-and-labels
_SUPERSETS = (("gb2312", "gb18030"), ("gbk", "gb18030"), ("iso-8859-1", "cp1252"))


def fetch(address: str, *, seconds: float = 30.0) -> Attachment:
    """Read the text at an address; HTML is reduced to what a reader sees.

    `seconds` bounds each wait for the server, and the whole body. Raises `Unusable`.
    """
    parts = _parse(address)
    name = _plain(parts)
    deadline = time.monotonic() + seconds
    try:
        with _opener().open(_request(parts), timeout=seconds) as response:
            _check_type(response.headers, name)
            body = _read(response, name, deadline)
            text = _text(body, response.headers, name)
    except HTTPError as error:
        error.close()
        raise _refused(error.code, name) from None
    except (OSError, HTTPException, ValueError) as error:
        raise _failed(error, name, parts.hostname or "") from None
    return Attachment(shown(name), text)


def _parse(address: str) -> SplitResult:
    try:
        parts = urlsplit(address)
        known = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        # Not repeated: it may hold a password that could not be told from the rest.
        raise InputError("an address after `-f` is malformed", "`https://HOST/PATH`") from None
    if not known:
        reason = "is no address that devchat reads"
        raise Unusable(_plain(parts), reason, "only http:// and https:// are; `-f` takes files too")
    return parts


def _plain(parts: SplitResult) -> str:
    """Return the address without the user and password in it, and without a fragment."""
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, parts.query, ""))


def _request(parts: SplitResult) -> Request:
    host = parts.netloc.rpartition("@")[2]
    host = host if host.isascii() else host.encode("idna").decode()
    # People paste addresses as browsers show them; `%` stays, for it is already an escape.
    path, query = (quote(part, safe="%/:=&?~+!$,;'@()*[]") for part in (parts.path, parts.query))
    request = Request(urlunsplit((parts.scheme, host, path, query, "")))
    request.add_header("User-Agent", "devchat")
    request.add_header("Accept", "text/*, application/json;q=0.9, */*;q=0.1")
    if parts.username is not None:
        from base64 import b64encode

        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        # Unredirected: a redirect must not carry the password to another host.
        token = b64encode(pair.encode()).decode()
        request.add_unredirected_header("Authorization", f"Basic {token}")
    return request


class _Redirects(HTTPRedirectHandler):
    """Follows a few redirects, and only to http and https."""

    max_redirections = _MOST_REDIRECTS
    max_repeats = 2

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        """Leave a redirect to ftp, which the base class would follow, as the error that it is."""
        if urlsplit(newurl).scheme not in ("http", "https"):
            return None
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener() -> OpenerDirector:
    """Make an opener that knows http, https and the user's proxies: no files and no cookies."""
    opener = OpenerDirector()
    for handler in (
        ProxyHandler(),
        HTTPHandler(),
        HTTPSHandler(),
        _Redirects(),
        HTTPErrorProcessor(),
        HTTPDefaultErrorHandler(),
    ):
        opener.add_handler(handler)
    return opener


def _check_type(headers: HTTPMessage, name: str) -> None:
    # `get_content_type` says text/plain where the server says nothing: its bytes decide then.
    kind = headers.get_content_type()
    if not _TEXTS.fullmatch(kind):
        raise Unusable(name, f"is no text but `{shown(kind)}`", _DOWNLOAD)
    packed = headers.get("Content-Encoding", "identity").lower()
    if packed != "identity":
        raise Unusable(name, f"comes packed as `{shown(packed)}`, unasked", _DOWNLOAD)


def _read(response: HTTPResponse, name: str, deadline: float) -> bytes:
    pieces: list[bytes] = []
    length = 0
    while piece := response.read1(1 << 16):
        pieces.append(piece)
        length += len(piece)
        if length > _LARGEST_PAGE:
            raise Unusable(name, f"is larger than {size(_LARGEST_PAGE)}", _DOWNLOAD)
        if time.monotonic() > deadline:
            raise TimeoutError
    # http.client takes a connection that closes early for the end.
    if length < int(response.headers.get("Content-Length") or 0):
        raise Unusable(name, "broke off in the middle", "try again")
    return b"".join(pieces)


def _text(body: bytes, headers: HTTPMessage, name: str) -> str:
    is_html = headers.get_content_type() in _HTML
    text = _decode(body, headers.get_content_charset() or (_meta(body) if is_html else ""), name)
    if is_html:
        from devchat.context.page import readable

        text = readable(text)
    if not text.strip():
        hint = "its text may be made by scripts: save it from a browser and attach the file"
        raise Unusable(name, "has no text to read", hint)
    return text


def _meta(body: bytes) -> str:
    """Return the encoding that a page names in its own head."""
    found = re.search(rb"<meta[^>]+charset\s*=\s*[\"']?([\w.:-]+)", body[:4096], re.IGNORECASE)
    return found[1].decode("ascii").lower() if found else ""


def _decode(body: bytes, charset: str, name: str) -> str:
    """Read as the server says, else as UTF-8, else as it looks, for a user can't convert a page."""
    charset = dict(_SUPERSETS).get(charset, charset)
    if charset and charset not in ("utf-8", "utf8"):
        try:
            return body.decode(charset, "replace")
        except (LookupError, UnicodeError):
            pass
    try:
        return decode(name, body)
    except Unusable:
        refuse_binary(name, body)
        encoding = guess(body)
        if encoding is None:
            raise
        return body.decode(encoding, "replace")


def _refused(code: int, name: str) -> Unusable:
    """Say what a status means: https://www.rfc-editor.org/rfc/rfc9110#section-15"""
    match code:
        case 401 | 403 | 407:
            return Unusable(name, f"is not for everybody ({code})", f"log in there and {_DOWNLOAD}")
        case 404 | 410:
            return Unusable(name, f"is not there ({code})", "open it in a browser to see what is")
        case 429:
            return Unusable(name, "was asked for too often (429)", "wait a minute and try again")
        case _ if code >= 500:
            return Unusable(name, f"failed on its server ({code})", "try again later")
        case _ if 300 <= code < 400:
            return Unusable(name, "redirects too often, in a circle or elsewhere", _DOWNLOAD)
    return Unusable(name, f"was refused by its server ({code})", _DOWNLOAD)


def _failed(error: OSError | HTTPException | ValueError, name: str, host: str) -> Unusable:
    """Say why no answer came."""
    import socket

    reason = error.reason if isinstance(error, URLError) else error
    if isinstance(reason, socket.gaierror):
        hint = f"check the name `{shown(host)}` and the network: everything but http works offline"
        return Unusable(name, "can't be reached: its host is not known here", hint)
    if isinstance(reason, ssl.SSLError):
        hint = "its certificate is not trusted: SSL_CERT_FILE names a file of trusted ones"
        return Unusable(name, "can't be reached safely", hint)
    if isinstance(reason, TimeoutError):
        return Unusable(name, "takes too long to answer", _DOWNLOAD)
    if isinstance(reason, ConnectionError):
        return Unusable(name, "can't be reached: its host refuses", "is the server running?")
    return Unusable(name, f"can't be read: {shown(str(reason))}", _DOWNLOAD)
