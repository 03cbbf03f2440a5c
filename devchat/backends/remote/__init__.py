"""Models of OpenAI-compatible services, near and far.

`backend` decides, `payload` writes and `reading` reads, `ladder` binds answers to schemas,
`estimate` counts, `explain` tells the user; only `connection` knows the library and the network.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from devchat.errors import BackendError, SettingsError
from devchat.models import RemoteModel
from devchat.settings import Provider, Settings

if TYPE_CHECKING:
    from devchat.backends.remote.backend import Remote


def open_remote(model: RemoteModel, settings: Settings, environ: Mapping[str, str]) -> Remote:
    """Open a service's model; nothing is imported or sent before the first request.

    Raises `BackendError` where its key is not set, `SettingsError` where `base_url` is no URL.
    """
    from devchat.backends.remote.backend import Remote
    from devchat.backends.remote.connection import Connection
    from devchat.backends.remote.explain import Service

    provider, timeout = model.provider, settings.remote.timeout
    location, nearby = _locate(provider)
    key, origin = _key(provider, settings, environ)
    service = Service(
        provider.name, provider.base_url, location, model.model, key, origin, timeout, nearby
    )
    connection = Connection(provider.base_url, key, timeout, environ, nearby)
    return Remote(model, service, connection, settings.remote.retries)


def _locate(provider: Provider) -> tuple[str, bool]:
    """Say where a service is, in words for people, and whether that is this machine."""
    from urllib.parse import urlsplit

    from devchat.models.services import is_loopback

    try:
        url = urlsplit(provider.base_url)
        host, port, secret = url.hostname, url.port, "@" in url.netloc
    except ValueError:
        host, secret = None, False
    sound = host is not None and url.scheme in ("http", "https")
    # First, for the other message shows the address; one that is none may hide it anywhere.
    if secret or (not sound and "@" in provider.base_url):
        raise SettingsError(
            f"`base_url` of provider `{provider.name}` has a user name or password in it",
            "name a key instead: `devchat config set keys.NAME`",
        )
    if host is None or not sound:
        raise SettingsError(
            f"`base_url` of provider `{provider.name}` is no web address: `{provider.base_url}`",
            "it looks like `https://api.example.com/v1`",
        )
    if is_loopback(host):
        return f"this machine ({host}:{port})" if port else f"this machine ({host})", True
    return host, False


def _key(provider: Provider, settings: Settings, environ: Mapping[str, str]) -> tuple[str, str]:
    """Find the provider's key and where it came from; ("", "") where it needs none."""
    if not provider.key:
        return "", ""
    from devchat.settings.keys import find_key, variable_of_key

    found = find_key(provider.key, environ, settings.paths)
    if found is None:
        raise BackendError(
            f"no key for `{provider.name}` is set",
            f"set `{variable_of_key(provider.key)}`, "
            f"or run `devchat config set keys.{provider.key}`",
        )
    if not (found.value.isascii() and found.value.isprintable() and " " not in found.value):
        raise SettingsError(
            f"the key for `{provider.name}` has a character that no key has",
            f"look at the key from {found.origin}: was a space or line end pasted with it?",
        )
    return found.value, found.origin
