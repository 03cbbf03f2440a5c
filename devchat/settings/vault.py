"""The system keyring, called in a process of its own.

Keyring backends raise what they like, crash, or wait for ever for a desktop that isn't there; a
process can fail in all these ways without harm. Keys travel through pipes, never as arguments.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping

SERVICE = "devchat"
WAIT_SECONDS = 30.0
"""Long enough for somebody to unlock the keyring."""


def read_secret(
    name: str, environ: Mapping[str, str], wait_seconds: float = WAIT_SECONDS
) -> str | None:
    """Return a secret, or None where there is none or no keyring that works."""
    found = _call({"action": "read", "name": name}, environ, wait_seconds)
    return found if isinstance(found, str) else None


def write_secret(
    name: str, value: str, environ: Mapping[str, str], wait_seconds: float = WAIT_SECONDS
) -> bool:
    """Store a secret and return whether it can really be read back."""
    request = {"action": "write", "name": name, "value": value}
    return _call(request, environ, wait_seconds) == value


def delete_secret(
    name: str, environ: Mapping[str, str], wait_seconds: float = WAIT_SECONDS
) -> bool:
    """Delete a secret and return whether there was one."""
    return _call({"action": "delete", "name": name}, environ, wait_seconds) is True


def _call(request: Mapping[str, str], environ: Mapping[str, str], wait_seconds: float) -> object:
    import subprocess

    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "devchat.settings.vault"],
            input=json.dumps(request).encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=dict(environ),
            timeout=wait_seconds,
            check=True,
        )
        return json.loads(done.stdout)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None


def main() -> None:
    """Answer one request on standard input, in JSON, from the keyring."""
    import keyring

    request = json.load(sys.stdin)
    name = request["name"]
    found: str | bool | None
    match request["action"]:
        case "delete":
            found = keyring.get_password(SERVICE, name) is not None
            keyring.delete_password(SERVICE, name)
        case "write":
            keyring.set_password(SERVICE, name, request["value"])
            found = keyring.get_password(SERVICE, name)
        case _:
            found = keyring.get_password(SERVICE, name)
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
