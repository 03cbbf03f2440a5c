"""Try the App on this machine: `python -m tests.fakes.github FOLDER [BASE HEAD]`.

Serves a GitHub with one pull: docs/demo.patch, or the change between two commits of the repository
that you stand in. Writes what `devchat-bot serve` needs into FOLDER/env, tells it of the pull once
it listens, and prints what it writes onto the pull. Stays until Ctrl-C.
"""

from __future__ import annotations

import argparse
import json
import shlex
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from devchat.process.interrupts import interruptible
from tests.fakes.github import GitHub, Pull, Repository

HOOK = "http://127.0.0.1:8000/api/github/webhooks"
PATCH = Path(__file__).parent.parent.parent.parent / "docs" / "demo.patch"


def main() -> int:
    """Serve one pull, and show what becomes of it."""
    wish = _parser().parse_args()
    _make_room(wish.folder)
    with GitHub(wish.folder, port=wish.port) as hub:
        commits = (wish.base, wish.head) if wish.base else None
        pull = begin(hub, wish.name, commits, Path.cwd())
        _write_environ(hub, wish.folder, wish.hook)
        _say(f'GitHub is at {hub.url}, with the pull {wish.name}#{pull.number}: "{pull.title}".')
        _say(
            f"Now, elsewhere: set -a; . {shlex.quote(str(wish.folder / 'env'))}; devchat-bot serve"
        )
        _wait_for(wish.hook)
        hub.hook = wish.hook
        told = hub.tell(pull, "opened")
        _say(f"\ndelivered: pull_request opened, answered {told and told.status_code}")
        for line in _news(pull):
            _say(line)
        _say(f"\nStill here, until Ctrl-C: try devchat-bot status, and {wish.name}#1 with review.")
        hub.closing.wait()
    return 0


def _say(text: str) -> None:
    print(text, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.fakes.github",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", type=lambda text: Path(text).absolute())
    parser.add_argument("base", nargs="?", help="the commit that the pull begins at")
    parser.add_argument("head", nargs="?", default="HEAD", help="the commit that it ends at")
    parser.add_argument("--name", default="octo/app", help="the repository's name")
    parser.add_argument("--port", type=int, default=0, help="where the fake listens")
    parser.add_argument("--hook", default=HOOK, help="where devchat-bot listens")
    return parser


def _make_room(folder: Path) -> None:
    """Begin anew where an earlier call was; touch no other folder that is in use."""
    if not (folder / "env").exists() and folder.is_dir() and any(folder.iterdir()):
        raise SystemExit(f"error: {folder} holds something else; name a folder that is not there")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in ("github", "data"):
        shutil.rmtree(folder / name, ignore_errors=True)


def begin(hub: GitHub, name: str, commits: tuple[str, str] | None, here: Path) -> Pull:
    """Make a repository with one pull: between two commits of the one that `here` lies in."""
    repository = hub.repository(name, {"README.md": "# A shop\n"})
    return _adopt(hub, repository, commits, here) if commits else _open(hub, repository)


def _open(hub: GitHub, repository: Repository) -> Pull:
    """Make a pull of docs/demo.patch."""
    patch = PATCH.read_bytes()
    title = patch.partition(b"Subject: [PATCH] ")[2].partition(b"\n")[0].decode()
    head = repository.git.apply("refs/heads/demo", patch, "refs/heads/main")
    return _pull_at(hub, repository, head, title)


def _adopt(hub: GitHub, repository: Repository, commits: tuple[str, str], here: Path) -> Pull:
    names = [f"{one}^{{commit}}" for one in commits]
    command = ["git", "-C", str(here), "rev-parse", "--absolute-git-dir", *names]
    ours = subprocess.run(command, capture_output=True, text=True, check=False)
    if ours.returncode:
        raise SystemExit(f"error: no commits `{commits[0]}` and `{commits[1]}` in this repository")
    folder, base, head = ours.stdout.split("\n")[:3]
    git = repository.git
    git.run("fetch", "--quiet", "--no-tags", folder, base, head)
    git.set("refs/heads/main", base)
    title = git.run("log", "-1", "--format=%s", head).decode("utf-8", "replace").strip()
    return _pull_at(hub, repository, head, title)


def _pull_at(hub: GitHub, repository: Repository, head: str, title: str) -> Pull:
    pull = hub.open_pull(repository, {}, title=title)
    repository.git.set(f"refs/pull/{pull.number}/head", head)
    pull.head = head
    return pull


def _write_environ(hub: GitHub, folder: Path, hook: str) -> None:
    values = {
        "DEVCHAT_GITHUB_APP_ID": str(hub.app_id),
        "DEVCHAT_GITHUB_PRIVATE_KEY_PATH": str(folder / "app.pem"),
        "DEVCHAT_GITHUB_WEBHOOK_SECRET": hub.secret,
        "DEVCHAT_GITHUB_API_URL": hub.url,
        "DEVCHAT_PORT": str(urlsplit(hook).port),
        "DEVCHAT_DATA_DIR": str(folder / "data"),
    }
    lines = [f"{name}={shlex.quote(value)}\n" for name, value in values.items()]
    for name, text in (("app.pem", hub.private_key), ("env", "".join(lines))):
        (folder / name).touch(0o600)
        (folder / name).write_text(text)


def _wait_for(hook: str) -> None:
    """Wait for a devchat-bot that takes deliveries; whatever else listens there gets none."""
    url = urlsplit(hook)._replace(path="/readyz").geturl()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while True:
        try:
            with opener.open(url, timeout=5) as answer:
                if json.load(answer).get("ok"):
                    return
        except (OSError, ValueError, AttributeError):
            pass
        time.sleep(0.2)


def _news(pull: Pull) -> Iterator[str]:
    """Yield what is written on a pull, until its check is completed."""
    shown = 0
    while True:
        checks = list(pull.repository.checks)
        for state in (checks[-1].history if checks else [])[shown:]:
            shown += 1
            yield f"check: {' · '.join(str(one) for one in state if one)}"
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
    sys.exit(interruptible(main))
