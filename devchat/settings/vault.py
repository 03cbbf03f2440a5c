"""The system keyring, called in a process of its own.

Keyring backends raise what they like, crash, or wait for ever for a desktop that isn't there; a
process can fail in all these ways without harm. Keys travel through pipes, never as arguments.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

SERVICE = "devchat"
WAIT_SECONDS = 30.0
"""Long enough for somebody to unlock the keyring."""


def read_secrets(
    names: Sequence[str], environ: Mapping[str, str], wait_seconds: float = WAIT_SECONDS
) -> Mapping[str, str]:
    """Return those secrets that there are; none where no keyring works."""
    found = _call({"action": "read", "names": names}, environ, wait_seconds)
    return found if isinstance(found, dict) else {}


def write_secret(
    name: str, value: str, environ: Mapping[str, str], wait_seconds: float = WAIT_SECONDS
) -> bool:
    """Store a secret and return whether it can really be read back."""
    request = {"action": "write", "name": name, "value": value}
    return _call(request, environ, wait_seconds) == value


def delete_secret(
    name: str, environ: Mapping[str, str], wait_seconds: float = WAIT_SECONDS
) -> bool | None:
    """Delete a secret and return whether there was one; None where the keyring can't be asked."""
    # A backend raises where there is nothing to delete; the null one takes everything.
    found = _call({"action": "read", "names": [name]}, environ, wait_seconds)
    if not isinstance(found, dict):
        return None
    request = {"action": "delete", "name": name}
    return name in found and (_call(request, environ, wait_seconds) is True or None)


def _call(request: Mapping[str, Any], environ: Mapping[str, str], wait_seconds: float) -> object:
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
    json.dump(_answer(json.load(sys.stdin)), sys.stdout)


def _answer(request: Mapping[str, Any]) -> object:
    import keyring

    if request["action"] == "read":
        found = {name: keyring.get_password(SERVICE, name) for name in request["names"]}
        return {name: value for name, value in found.items() if value}
    name = request["name"]
    if request["action"] == "write":
        keyring.set_password(SERVICE, name, request["value"])
        return keyring.get_password(SERVICE, name)
    keyring.delete_password(SERVICE, name)
    return True


if __name__ == "__main__":
    main()
