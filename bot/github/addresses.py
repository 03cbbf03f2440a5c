"""Where GitHub is: its API, its repositories, and the paths of both. Pure."""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

from bot.errors import GoneError
from devchat.sanitize import single_line

_REPOSITORY = re.compile(r"[A-Za-z0-9][\w-]*/(?!\.{1,2}$)[\w.-]+", re.ASCII)


def clone_address(api_url: str, repository: str) -> str:
    """Return the address that git fetches a repository from."""
    url = urlsplit(api_url)
    host = url.netloc.removeprefix("api.") if not url.path else url.netloc
    return f"{url.scheme}://{host}/{checked(repository)}.git"


def checked(repository: str) -> str:
    """Return "owner/name" as it is. Raises `GoneError` where no repository can be called so."""
    if not _REPOSITORY.fullmatch(repository):
        raise GoneError(f"no repository can be called `{single_line(repository)}`")
    return repository


def at(repository: str, *rest: str | int) -> str:
    """Return the path of something of a repository, each part quoted."""
    parts = "/".join(quote(str(one), safe="") for one in rest)
    return f"/repos/{checked(repository)}/{parts}" if parts else f"/repos/{checked(repository)}"


def of_file(path: str) -> str | None:
    """Quote a file's path (surrogateescape); None where it would leave the repository."""
    if any(part in ("", ".", "..") for part in path.split("/")):
        return None
    return quote(path.encode("utf-8", "surrogateescape"), safe="/")
