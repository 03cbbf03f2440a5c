"""Git's name for a file's content, computed as git does. Pure."""

from __future__ import annotations

import hashlib
import re

HEXADECIMAL = re.compile(r"[0-9a-f]{4,64}")


def blob_id(data: bytes, hash_name: str = "sha1") -> str:
    """Return the id of a blob: https://git-scm.com/book/en/v2/Git-Internals-Git-Objects."""
    return hashlib.new(
        hash_name, b"blob %d\0" % len(data) + data, usedforsecurity=False
    ).hexdigest()


def stored(data: bytes, blob: str, hash_name: str) -> bytes | None:
    """Return what git stores of a file if it has this id (perhaps shortened), else None.

    A work tree may have CRLF where git stores LF (`core.autocrlf`, `text` in `.gitattributes`).
    """
    if not HEXADECIMAL.fullmatch(blob):
        return None
    for form in (data, data.replace(b"\r\n", b"\n")):
        if blob_id(form, hash_name).startswith(blob):
            return form
    return None
