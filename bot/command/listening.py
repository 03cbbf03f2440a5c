"""Whether the address to listen on is ours to take: said at the start, in one line."""

from __future__ import annotations

import errno
import socket
from contextlib import closing

from bot.configuration import Configuration
from devchat.errors import SettingsError


def check_free(configuration: Configuration) -> None:
    """See that the address can be listened on. Raises SettingsError."""
    host, port = configuration.host, configuration.port
    try:
        family, kind, *_, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with closing(socket.socket(family, kind)) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(place)
            probe.listen(1)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        hint = "set `DEVCHAT_HOST` to an address of this machine, and `DEVCHAT_PORT` to a free port"
        if error.errno == errno.EADDRINUSE:
            hint = "is a `devchat-bot` running already? `DEVCHAT_PORT` takes another port"
        raise SettingsError(f"can't listen on {configuration.address}: {reason}", hint) from error
