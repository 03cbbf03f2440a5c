"""Talk to GitHub through PyGithub: the only file that imports it.

Knows HTTP and nothing of pulls. It sends a request once, never sleeps (`retry=None`, no seconds
between requests), and lets no foreign exception out. PyGithub's own objects are not used: they
send requests of their own when a field is looked at.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

from bot.errors import ForgeError, WaitError
from bot.github.failure import Refusal, cause_of, explain
from bot.github.meter import Meter
from devchat.errors import SettingsError
from devchat.sanitize import single_line
from devchat.sanitize.tokens import without_tokens

if TYPE_CHECKING:
    from github.Auth import Auth
    from github.Requester import Requester

Login = Callable[["Auth | None"], "Auth"]
"""Gives what to show GitHub; handed what GitHub has just refused, something newer or the same."""
T = TypeVar("T")

JSON = "application/vnd.github+json"
API_VERSION = "2022-11-28"
"""The newest that Enterprise Servers in use know."""
_UNREADABLE = (LookupError, TypeError, ValueError, ArithmeticError, AttributeError, RecursionError)


@dataclass(frozen=True, slots=True)
class Reply:
    """What GitHub answered; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def open_login(app_id: int, private_key: str) -> Login:
    """Return the login of an App. Raises `SettingsError` where its key signs nothing."""
    import jwt
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key
    from github.Auth import AppAuth

    try:
        # Read once: PyGithub would read it, and check its primes, for each request.
        key = load_pem_private_key(private_key.encode(), password=None)
        if not isinstance(key, RSAPrivateKey):
            raise TypeError("GitHub's keys are RSA")
        auth = AppAuth(app_id, sign_func=lambda claims: jwt.encode(claims, key, "RS256"))
        auth.create_jwt()
    except (jwt.PyJWTError, UnsupportedAlgorithm, ValueError, TypeError):  # they may quote the key
        raise SettingsError(
            "the App's private key can't be used",
            "it is the whole `.pem` file that GitHub gave you, from `-----BEGIN` on",
        ) from None
    return lambda _refused: auth


def log_in(token: str) -> Auth:
    """Return what shows a token."""
    from github.Auth import Token

    return Token(token)


class Connection:
    """GitHub for one who logs in; requests go one at a time. Opened by the first request."""

    def __init__(
        self, address: str, login: Login, meter: Meter, seconds: int, installation: int = 0
    ) -> None:
        self._address, self._login, self._seconds = address, login, seconds
        self._meter, self._installation = meter, installation
        # PyGithub keeps the request under way in its connection: two threads would mix theirs.
        self._lock = threading.Lock()
        self._requester: Requester | None = None

    def get(self, path: str, read: Callable[[Any], T], **parameters: str | int) -> T:
        """Ask for JSON and turn it into a value with `read`."""
        return understand(self._ask("GET", path, parameters, None), read)

    def send(self, verb: str, path: str, body: object, read: Callable[[Any], T]) -> T:
        """Send JSON and turn the answer into a value with `read`."""
        return understand(self._ask(verb, path, {}, _encodable(body)), read)

    def pages(
        self, path: str, read: Callable[[Any], list[T]], most: int, **parameters: str | int
    ) -> Iterator[T]:
        """Yield the rows of at most so many pages of a hundred, as the Link headers lead."""
        asked: dict[str, str | int] = {"per_page": 100, **parameters}
        for _ in range(most):
            reply = self._ask("GET", path, asked, None)
            yield from understand(reply, read)
            following = _next(reply.headers.get("link", ""))
            if not following:
                return
            asked = {**asked, **following}

    def raw(self, path: str, accept: str, **parameters: str | int) -> bytes:
        """Ask for something that is no JSON; its bytes as they came."""

        def ask(requester: Requester) -> Reply:
            headers = _Accepting({"Accept": accept})
            status, answered, pieces = requester.getStream(
                path, dict(parameters), headers, chunk_size=1 << 16
            )
            return Reply(status, answered, b"".join(pieces))

        return self._settle(f"GET {path}", ask).body

    def close(self) -> None:
        """Close the connection; it also closes when it is dropped, and opens when needed."""
        with self._lock:
            if self._requester is not None:
                self._requester.close()
                self._requester = None

    __del__ = close

    def _ask(
        self, verb: str, path: str, parameters: Mapping[str, str | int], body: object
    ) -> Reply:
        def ask(requester: Requester) -> Reply:
            status, headers, text = requester.requestJson(
                verb, path, dict(parameters), {"Accept": JSON}, body
            )
            return Reply(status, headers, text.encode("utf-8", "surrogatepass"))

        return self._settle(f"{verb} {path}", ask)

    def _settle(self, asked: str, ask: Callable[[Requester], Reply]) -> Reply:
        """Send a request; where the login has run out meanwhile, once more with a new one."""
        with self._lock:
            auth = self._login(None)
            reply = self._try(asked, ask, auth)
            if reply.status == 401 and (newer := self._login(auth)) is not auth:
                reply = self._try(asked, ask, newer)
        if 200 <= reply.status < 300:
            return reply
        refusal = Refusal(asked, reply.status, reply.headers, reply.body)
        trouble = self._meter.trouble() if reply.status >= 500 else 0.0
        raise explain(refusal, self._meter.clock(), max(trouble, 1.0))

    def _try(self, asked: str, ask: Callable[[Requester], Reply], auth: Auth) -> Reply:
        import requests

        try:
            reply = ask(self._open(auth))
        except requests.HTTPError as error:  # from `getStream` alone
            found = error.response
            assert found is not None
            headers = {name.lower(): value for name, value in found.headers.items()}
            reply = Reply(found.status_code, headers, found.content)
        except requests.RequestException as error:
            self._meter.count(self._installation, 0, {})
            raise self._unreachable(asked, error) from None
        except (RuntimeError, AssertionError) as error:  # a redirect to somewhere else
            said = single_line(without_tokens(str(error)))
            raise ForgeError(
                f"GitHub sends `{asked}` elsewhere: {said}", "check `DEVCHAT_GITHUB_API_URL`"
            ) from None
        except (ValueError, ArithmeticError) as error:  # a limit that is no number
            raise _unknown(error) from None
        self._meter.count(self._installation, reply.status, reply.headers)
        return reply

    def _unreachable(self, asked: str, error: Exception) -> WaitError:
        import requests

        if isinstance(error, requests.Timeout):
            why = f"it was silent for {self._seconds} s"
        else:
            why = single_line(without_tokens(cause_of(error)), 120)
        return WaitError(
            f"GitHub can't be reached for `{asked}`: {why}",
            self._meter.trouble(),
            "check `DEVCHAT_GITHUB_API_URL`, the network and the proxy",
        )

    def _open(self, auth: Auth) -> Requester:
        from github import Github

        if self._requester is None:
            self._requester = Github(
                auth=auth,
                base_url=self._address,
                timeout=self._seconds,
                user_agent="devchat-bot",
                retry=None,
                seconds_between_requests=None,
                seconds_between_writes=None,
                api_version=API_VERSION,
            ).requester
        elif self._requester.auth is not auth:
            self._requester.close()
            self._requester = self._requester.withAuth(auth)
        return self._requester


class _Accepting(dict[str, str]):
    """Headers that keep their `Accept`: `getStream`, alone in giving bytes, sets its own."""

    def __setitem__(self, name: str, value: str) -> None:
        if name != "Accept":
            super().__setitem__(name, value)


def understand(reply: Reply, read: Callable[[Any], T]) -> T:
    """Read an answer's JSON. Raises `ForgeError` where it has not the form that `read` wants."""
    try:
        return read(json.loads(reply.body or b"null"))
    except _UNREADABLE as error:
        raise _unknown(error) from None


def _unknown(error: Exception) -> ForgeError:
    said = f"GitHub answered in a form that is not known: {type(error).__name__}"
    return ForgeError(said, "check `DEVCHAT_GITHUB_API_URL`")


def _next(link: str) -> dict[str, str]:
    """Return the parameters of the next page; only those, for the address stays ours."""
    for one in link.split(","):
        address, _, relation = one.partition(";")
        if 'rel="next"' in relation:
            return dict(parse_qsl(urlsplit(address.strip(" <>")).query))
    return {}


def _encodable(value: Any) -> Any:
    """Replace lone surrogates, which stand for bytes that were no UTF-8 and GitHub refuses."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8") if not value.isascii() else value
    if isinstance(value, dict):
        return {name: _encodable(one) for name, one in value.items()}
    return [_encodable(one) for one in value] if isinstance(value, list) else value
