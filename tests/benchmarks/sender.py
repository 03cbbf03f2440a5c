"""Sends deliveries at their times, as a process of its own: `PORT COUNT RATE` -> seconds of each.

Open loop: a delivery goes out when it is due, whatever became of the others, and its time counts
from then. All are signed before the first is sent. Writes JSON on standard output.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from uuid import uuid4

from bot.webhook import ROUTE
from tests.bot.payloads import pull_request
from tests.bot.programs import delivery_headers

BODY = json.dumps(pull_request("opened")).encode()
CONNECTIONS = 32
Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def send(port: int, count: int, rate: float) -> list[float]:
    """Send so many a second; return how long each waited for its 202."""
    requests = [_request() for _ in range(count)]
    free: asyncio.Queue[Line] = asyncio.Queue()
    for _ in range(CONNECTIONS):
        free.put_nowait(await asyncio.open_connection("127.0.0.1", port))
    start = time.perf_counter() + 0.2

    async def one(number: int) -> float:
        due = start + number / rate
        await asyncio.sleep(due - time.perf_counter())
        line = await free.get()
        await _exchange(line, requests[number])
        taken = time.perf_counter() - due
        free.put_nowait(line)
        return taken

    return await asyncio.gather(*map(one, range(count)))


async def _exchange(line: Line, request: bytes) -> None:
    reader, writer = line
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 202 "), head
    length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
    await reader.readexactly(int(length))


def _request() -> bytes:
    named = delivery_headers(BODY, "pull_request", str(uuid4()))
    named |= {"Host": "127.0.0.1", "Content-Length": str(len(BODY))}
    lines = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    return f"POST {ROUTE} HTTP/1.1\r\n{lines}\r\n".encode() + BODY


if __name__ == "__main__":
    port, count, rate = sys.argv[1:]
    json.dump(asyncio.run(send(int(port), int(count), float(rate))), sys.stdout)
