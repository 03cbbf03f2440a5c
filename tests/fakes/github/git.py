"""Real git repositories behind the fake: commits, diffs, files, and fetching over HTTP."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

Files = Mapping[str, "str | bytes | None"]
"""What a commit changes: contents by path, None for a file that goes."""
_ENVIRON = {
    "PATH": os.environ.get("PATH", os.defpath),
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "LC_ALL": "C",
}
_SETTINGS = ("-c", "core.quotePath=true", "-c", "safe.directory=*")


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of a diff: its letter as git has it (A, D, M, R, C, T) and its part of the text."""

    letter: str
    path: str
    old_path: str
    blob: str
    text: bytes

    @property
    def patch(self) -> bytes | None:
        """The hunks alone; None where there are none (binary, renamed only)."""
        start = self.text.find(b"\n@@ ")
        return None if start < 0 else self.text[start + 1 :].removesuffix(b"\n")

    def counts(self) -> tuple[int, int]:
        """Count lines added and removed."""
        lines = (self.patch or b"").split(b"\n")
        return sum(one[:1] == b"+" for one in lines), sum(one[:1] == b"-" for one in lines)


@dataclass(frozen=True, slots=True)
class Bare:
    """One bare repository."""

    folder: Path

    @classmethod
    def make(cls, folder: Path) -> Bare:
        """Make an empty repository that hands out any commit by name, as GitHub does."""
        folder.mkdir(parents=True)
        bare = cls(folder)
        bare.run("init", "--quiet", "--bare", "--initial-branch=main")
        with (folder / "config").open("a") as config:
            config.write("[uploadpack]\n\tallowAnySHA1InWant = true\n\tallowFilter = true\n")
        return bare

    def run(self, *arguments: str, stdin: bytes = b"") -> bytes:
        """Run git here and return what it prints."""
        return subprocess.run(
            ["git", *_SETTINGS, "-C", str(self.folder), *arguments],
            input=stdin,
            capture_output=True,
            check=True,
            env=_ENVIRON,
        ).stdout

    def commit(self, ref: str, files: Files, parent: str = "") -> str:
        """Commit onto a ref and return the commit's name; `parent` "" begins a history."""
        lines = [f"commit {ref}\ncommitter Mona <mona@github.example> 1700000000 +0000\n".encode()]
        lines.append(b"data 6\nchange\n")
        lines += [f"from {parent}\n".encode()] if parent else []
        for path, content in files.items():
            lines.append(_change(path, content))
        if not parent:
            self.run("update-ref", "-d", ref)
        self.run("fast-import", "--quiet", "--force", stdin=b"".join(lines) + b"\n")
        return self.resolve(ref)

    def apply(self, ref: str, patch: bytes, parent: str) -> str:
        """Commit a patch onto a ref and return the commit's name."""
        mona = ("-c", "user.name=Mona", "-c", "user.email=mona@github.example")
        self.run("read-tree", parent)
        self.run("apply", "--cached", "-", stdin=patch)
        tree = self.run("write-tree").decode().strip()
        commit = self.run(*mona, "commit-tree", "-p", parent, "-m", "change", tree).decode().strip()
        self.set(ref, commit)
        return commit

    def resolve(self, revision: str) -> str:
        """Return a commit's whole name, "" where there is none."""
        loose = self.folder / revision
        if revision.startswith("refs/") and loose.is_file():
            return loose.read_text().strip()
        try:
            name = self.run("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
        except subprocess.CalledProcessError:
            return ""
        return name.decode().strip()

    def set(self, ref: str, commit: str) -> None:
        """Point a ref at a commit."""
        self.run("update-ref", ref, commit)

    def commits(self, base: str, head: str) -> list[str]:
        """List the commits that a pull brings."""
        return _once(self, "rev-list", f"{base}..{head}").decode().split()

    def diff(self, base: str, head: str) -> bytes:
        """Return the diff from where both parted to the head."""
        return _once(self, "diff", "--find-renames", f"{base}...{head}")

    def entries(self, base: str, head: str) -> list[Entry]:
        """List the files of such a diff."""
        raw = _once(
            self, "diff", "--find-renames", "--raw", "-z", "--no-abbrev", f"{base}...{head}"
        )
        fields = iter(raw.split(b"\0"))
        texts = iter(_sections(self.diff(base, head)))
        found = []
        for field in fields:
            if field:
                *_, blob, letter = field.decode().split(" ")
                old = _name(next(fields))
                path = _name(next(fields)) if letter[0] in "RC" else old
                found.append(Entry(letter[0], path, old, blob, next(texts)))
        return found

    def look(self, revision: str, path: str) -> tuple[str, str]:
        """Return the mode and the name of what is at a path; ("", "") where nothing is."""
        raw = self.run("--literal-pathspecs", "ls-tree", "-z", revision, "--", path)
        if not raw:
            return "", ""
        mode, _, name = raw.split(b"\t")[0].decode().split(" ")
        return mode, name

    def blob(self, name: str) -> bytes:
        """Return a blob's bytes."""
        return self.run("cat-file", "blob", name)


@cache
def _once(bare: Bare, *arguments: str) -> bytes:
    """Run git where the answer is always the same: commits never change."""
    return bare.run(*arguments)


def _change(path: str, content: str | bytes | None) -> bytes:
    name = path.encode("utf-8", "surrogateescape")
    name = b'"' + name.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n") + b'"'
    if content is None:
        return b"D " + name + b"\n"
    data = content.encode() if isinstance(content, str) else content
    return b"M 644 inline " + name + b"\ndata %d\n" % len(data) + data + b"\n"


def _sections(diff: bytes) -> list[bytes]:
    start = b"diff --git "
    return [start + one for one in (b"\n" + diff).split(b"\n" + start)[1:]]


def _name(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def serve(
    root: Path, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes
) -> tuple[int, dict[str, str], bytes]:
    """Answer a request of git's by `git http-backend`."""
    environ = _ENVIRON | {
        "GIT_PROJECT_ROOT": str(root),
        "GIT_HTTP_EXPORT_ALL": "1",
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "safe.directory",
        "GIT_CONFIG_VALUE_0": "*",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "REQUEST_METHOD": method,
        "CONTENT_TYPE": headers.get("content-type", ""),
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_CONTENT_ENCODING": headers.get("content-encoding", ""),
        "GIT_PROTOCOL": headers.get("git-protocol", ""),
    }
    done = subprocess.run(
        ["git", "http-backend"], input=body, capture_output=True, check=False, env=environ
    )
    head, _, content = done.stdout.partition(b"\r\n\r\n")
    fields = dict(line.split(": ", 1) for line in head.decode("latin-1").split("\r\n") if line)
    status = int(fields.pop("Status", "200").split()[0])
    return status, {name.lower(): value for name, value in fields.items()}, content
