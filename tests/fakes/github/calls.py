"""A request as it came, the answer to it, and pages."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from tests.fakes.github.access import Access
from tests.fakes.github.refusal import not_found
from tests.fakes.github.state import Pull, Repository, State, Token

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """A request that may be answered: `found` are the named parts of its path.

    `token` is None where the App itself asks.
    """

    state: State
    access: Access
    url: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any
    found: Mapping[str, str]
    token: Token | None = None
    repository: Repository | None = None

    @property
    def here(self) -> Repository:
        """The repository that is asked about."""
        assert self.repository is not None
        return self.repository

    @property
    def pull(self) -> Pull:
        """The pull that is asked about."""
        found = self.here.pulls.get(int(self.found["number"]))
        if found is None:
            raise not_found()
        return found


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: JSON, or bytes of a kind of their own."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def bytes(self) -> bytes:
        """Return the body as it is sent."""
        if isinstance(self.body, bytes):
            return self.body
        return b"" if self.body is None else json.dumps(self.body).encode()


@dataclass(frozen=True, slots=True)
class Route:
    """What answers a method at a path; `need` is a permission, "app", or "" for any token."""

    method: str
    path: re.Pattern[str]
    need: str
    answer: Callable[[Call], Reply]
    makes_content: bool = False


def route(
    method: str, path: str, need: str, answer: Callable[[Call], Reply], makes_content: bool = False
) -> Route:
    """Write a route with a path like `/repos/{repo}/pulls/{number}`."""
    kinds = {"repo": r"[^/]+/[^/]+", "number": r"\d+", "id": r"\d+", "path": ".+"}
    pattern = re.sub(r"{(\w+)}", lambda one: f"(?P<{one[1]}>{kinds.get(one[1], '[^/]+')})", path)
    return Route(method, re.compile(pattern), need, answer, makes_content)


def paged(call: Call, rows: Sequence[Any]) -> tuple[list[Any], dict[str, str]]:
    """Cut a page out of rows, thirty by default and a hundred at most, with its Link header."""
    size = min(int(call.query.get("per_page", 30)), 100)
    page = int(call.query.get("page", 1))
    shown = list(rows[(page - 1) * size : page * size])
    if page * size >= len(rows):
        return shown, {}
    following = urlencode({**call.query, "page": page + 1})
    return shown, {"link": f'<{call.url}{call.path}?{following}>; rel="next"'}
