"""A GitHub with state, over real HTTP on loopback, that holds requests to GitHub's own rules.

Requests are checked, and answers and webhooks built, by the models that `githubkit` generates from
GitHub's OpenAPI description; diffs, files and fetches come from real git repositories. Anything
that it does not know is a 404. `hub.fail(...)` makes it fail.
"""

from __future__ import annotations

import threading
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.fakes.github import hooks
from tests.fakes.github.access import Access
from tests.fakes.github.faults import Fault, Faults, Kind
from tests.fakes.github.git import Bare, Files
from tests.fakes.github.server import Seen, Server
from tests.fakes.github.state import (
    Attempt,
    CheckRun,
    Comment,
    Installation,
    Pull,
    Repository,
    Review,
    State,
)

__all__ = [
    "Attempt",
    "CheckRun",
    "Comment",
    "GitHub",
    "Installation",
    "Pull",
    "Repository",
    "Review",
    "Seen",
]

APP_ID = 4242
PERMISSIONS = {"checks": "write", "contents": "read", "metadata": "read", "pull_requests": "write"}


@cache
def new_key() -> tuple[str, str]:
    """Make a key pair in PEM form, once a process."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private.decode(), public.decode()


class GitHub:
    """The fake; a context manager. `hook` is where deliveries go ("": nowhere)."""

    def __init__(self, folder: Path, *, port: int = 0, hook: str = "") -> None:
        self.app_id, self.secret = APP_ID, "a secret of the hook"
        self.private_key, public_key = new_key()
        self.root = folder / "github"
        self.state = State(APP_ID, "devchat", dict(PERMISSIONS), hook=hook)
        self.access = Access(self.state, public_key)
        self.faults = Faults()
        self.requests: list[Seen] = []
        self.lock = threading.RLock()
        self.closing = threading.Event()
        self._server = Server(self, port)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def hook(self) -> str:
        """Where deliveries go."""
        return self.state.hook

    @hook.setter
    def hook(self, address: str) -> None:
        self.state.hook = address

    def __enter__(self) -> GitHub:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        if self._server.broken and error is None:
            raise self._server.broken[0]

    def repository(self, name: str, files: Files, *, installation: int = 11) -> Repository:
        """Make a repository "owner/name" with files on its default branch."""
        owner = name.partition("/")[0]
        with self.lock:
            account = self.state.installations.setdefault(
                installation, Installation(installation, owner, dict(self.state.permissions))
            )
            bare = Bare.make(self.root / f"{name.lower()}.git")
            bare.commit("refs/heads/main", files)
            made = Repository(next(self.state.ids), name, account, bare)
            self.state.repositories[name.lower()] = made
        return made

    def open_pull(
        self,
        repository: Repository,
        files: Files,
        *,
        title: str = "A change",
        body: str = "",
        author: str = "mona",
        draft: bool = False,
        fork: str | None = None,
        labels: tuple[str, ...] = (),
    ) -> Pull:
        """Open a pull that changes files, and deliver that; `fork` "" is one deleted since."""
        number = len(repository.pulls) + 1
        base = repository.git.resolve("refs/heads/main")
        head = repository.git.commit(f"refs/pull/{number}/head", files, base)
        made = Pull(
            repository,
            number,
            title,
            body,
            author,
            "main",
            f"change-{number}",
            head,
            repository.name if fork is None else fork,
            draft,
            labels=list(labels),
        )
        repository.pulls[number] = made
        self.tell(made, "opened")
        return made

    def push(self, pull: Pull, files: Files) -> str:
        """Push a commit onto a pull and deliver that; return the new head."""
        before = pull.head
        pull.head = pull.repository.git.commit(f"refs/pull/{pull.number}/head", files, pull.head)
        self.tell(pull, "synchronize", before=before, after=pull.head)
        return pull.head

    def commit(self, repository: Repository, files: Files) -> str:
        """Commit onto the default branch."""
        ref = f"refs/heads/{repository.default_branch}"
        return repository.git.commit(ref, files, repository.git.resolve(ref))

    def close(self, pull: Pull) -> None:
        """Close a pull and deliver that."""
        pull.state = "closed"
        self.tell(pull, "closed")

    def label(self, pull: Pull, name: str) -> None:
        """Label a pull and deliver that."""
        from tests.fakes.github import values

        pull.labels.append(name)
        self.tell(pull, "labeled", label=values.label(name))

    def tell(self, pull: Pull, action: str, sender: str = "", **fields: Any) -> Attempt | None:
        """Deliver a `pull_request` event."""
        payload = hooks.pull_event(action, pull, sender or pull.author, **fields)
        return self.deliver("pull_request", payload)

    def rerequest(self, pull: Pull, check: CheckRun, *, suite: bool = False) -> Attempt | None:
        """Deliver that somebody asked for a check (or its suite) again."""
        if suite:
            payload = hooks.suite_event("rerequested", check, pull, self.state, "mona")
            return self.deliver("check_suite", payload)
        payload = hooks.check_event("rerequested", check, pull, self.state, "mona")
        return self.deliver("check_run", payload)

    def deliver(self, event: str, payload: dict[str, Any]) -> Attempt | None:
        """Send a delivery to `hook` and keep it; None where there is no address."""
        if not self.hook:
            return None
        return self._send(hooks.prepare(self.state, event, payload, self.access.now()))

    def redeliver(self) -> int:
        """Send again what the App asked for, and return how many that were."""
        with self.lock:
            wanted, self.state.wanted[:] = list(self.state.wanted), []
        for one in wanted:
            self._send(hooks.again(self.state, one, self.access.now()))
        return len(wanted)

    def fail(self, match: str, kind: Kind, times: int = 1, **fields: Any) -> None:
        """Let requests fail whose "METHOD /path" the pattern finds (see `Fault`)."""
        self.faults.add(Fault(match, kind, times, **fields))

    def expire_tokens(self) -> None:
        """End all tokens that are out."""
        with self.lock:
            self.state.tokens.clear()

    def asked(self, match: str) -> list[Seen]:
        """List the requests whose "METHOD /path" begins so."""
        return [one for one in self.requests if f"{one.method} {one.path}".startswith(match)]

    def _send(self, attempt: Attempt) -> Attempt:
        hooks.send(attempt, self.hook, self.secret)
        with self.lock:
            self.state.attempts.append(attempt)
        return attempt
