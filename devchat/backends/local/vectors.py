"""The client's side of embedding: texts to the engine, a few hundred at a time, and rows back."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from devchat.backends.local.wire import Frame
from devchat.errors import AnswerError

if TYPE_CHECKING:
    from devchat.backends import Rows
    from devchat.backends.local.call import Call

AT_ONCE = 256
"""Texts of one request: no frame grows too long, however many there are."""


def embed(name: str, ask: Callable[[Frame], Call], texts: Sequence[str]) -> Rows:
    """Ask for the rows of texts, and make each of length 1; see `LocalBackend.embed`."""
    import numpy as np

    starts = range(0, len(texts), AT_ONCE) or (0,)
    rows = np.concatenate([_part(ask, texts[start : start + AT_ONCE], start) for start in starts])
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    bad = np.flatnonzero(~(np.isfinite(lengths) & (lengths > 0)))
    if bad.size:
        raise AnswerError(
            f"`{name}` gives numbers without a direction for `texts[{bad[0]}]`",
            "its file may be damaged: get it again",
        )
    rows /= lengths
    return rows


def _part(ask: Callable[[Frame], Call], texts: Sequence[str], first: int) -> Rows:
    import numpy as np

    rows = np.empty((len(texts), 0), np.float32)
    with ask({"op": "embed", "texts": list(texts), "first": first}) as call:
        for frame in call.frames():
            match frame:
                case {"width": int(width)}:
                    rows = np.empty((len(texts), width), np.float32)
                case {"rows": str(data), "at": int(start)}:
                    some = np.frombuffer(b64decode(data), np.float32).reshape(-1, rows.shape[1])
                    rows[start : start + len(some)] = some
                case {"done": _}:
                    break
    return rows
