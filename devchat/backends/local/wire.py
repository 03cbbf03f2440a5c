"""Frames on the engine's socket: four bytes of length, then a JSON object.

Knows nothing of what the frames mean.
"""

from __future__ import annotations

import json
import socket
import struct
import sys
from typing import Any

PROTOCOL = 1
LARGEST = 64 << 20
"""The longest frame in bytes; nobody's memory is filled by a claim of length."""
Frame = dict[str, Any]


class WireError(Exception):
    """The other side sent something that is no frame."""


def encode(frame: Frame) -> bytes:
    """Make the bytes of a frame. Raises `WireError` if it is too long."""
    body = json.dumps(frame, separators=(",", ":")).encode()
    if len(body) > LARGEST:
        raise WireError(f"a frame of {len(body)} bytes")
    return struct.pack(">I", len(body)) + body


def receive(source: socket.socket) -> Frame | None:
    """Read one frame; `None` where the connection has ended. Raises `WireError`, `OSError`."""
    head = _read(source, 4)
    if head is None:
        return None
    size = int.from_bytes(head, "big")
    if size > LARGEST:
        raise WireError(f"a frame of {size} bytes")
    body = _read(source, size)
    return None if body is None else _decode(body)


def peer_uid(source: socket.socket) -> int:
    """Ask the kernel which user is at the other end of a Unix socket."""
    if sys.platform == "darwin":
        # struct xucred of <sys/ucred.h>: a version, then the user; SOL_LOCAL is 0.
        return int(struct.unpack("II", source.getsockopt(0, 1, 8))[1])
    credentials = source.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    return int(struct.unpack("3i", credentials)[1])


def _read(source: socket.socket, size: int) -> bytes | None:
    data = bytearray()
    while len(data) < size:
        piece = source.recv(min(size - len(data), 1 << 20))
        if not piece:
            return None
        data += piece
    return bytes(data)


def _decode(body: bytes) -> Frame:
    try:
        frame = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise WireError("not JSON") from error
    if not isinstance(frame, dict):
        raise WireError("not an object")
    return frame
