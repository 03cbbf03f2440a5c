"""Which providers could be asked now: those far away by their key, those on loopback by a look.

A service far away is never called. One on this machine is asked for its models' names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from devchat.errors import SettingsError
from devchat.settings import Paths, Provider

if TYPE_CHECKING:
    from http.client import HTTPConnection, HTTPResponse

CONNECT_SECONDS = 0.3
NAMES_SECONDS = 0.5
MAX_NAMES_BYTES = 1 << 20
_STARTS = {
    "ollama": "`ollama serve`",
    "llama-server": "`llama-server -m FILE.gguf`",
    "vllm": "`vllm serve MODEL`",
}


@dataclass(frozen=True, slots=True)
class ServiceState:
    """A provider, whether it can be used now and if not why, and the models it names.

    `called` says that it is on this machine and was asked; others were judged by their key alone.
    """

    provider: Provider
    location: str
    usable: bool
    why: str = ""
    models: tuple[str, ...] = ()
    called: bool = False


def look_at_all(
    providers: Iterable[Provider], environ: Mapping[str, str], paths: Paths
) -> list[ServiceState]:
    """Look at providers, all at the same time, in less than a second."""
    from concurrent.futures import ThreadPoolExecutor

    wanted = sorted(providers, key=lambda provider: provider.name)
    with ThreadPoolExecutor(max(1, len(wanted))) as pool:
        return list(pool.map(lambda provider: look_at(provider, environ, paths), wanted))


def look_at(provider: Provider, environ: Mapping[str, str], paths: Paths) -> ServiceState:
    """Say whether a provider can be used now."""
    try:
        address = urlsplit(provider.base_url)
        host, _ = address.hostname, address.port
    except ValueError:
        host = None
    if host is None or address.scheme not in ("http", "https"):
        why = (
            f"`base_url` is no web address: `devchat config set providers.{provider.name}.base_url`"
        )
        return ServiceState(provider, "nowhere", False, why)
    nearby = is_loopback(host)
    location = f"this machine ({address.netloc.rpartition('@')[2]})" if nearby else host
    key, why = _find_key(provider, environ, paths)
    if why or not nearby:
        return ServiceState(provider, location, not why, why)
    names, why = _ask_names(address, key, _STARTS.get(provider.name, "start it"))
    return ServiceState(provider, location, not why, why, names, called=True)


def is_loopback(host: str) -> bool:
    """Tell whether a host name or address means this machine."""
    from ipaddress import ip_address

    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def in_the_clear(provider: Provider) -> bool:
    """Tell whether a provider's key would leave this machine without encryption."""
    address = urlsplit(provider.base_url)
    return (
        bool(provider.key) and address.scheme == "http" and not is_loopback(address.hostname or "")
    )


def _find_key(provider: Provider, environ: Mapping[str, str], paths: Paths) -> tuple[str, str]:
    """Return a provider's key, or why there is none."""
    if not provider.key:
        return "", ""
    from devchat.settings.keys import find_key, variable_of_key

    try:
        found = find_key(provider.key, environ, paths)
    except SettingsError as error:
        return "", f"{error.message}: {error.hint}"
    if found is None:
        variable = variable_of_key(provider.key)
        return "", f"no key: set `{variable}`, or `devchat config set keys.{provider.key}`"
    return found.value, ""


def _ask_names(address: SplitResult, key: str, start: str) -> tuple[tuple[str, ...], str]:
    """Return the names of a service's models, or why it can't be used."""
    from http.client import HTTPException

    connection = _connect(address)
    try:
        connection.connect()
    except OSError:
        return (), f"nothing answers at {address.netloc.rpartition('@')[2]}: {start}"
    try:
        status, body = _get(connection, f"{address.path.rstrip('/')}/models", key)
    except TimeoutError:
        return (), ""  # it is there, and busy
    except (OSError, HTTPException, ValueError):
        return (), "what answers there does not speak HTTP"
    finally:
        connection.close()
    if status in (401, 403):
        return (), "it wants a key: name one as `key` in the provider's table"
    names = _names(body) if status == 200 else None
    if names is None:
        return (), f"what answers there is no OpenAI-compatible service (status {status})"
    return names, ""


def _connect(address: SplitResult) -> HTTPConnection:
    from http.client import HTTPConnection, HTTPSConnection

    kind = HTTPSConnection if address.scheme == "https" else HTTPConnection
    return kind(address.hostname or "", address.port, timeout=CONNECT_SECONDS)


def _get(connection: HTTPConnection, path: str, key: str) -> tuple[int, bytes]:
    connection.sock.settimeout(NAMES_SECONDS)
    headers = {"Accept": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
    connection.request("GET", path, headers=headers)
    response = connection.getresponse()
    return response.status, _read(response, monotonic() + NAMES_SECONDS)


def _read(response: HTTPResponse, deadline: float) -> bytes:
    body = b""
    while len(body) < MAX_NAMES_BYTES and (more := response.read1(1 << 16)):
        body += more
        if monotonic() > deadline:
            raise TimeoutError
    return body


def _names(body: bytes) -> tuple[str, ...] | None:
    """Read the answer of `GET /models`; None where it is none."""
    from json import loads

    try:
        data = loads(body)["data"]
        return tuple(sorted(str(one["id"]) for one in data))
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
