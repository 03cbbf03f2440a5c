"""Answer several requests side by side.

In daemon threads, not an executor's: an executor joins its threads when Python exits, so one
silent service would keep an interrupted process alive until its timeout.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from queue import SimpleQueue

from devchat.errors import DevchatError
from devchat.types import Chunk, Completion, Request

Stream = Callable[[Request], Generator[Chunk | Completion, None, None]]
Result = tuple[int, Completion | BaseException]


def answer_many(
    stream: Stream, requests: Sequence[Request], most: int = 8
) -> Iterator[tuple[int, Completion | DevchatError]]:
    """Yield (index, answer or error) as they finish, `most` asked at a time.

    Closing the iterator stops the rest.
    """
    work = iter(enumerate(requests))
    taking = threading.Lock()
    stopped = threading.Event()
    results: SimpleQueue[Result] = SimpleQueue()

    def labour() -> None:
        while not stopped.is_set():
            with taking:
                index, request = next(work, (-1, None))
            if request is None:
                return
            result: Completion | BaseException = RuntimeError("a worker died; see above")
            try:
                result = _answer(stream, request, stopped)
            finally:  # whatever happens, someone waits for this index
                results.put((index, result))

    for _ in range(min(most, len(requests))):
        threading.Thread(target=labour, name="devchat-many", daemon=True).start()
    try:
        for _ in requests:
            index, result = results.get()
            if not isinstance(result, Completion | DevchatError):
                raise result
            yield index, result
    finally:
        stopped.set()


def _answer(
    stream: Stream, request: Request, stopped: threading.Event
) -> Completion | BaseException:
    try:
        with closing(stream(request)) as items:
            for item in items:
                if isinstance(item, Completion):
                    return item
                if stopped.is_set():
                    break
    except DevchatError as error:
        return error
    return InterruptedError("stopped")
