"""Try the App on this machine: `python -m tests.fakes.github FOLDER [BASE HEAD]`.

Serves the fake with one pull, the change between two commits of this repository (HEAD~1 and HEAD
where none are named), writes what `devchat-bot serve` needs into FOLDER/env, tells it of the pull
once it listens, and prints what it writes, until the check is completed.
"""

from __future__ import annotations

import argparse
import shlex
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from tests.fakes.github import GitHub, Pull, Repository

HOOK = "http://127.0.0.1:8000/api/github/webhooks"


def main() -> None:
    """Serve one pull until its check is completed."""
    wish = _parser().parse_args()
    wish.folder.mkdir(parents=True, exist_ok=True)
    with GitHub(wish.folder, port=wish.port) as hub:
        repository = hub.repository(wish.name, {})
        pull = _adopt(hub, repository, wish.base, wish.head)
        _write_environ(hub, wish.folder, wish.hook)
        print(f"GitHub is at {hub.url}, with the pull {wish.name}#{pull.number}.", flush=True)
        print(f"Now, elsewhere: set -a; . {wish.folder}/env; devchat-bot serve", flush=True)
        _wait_for(wish.hook)
        hub.hook = wish.hook
        told = hub.tell(pull, "opened")
        print(f"delivered: pull_request opened, answered {told and told.status_code}", flush=True)
        for line in _news(pull):
            print(line, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.fakes.github", description=__doc__)
    parser.add_argument("folder", type=lambda text: Path(text).absolute())
    parser.add_argument("base", nargs="?", default="HEAD~1")
    parser.add_argument("head", nargs="?", default="HEAD")
    parser.add_argument("--name", default="octo/app", help="the repository's name")
    parser.add_argument("--port", type=int, default=0, help="where the fake listens")
    parser.add_argument("--hook", default=HOOK, help="where devchat-bot listens")
    return parser


def _adopt(hub: GitHub, repository: Repository, base: str, head: str) -> Pull:
    """Make a pull of the change between two commits of the repository that we stand in."""
    ours = subprocess.run(
        ["git", "rev-parse", "--absolute-git-dir", f"{base}^{{commit}}", f"{head}^{{commit}}"],
        capture_output=True,
        text=True,
        check=False,
    )
    if ours.returncode:
        raise SystemExit(f"error: no commits `{base}` and `{head}` in this folder's repository")
    folder, *commits = ours.stdout.split("\n")[:3]
    git = repository.git
    git.run("fetch", "--quiet", "--no-tags", folder, *commits)
    git.set("refs/heads/main", commits[0])
    title = git.run("log", "-1", "--format=%s", commits[1]).decode("utf-8", "replace").strip()
    pull = hub.open_pull(repository, {}, title=title)
    git.set(f"refs/pull/{pull.number}/head", commits[1])
    pull.head = commits[1]
    return pull


def _write_environ(hub: GitHub, folder: Path, hook: str) -> None:
    key = folder / "app.pem"
    key.touch(0o600)
    key.write_text(hub.private_key)
    values = {
        "DEVCHAT_GITHUB_APP_ID": str(hub.app_id),
        "DEVCHAT_GITHUB_PRIVATE_KEY_PATH": str(key),
        "DEVCHAT_GITHUB_WEBHOOK_SECRET": hub.secret,
        "DEVCHAT_GITHUB_API_URL": hub.url,
        "DEVCHAT_PORT": str(urlsplit(hook).port),
        "DEVCHAT_DATA_DIR": str(folder / "data"),
    }
    lines = [f"{name}={shlex.quote(value)}\n" for name, value in values.items()]
    (folder / "env").write_text("".join(lines))


def _wait_for(hook: str) -> None:
    url = urlsplit(hook)
    while True:
        try:
            socket.create_connection((url.hostname or "", url.port or 80), 1).close()
            return
        except OSError:
            time.sleep(0.2)


def _news(pull: Pull) -> Iterator[str]:
    """Yield what is written on a pull, until its check is completed."""
    shown = 0
    while True:
        checks = list(pull.repository.checks)
        for state in (checks[-1].history if checks else [])[shown:]:
            shown += 1
            yield f"check: {' '.join(str(one) for one in state if one)}"
        if checks and checks[-1].status == "completed":
            break
        time.sleep(0.1)
    for review in pull.reviews:
        yield f"\nreview of {review.commit[:12]}:\n{review.body}"
        for one in review.comments:
            yield f"\n{one['path']}:{one['line']} ({one['side']}):\n{one['body']}"
    for comment in pull.comments:
        yield f"\ncomment:\n{comment.body}"
    yield f"\ncheck's summary:\n{checks[-1].summary}"


if __name__ == "__main__":
    main()
