"""Reading a pull: `Pulls` with a token that can read one repository and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

from bot.errors import GoneError
from bot.forge import FilePatch, Origin, Pull, PullRef
from bot.github.addresses import at, clone_address, of_file
from bot.github.connection import Connection
from bot.github.reading import read_content, read_files, read_merge_base, read_pull
from bot.github.tokens import Scope, Tokens

MAY = (("contents", "read"), ("pull_requests", "read"))
_FILE_PAGES = 30
"""GitHub lists 3,000 files of a pull at most."""
_DIFF = "application/vnd.github.diff"
_RAW = "application/vnd.github.raw+json"
_LARGEST = 10 << 20


class GitHubPulls:
    """Reads pulls and files of one repository."""

    def __init__(self, address: str, connection: Connection, tokens: Tokens, scope: Scope) -> None:
        self._address, self._connection = address, connection
        self._tokens, self._scope = tokens, scope

    def pull(self, ref: PullRef) -> Pull:
        """Return a pull as it is now."""
        return self._connection.get(_pull(ref), read_pull(ref.repository))

    def diff(self, ref: PullRef) -> str:
        """Return the diff between merge base and head (surrogateescape).

        Raises `TooLargeError` past 20,000 lines, 1 MB or 300 files.
        """
        return self._connection.raw(_pull(ref), _DIFF).decode("utf-8", "surrogateescape")

    def files(self, ref: PullRef) -> Iterator[FilePatch]:
        """Yield the files of a pull; GitHub stops after 3,000."""
        return self._connection.pages(f"{_pull(ref)}/files", read_files, _FILE_PAGES)

    def content(self, repository: str, path: str, revision: str) -> bytes | None:
        """Return a file; None where it is not there, is no file, or is larger than 10 MB."""
        name = of_file(path)
        if name is None:
            return None
        place = f"{at(repository, 'contents')}/{name}"
        try:
            found = self._connection.get(place, read_content, ref=revision)
            if found is None or found.size > _LARGEST:
                return None
            if found.data is not None:
                return found.data
            return self._connection.raw(place, _RAW, ref=revision)  # beyond 1 MB
        except GoneError:
            return None

    def merge_base(self, repository: str, base: str, head: str) -> str:
        """Return the commit that a pull's diff begins at: where base and head parted."""
        # The second page, for only the first lists files.
        place = at(repository, "compare", f"{base}...{head}")
        return self._connection.get(place, read_merge_base, per_page=1, page=2)

    def origin(self, repository: str) -> Origin:
        """Return where to fetch from, and a token: `x-access-token`'s password (Basic)."""
        token = self._tokens.token(self._scope)
        return Origin(clone_address(self._address, repository), token.text)


def _pull(ref: PullRef) -> str:
    return at(ref.repository, "pulls", ref.number)
